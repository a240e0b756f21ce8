#include "http/parser.h"

#include <llhttp.h>

#include "base/alloc.h"
#include "base/error.h"
#include "http/head.h"
#include "http/token.h"

/*
 * Everything but the data of a body consists of lines. llhttp is given one line (or what came of
 * it) at a time, after this file has looked at it, and exactly the announced data after that. So an
 * event always falls on the end of what llhttp was given, and is reported when llhttp has returned:
 * no caller ever runs inside of it.
 */
struct sio_http_parser {
  llhttp_t llhttp;
  const sio_http_limits *limits;
  sio_bytes remote_address;
  sio_head head;
  sio_bytes piece; /* of the body, from the last step */
  uint64_t data;   /* bytes of body that come before the next line */
  size_t octets;   /* of lines, as far as they count against the limit */
  size_t line;     /* octets of the current line so far */
  unsigned lines;  /* complete ones of the head */
  int status;      /* not 0: refused */
  bool cr;         /* the last octet was CR */
  bool in_body;    /* the head is complete, the body is not */
  bool is_chunk;   /* data is that of a chunk, and its line end is to come */
  bool has_head;   /* since the last step */
  bool keeps_alive;
  bool is_complete;
};

enum { CHUNK_OCTETS = 16 }; /* framing of a chunk that counts as data: its size and line ends */

static sio_http_parser *parser_of(llhttp_t *llhttp) {
  return llhttp->data;
}

static int refuse(sio_http_parser *parser, int status) {
  if (parser->status == 0)
    parser->status = status;
  return -1;
}

static int keep(sio_http_parser *parser, int err) {
  return err == 0 ? 0 : refuse(parser, err == SIO_ENOMEM ? 503 : 400);
}

/* --- what llhttp calls; header callbacks come for trailers too, which are dropped --- */

static int on_text(llhttp_t *llhttp, const char *at, size_t len) {
  sio_http_parser *parser = parser_of(llhttp);
  return parser->in_body ? 0 : keep(parser, sio_head_add(&parser->head, sio_bytes_of(at, len)));
}

static int on_name(llhttp_t *llhttp, const char *at, size_t len) {
  sio_http_parser *parser = parser_of(llhttp);
  sio_bytes name = sio_bytes_of(at, len);
  if (parser->in_body)
    return len == 0 || sio_token_is_valid(name) ? 0 : refuse(parser, 400);
  return keep(parser, sio_head_add_name(&parser->head, name));
}

static int on_text_end(llhttp_t *llhttp) {
  sio_http_parser *parser = parser_of(llhttp);
  return parser->in_body ? 0 : keep(parser, sio_head_end(&parser->head));
}

static int on_value_end(llhttp_t *llhttp) {
  sio_http_parser *parser = parser_of(llhttp);
  if (!parser->in_body)
    sio_head_trim(&parser->head);
  return on_text_end(llhttp);
}

/* llhttp forgets the flags when a request is complete, which may be in the same step. */
static int on_headers_complete(llhttp_t *llhttp) {
  sio_http_parser *parser = parser_of(llhttp);
  parser->has_head = true;
  parser->keeps_alive = llhttp_should_keep_alive(llhttp) != 0;
  return 0;
}

static int on_chunk_header(llhttp_t *llhttp) {
  sio_http_parser *parser = parser_of(llhttp);
  parser->data = llhttp->content_length;
  parser->is_chunk = parser->data > 0;
  parser->octets -= parser->octets < CHUNK_OCTETS ? parser->octets : CHUNK_OCTETS;
  return 0;
}

static int on_body(llhttp_t *llhttp, const char *at, size_t len) {
  parser_of(llhttp)->piece = sio_bytes_of(at, len);
  return 0;
}

static int on_message_complete(llhttp_t *llhttp) {
  parser_of(llhttp)->is_complete = true;
  return 0;
}

