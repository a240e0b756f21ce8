/* What the parser says of a text, written down: it must not depend on how the text was cut. */
#ifndef SPEC_UNIT_HTTP_TRANSCRIPT_H
#define SPEC_UNIT_HTTP_TRANSCRIPT_H

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "http/parser.h"

/* "<GET /path?query keep|name=value>" */
static inline void http_transcribe_head(const sio_request *request, sio_buf *out) {
  sio_buf_str(out, "<");
  sio_buf_add(out, request->method);
  sio_buf_str(out, " ");
  sio_buf_add(out, request->path);
  sio_buf_str(out, request->query.len > 0 ? "?" : "");
  sio_buf_add(out, request->query);
  sio_buf_str(out, request->keep_alive ? " keep" : " close");
  sio_buf_str(out, request->upgrade ? " upgrade" : "");
  for (unsigned i = 0; i < request->header_count; i++) {
    sio_buf_str(out, "|");
    sio_buf_add(out, request->headers[i].name);
    sio_buf_str(out, "=");
    sio_buf_add(out, request->headers[i].value);
  }
  sio_buf_str(out, ">");
}

/* Body as it is, "." for its end, "!400" for a refusal. False: nothing more will be said. */
static inline bool http_transcribe_piece(sio_http_parser *parser, sio_bytes in, sio_buf *out) {
  for (;;) {
    sio_http_event event = sio_http_parser_next(parser, &in);
    switch (event.type) {
    case SIO_HTTP_MORE:
      if (in.len > 0)
        abort();
      return true;
    case SIO_HTTP_HEAD:
      http_transcribe_head(event.request, out);
      sio_request_unref(event.request);
      break;
    case SIO_HTTP_BODY:
      sio_buf_add(out, event.body);
      break;
    case SIO_HTTP_END:
      sio_buf_str(out, ".");
      break;
    case SIO_HTTP_REFUSED:
      sio_buf_str(out, "!");
      sio_buf_u64(out, (unsigned)event.status);
      return false;
    }
  }
}

/*
 * The text in two parts: up to split, and from there in pieces of that size. Each piece is a block
 * of its own, for the sanitizer to guard. "..." at the end: inside of a request.
 */
static inline void http_transcribe(const sio_http_limits *limits, sio_bytes text, size_t split,
                                   size_t size, sio_buf *out) {
  sio_http_parser *parser = sio_http_parser_new(limits, SIO_BYTES("::1"));
  bool goes_on = true;
  for (size_t at = 0, n; goes_on && at < text.len; at += n) {
    n = at < split ? split - at : size;
    n = n < text.len - at ? n : text.len - at;
    char *copy = malloc(n);
    memcpy(copy, text.base + at, n);
    goes_on = http_transcribe_piece(parser, sio_bytes_of(copy, n), out);
    free(copy);
  }
  if (goes_on && !sio_http_parser_is_idle(parser))
    sio_buf_str(out, "...");
  sio_http_parser_free(parser);
}

#endif
