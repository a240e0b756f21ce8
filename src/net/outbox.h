/* What a connection has still to send: slices of shared frames, oldest first. */
#ifndef SIO_NET_OUTBOX_H
#define SIO_NET_OUTBOX_H

#include <stdbool.h>
#include <sys/uio.h>

#include "base/frame.h"

enum { SIO_OUTBOX_SMALL = 1024 }; /* up to so many bytes, copying is cheaper than one more iovec */

typedef struct sio_slice {
  sio_frame *frame; /* shared */
  size_t from;      /* bytes of its wire form that need not be sent (any more) */
} sio_slice;

typedef struct sio_slices { /* a ring */
  uint32_t cap;             /* a power of two */
  uint32_t first;
  struct sio_slices *next; /* in the pool */
  sio_slice at[];
} sio_slices;

/* Rings of the smallest size that were used and will be again. Zeroed is empty. */
typedef struct sio_outbox_pool {
  sio_slices *rings;
  size_t count;
} sio_outbox_pool;

void sio_outbox_pool_deinit(sio_outbox_pool *pool);

typedef struct sio_outbox { /* zeroed is empty */
  union {
    sio_slice one;    /* the only one needs no memory of its own */
    sio_slices *many; /* if has_many */
  };
  size_t bytes;
  uint32_t count;
  bool has_many;
} sio_outbox;

/* Appends a frame without the first bytes of its wire form. Shares. SIO_ENOMEM. */
int sio_outbox_push(sio_outbox *box, sio_outbox_pool *pool, sio_frame *frame, size_t from);

/*
 * Describes as much as fits into max pieces, for one writev; returns their number. Small slices
 * that follow each other are copied to scratch (room bytes) and become one piece. Both, pieces and
 * scratch, may be forgotten at once: only sio_outbox_consume changes the queue.
 */
int sio_outbox_gather(const sio_outbox *box, struct iovec *pieces, int max, char *scratch,
                      size_t room);

/* Drops the first n bytes: they have been sent. An empty queue holds no memory. */
void sio_outbox_consume(sio_outbox *box, sio_outbox_pool *pool, size_t n);

/* Drops everything. */
void sio_outbox_deinit(sio_outbox *box, sio_outbox_pool *pool);

#endif
