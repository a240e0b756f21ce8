/*
 * HTTP/1.1 requests from bytes (RFC 9112), without I/O. llhttp does the grammar, strictly; this
 * adds what it leaves open: sizes and counts, line ends that are exactly CR LF, Host, versions. One
 * parser serves one connection, request after request, and holds nothing between two of them.
 */
#ifndef SIO_HTTP_PARSER_H
#define SIO_HTTP_PARSER_H

#include "http/request.h"

typedef struct sio_http_parser sio_http_parser;

typedef struct sio_http_limits {
  size_t max_header_size; /* bytes of a head; of chunk extensions and trailers together */
  unsigned max_headers;   /* lines of a head */
} sio_http_limits;

enum sio_http_event_type {
  SIO_HTTP_MORE, /* the bytes are used up */
  SIO_HTTP_HEAD, /* a request; without a body or for an upgrade, this is all of it */
  SIO_HTTP_BODY, /* a piece of its body */
  SIO_HTTP_END,  /* its body is complete */
  SIO_HTTP_REFUSED
};

typedef struct sio_http_event {
  enum sio_http_event_type type;
  int status;           /* REFUSED: what to answer (400, 413, 431, 503, 505) */
  sio_request *request; /* HEAD: with a reference that the caller owns */
  sio_bytes body;       /* BODY: a part of the bytes given */
} sio_http_event;

/* Borrows both for its life. NULL: out of memory. */
sio_http_parser *sio_http_parser_new(const sio_http_limits *limits, sio_bytes remote_address);
void sio_http_parser_free(sio_http_parser *parser); /* NULL is allowed */

/*
 * Takes bytes off the front of *in up to the next event. To be called until it says MORE, at which
 * *in is empty. After REFUSED it says nothing else: the connection is of no use any more. The
 * events do not depend on how the bytes were cut into pieces (pieces of the body do).
 */
sio_http_event sio_http_parser_next(sio_http_parser *parser, sio_bytes *in);

bool sio_http_parser_is_idle(const sio_http_parser *parser); /* nothing of a next request came */

#endif
