/* What a request asks under conditions, and in part (RFC 9110, 13 and 14), of something that has an
 * ETag and a time of change. */
#ifndef SIO_HTTP_CONDITION_H
#define SIO_HTTP_CONDITION_H

#include "http/request.h"

typedef struct sio_version { /* of what is asked for */
  sio_bytes etag;            /* a strong one, quotes included */
  int64_t modified;          /* seconds since 1970 */
} sio_version;

typedef struct sio_range {
  int64_t from, len;
} sio_range;

/*
 * If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since, in this order: 200 when the
 * request is to be served, else 304 or 412. For GET and HEAD.
 */
int sio_condition_check(const sio_request *request, const sio_version *version);

/*
 * Range and If-Range, of size bytes: 206 and the one range that is asked for; 416; or 200 for what
 * is none, more than one, malformed, or of another version. For GET.
 */
int sio_range_check(const sio_request *request, const sio_version *version, int64_t size,
                    sio_range *out);

#endif
