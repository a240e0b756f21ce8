/*
 * HTTP/1.1 requests from bytes (RFC 9112), without I/O. llhttp does the grammar, strictly; this
 * adds what it leaves open: sizes and counts, a bare CR in a head, Host, versions. One parser
 * serves one connection, request after request.
 */
#ifndef SIO_HTTP_PARSER_H
#define SIO_HTTP_PARSER_H

#include "http/request.h"

typedef struct sio_http_parser sio_http_parser;

typedef struct sio_http_parser_events {
  /* A whole head. Takes the request (one reference). False: stop here, nothing more is parsed until
   * sio_http_parser_resume. */
  bool (*on_head)(void *owner, sio_request *request);
  /* A piece of the body (borrows). */
  void (*on_body)(void *owner, sio_bytes piece);
  /* The request is complete. False as above. */
  bool (*on_complete)(void *owner);
} sio_http_parser_events;

typedef struct sio_http_limits {
  size_t max_header_size; /* bytes of a head; of chunk extensions; of trailers */
  unsigned max_headers;
} sio_http_limits;

sio_http_parser *sio_http_parser_new(const sio_http_limits *limits,
                                     const sio_http_parser_events *events,
                                     void *owner); /* borrows limits and events */
void sio_http_parser_free(sio_http_parser *parser);

/*
 * Parses until the bytes are used up, a callback says stop, or an upgrade's head is complete; *used
 * tells how far. Returns 0, or the status to refuse the request with (400, 413, 431, 505, ...): the
 * connection is of no use any more then. A head has begun when sio_http_parser_is_idle is false.
 */
int sio_http_parser_feed(sio_http_parser *parser, sio_bytes bytes, size_t *used);
void sio_http_parser_resume(sio_http_parser *parser);
bool sio_http_parser_is_idle(const sio_http_parser *parser); /* between two requests */

#endif
