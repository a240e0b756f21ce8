/* What a connection has still to send: slices of shared frames, oldest first. */
#ifndef SIO_NET_OUTBOX_H
#define SIO_NET_OUTBOX_H

#include <sys/uio.h>

#include "base/frame.h"

enum {
  SIO_OUTBOX_FEW = 4,      /* slices without memory of their own */
  SIO_OUTBOX_SMALL = 1024, /* up to so many bytes, copying is cheaper than one more iovec */
};

typedef struct sio_slice {
  sio_frame *frame; /* shared */
  size_t from;      /* bytes of its wire form that need not be sent (any more) */
} sio_slice;

typedef struct sio_outbox { /* zeroed is empty */
  sio_slice few[SIO_OUTBOX_FEW];
  sio_slice *many; /* NULL: few is the ring */
  size_t cap;      /* of many, a power of two */
  size_t first;
  size_t count;
  size_t bytes;
} sio_outbox;

/* Appends a frame without the first bytes of its wire form. Shares. SIO_ENOMEM. */
int sio_outbox_push(sio_outbox *box, sio_frame *frame, size_t from);

/*
 * Describes as much as fits into max pieces, for one writev; returns their number. Small slices
 * that follow each other are copied to scratch (room bytes) and become one piece. Both, pieces and
 * scratch, may be forgotten at once: only sio_outbox_consume changes the queue.
 */
int sio_outbox_gather(const sio_outbox *box, struct iovec *pieces, int max, char *scratch,
                      size_t room);

/* Drops the first n bytes: they have been sent. An empty queue holds no memory. */
void sio_outbox_consume(sio_outbox *box, size_t n);

/* Drops everything. */
void sio_outbox_deinit(sio_outbox *box);

#endif
