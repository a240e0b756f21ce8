/*
 * A request's head: one reference-counted block. Header names are lower-case. What a session keeps
 * of that of its handshake is smaller: http/kept.h.
 */
#ifndef SIO_HTTP_REQUEST_H
#define SIO_HTTP_REQUEST_H

#include <stdint.h>

#include "base/bytes.h"

typedef struct sio_header {
  sio_bytes name; /* lower-case */
  sio_bytes value;
} sio_header;

typedef struct sio_request {
  uint32_t refs;
  uint16_t header_count;
  uint8_t minor; /* of the version: 0 or 1 */
  bool keep_alive;
  bool upgrade; /* asks for another protocol (h2c, which clients offer unasked, does not count) */
  bool secure;  /* came over TLS */
  bool chunked;
  int64_t content_length; /* -1: none given */
  sio_bytes method;       /* "GET" */
  sio_bytes url;          /* the target as sent, an absolute one reduced to its path and query */
  sio_bytes path;         /* of url, up to '?' */
  sio_bytes query;        /* after '?', still encoded */
  sio_bytes remote_address;
  const sio_header *headers; /* in the order they came */
  struct sio_request **kept; /* NULL, or where is noted that it is whole (http/kept.h) */
} sio_request;

static inline sio_request *sio_request_ref(sio_request *request) {
  request->refs++;
  return request;
}
void sio_request_unref(sio_request *request); /* NULL is allowed */

static inline bool sio_request_has_body(const sio_request *request) {
  return request->chunked || request->content_length > 0;
}

/* The value of the first header of that (lower-case) name, or an empty run with base NULL. */
sio_bytes sio_request_header(const sio_request *request, const char *name);

/*
 * The query parameter of that name, still encoded; the last one wins when it is repeated. base is
 * NULL when absent. sio_query_decode writes its decoded form ("%41", "+") to out, which has room
 * for value.len bytes, and returns the length; a malformed escape stays as it is.
 */
sio_bytes sio_request_query(const sio_request *request, const char *name);
size_t sio_query_decode(char *out, sio_bytes value);

/* Walks the query: *at starts at 0; false at the end. */
bool sio_query_next(sio_bytes query, size_t *at, sio_bytes *name, sio_bytes *value);

#endif
