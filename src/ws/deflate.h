/*
 * permessage-deflate (RFC 7692, 7.2): messages compressed for a WebSocket, and back.
 *
 * Where it was agreed that a side keeps its context, what that side has said before helps to
 * compress what follows: each connection has a zlib stream of its own then, made when it is first
 * needed. Where no context is kept a connection has none: one stream of the pool serves all, and
 * a frame is compressed once for all its recipients.
 */
#ifndef SIO_WS_DEFLATE_H
#define SIO_WS_DEFLATE_H

#include "base/buf.h"
#include "base/frame.h"
#include "ws/offer.h"

typedef struct sio_deflate_options {
  bool is_on;
  sio_deflate_terms terms;
  size_t threshold; /* bytes; where no context is kept, a shorter message goes out as it is */
  int level;        /* 0 to 9; -1: zlib's own choice */
  int memory_level; /* 1 to 9 */
  int strategy;     /* zlib's, 0 to 4 */
} sio_deflate_options;

void sio_deflate_options_init(sio_deflate_options *options); /* off; the reference's defaults */

/* What the connections of an engine share. */
typedef struct sio_deflate_pool sio_deflate_pool;

/* With one reference. Copies options. NULL: out of memory. */
sio_deflate_pool *sio_deflate_pool_new(const sio_deflate_options *options);
void sio_deflate_pool_unref(sio_deflate_pool *pool); /* NULL is allowed */

/* The compression of one connection. */
typedef struct sio_deflate sio_deflate;

/* Shares pool, copies params. NULL: out of memory. */
sio_deflate *sio_deflate_new(sio_deflate_pool *pool, const sio_deflate_params *params);
void sio_deflate_free(sio_deflate *deflate); /* NULL is allowed */

/*
 * Gives in *out the frame to send for a sealed one, with a reference for the caller: its compressed
 * form, or itself. 0 or SIO_ENOMEM; then nothing that was sent before is needed any more to read
 * the next.
 */
int sio_deflate_pack(sio_deflate *deflate, sio_frame *frame, sio_frame **out);

/*
 * Puts the message of a whole compressed payload into out, which is empty before. SIO_EPARSE: it is
 * no such payload; SIO_ELIMIT: the message has more than max bytes (no more were made of it);
 * SIO_ENOMEM. After a failure the connection can read no more.
 */
int sio_deflate_unpack(sio_deflate *deflate, sio_bytes payload, size_t max, sio_buf *out);

#endif