static const llhttp_settings_t settings = {
    .on_url = on_text,
    .on_url_complete = on_text_end,
    .on_header_field = on_name,
    .on_header_field_complete = on_text_end,
    .on_header_value = on_text,
    .on_header_value_complete = on_value_end,
    .on_headers_complete = on_headers_complete,
    .on_chunk_header = on_chunk_header,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

sio_http_parser *sio_http_parser_new(const sio_http_limits *limits, sio_bytes remote_address) {
  sio_http_parser *parser = sio_calloc(1, sizeof(*parser));
  if (parser == NULL)
    return NULL;
  llhttp_init(&parser->llhttp, HTTP_REQUEST, &settings);
  parser->llhttp.data = parser;
  parser->limits = limits;
  parser->remote_address = remote_address;
  return parser;
}

void sio_http_parser_free(sio_http_parser *parser) {
  if (parser == NULL)
    return;
  sio_head_deinit(&parser->head);
  sio_free(parser);
}

bool sio_http_parser_is_idle(const sio_http_parser *parser) {
  return !parser->in_body && parser->octets == 0;
}

/* --- lines --- */

/* The first octet of a line that breaks a rule, and the answer to it. */
typedef struct fault {
  size_t at;
  int status;
} fault;

static void find(fault *first, size_t at, int status) {
  if (at < first->at)
    *first = (fault){at, status};
}

static int status_of_size(const sio_http_parser *parser) {
  return parser->in_body && (parser->llhttp.flags & F_TRAILING) == 0 ? 413 : 431;
}

/* CR and LF come only together, and at the end (a bare CR is how CVE-2025-23167 got in). */
static void check_line_end(const sio_http_parser *parser, sio_bytes text, fault *first) {
  size_t last = text.len - 1;
  const char *cr = memchr(text.base, '\r', text.len);
  size_t at = cr != NULL ? (size_t)(cr - text.base) : text.len;
  if (parser->cr && text.base[0] != '\n')
    find(first, 0, 400);
  if (at < last && text.base[at + 1] != '\n')
    find(first, at + 1, 400);
  if (text.base[last] == '\n' && at + 1 != last && !(parser->cr && last == 0))
    find(first, last, 400);
}

/* Looks at a line or the next piece of one. It is good up to what it returns. */
static fault check_line(const sio_http_parser *parser, sio_bytes text) {
  fault first = {text.len, 0};
  bool is_end = text.base[text.len - 1] == '\n';
  bool is_empty_line = parser->line + text.len <= 2;
  const char *nul = memchr(text.base, '\0', text.len);
  size_t left = parser->limits->max_header_size - parser->octets;
  check_line_end(parser, text, &first);
  if (nul != NULL)
    find(&first, (size_t)(nul - text.base), 400);
  if (text.len > left)
    find(&first, left, status_of_size(parser));
  if (parser->line == 0 && parser->lines > 0 && (text.base[0] == ' ' || text.base[0] == '\t'))
    find(&first, 0, 400); /* a folded header (RFC 9112, 5.2) */
  if (parser->line == 0 && parser->is_chunk && text.base[0] != '\r')
    find(&first, 0, 400); /* llhttp skips two octets of any kind unless it was built to be strict */
  if (is_end && !is_empty_line && !parser->in_body && parser->lines > parser->limits->max_headers)
    find(&first, text.len - 1, 431);
  return first;
}

static void count_line(sio_http_parser *parser, sio_bytes text) {
  bool is_end = text.base[text.len - 1] == '\n';
  parser->cr = text.base[text.len - 1] == '\r';
  parser->octets += text.len;
  parser->line += text.len;
  parser->is_chunk = false;
  if (!is_end)
    return;
  if (parser->line > 2) /* empty lines before a request do not count */
    parser->lines++;
  parser->line = 0;
}

/* --- steps --- */

static int status_of(enum llhttp_errno err) {
  switch (err) {
  case HPE_INVALID_VERSION:
  case HPE_PAUSED_H2_UPGRADE:
    return 505;
  default:
    return 400;
  }
}

static void execute(sio_http_parser *parser, sio_bytes text) {
  enum llhttp_errno err = llhttp_execute(&parser->llhttp, text.base, text.len);
  if (err == HPE_PAUSED_UPGRADE) /* whether to go on is the caller's business */
    llhttp_resume_after_upgrade(&parser->llhttp);
  else if (err != HPE_OK)
    refuse(parser, status_of(err));
}

static sio_bytes take(sio_bytes *in, size_t n) {
  sio_bytes text = sio_bytes_of(in->base, n);
  in->base += n;
  in->len -= n;
  return text;
}

static void step_line(sio_http_parser *parser, sio_bytes *in) {
  const char *end = memchr(in->base, '\n', in->len);
  sio_bytes text = take(in, end != NULL ? (size_t)(end - in->base) + 1 : in->len);
  fault first = check_line(parser, text);
  text.len = first.at;
  if (text.len > 0) {
    count_line(parser, text);
    execute(parser, text);
  }
  if (first.status != 0)
    refuse(parser, first.status);
}

static void step_data(sio_http_parser *parser, sio_bytes *in) {
  size_t n = in->len < parser->data ? in->len : (size_t)parser->data;
  parser->data -= n;
  execute(parser, take(in, n));
}

static int check_version(const llhttp_t *llhttp) {
  if (llhttp->http_major == 1 && llhttp->http_minor <= 1)
    return 0;
  return llhttp->http_major == 0 ? 400 : 505;
}

static void expect_request(sio_http_parser *parser) {
  parser->octets = 0;
  parser->lines = 0;
  parser->in_body = parser->is_complete = false;
}

static sio_http_event finish_head(sio_http_parser *parser) {
  llhttp_t *llhttp = &parser->llhttp;
  parser->has_head = false;
  sio_request *request = sio_head_finish(&parser->head, parser->remote_address);
  if (request == NULL)
    return (sio_http_event){SIO_HTTP_REFUSED, .status = parser->status = 503};
  request->method = sio_bytes_str(llhttp_method_name((llhttp_method_t)llhttp->method));
  request->minor = llhttp->http_minor;
  request->keep_alive = parser->keeps_alive;
  request->upgrade = llhttp->upgrade != 0;
  parser->status = check_version(llhttp);
  if (parser->status == 0)
    parser->status = sio_head_check(request);
  if (parser->status != 0) {
    sio_request_unref(request);
    return (sio_http_event){SIO_HTTP_REFUSED, .status = parser->status};
  }
  expect_request(parser);
  parser->in_body = sio_request_has_body(request);
  if (!request->chunked && parser->in_body)
    parser->data = (uint64_t)request->content_length;
  return (sio_http_event){SIO_HTTP_HEAD, .request = request};
}

sio_http_event sio_http_parser_next(sio_http_parser *parser, sio_bytes *in) {
  for (;;) {
    if (parser->status != 0)
      return (sio_http_event){SIO_HTTP_REFUSED, .status = parser->status};
    if (parser->is_complete) {
      expect_request(parser);
      return (sio_http_event){SIO_HTTP_END, .status = 0};
    }
    if (in->len == 0)
      return (sio_http_event){SIO_HTTP_MORE, .status = 0};
    if (parser->data == 0) {
      step_line(parser, in);
      if (parser->has_head && parser->status == 0)
        return finish_head(parser);
    } else {
      step_data(parser, in);
      if (parser->piece.len > 0 && parser->status == 0) {
        sio_bytes piece = parser->piece;
        parser->piece.len = 0;
        return (sio_http_event){SIO_HTTP_BODY, .body = piece};
      }
    }
  }
}
