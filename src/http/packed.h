/*
 * Compressed forms of files, so that a file is compressed once and not for every request: those
 * that were asked for last, SIO_PACKED_CACHE bytes in all. A file that changes is another one: what
 * was kept of it before is dropped in its turn.
 */
#ifndef SIO_HTTP_PACKED_H
#define SIO_HTTP_PACKED_H

#include <sys/stat.h>

#include "base/frame.h"
#include "base/list.h"
#include "base/map.h"
#include "http/accept.h"

typedef struct sio_packed {
  sio_map map;
  sio_list entries; /* the one that was asked for last at the end */
  size_t bytes;
} sio_packed;

int sio_packed_init(sio_packed *packed); /* 0 or SIO_ENOMEM */
void sio_packed_deinit(sio_packed *packed);

/* The form that was kept. Borrows. NULL: none. */
sio_frame *sio_packed_get(sio_packed *packed, const struct stat *file, enum sio_coding coding);

/* Keeps one that was not there. Shares. What does not fit, into memory or the cache, is not kept.
 */
void sio_packed_put(sio_packed *packed, const struct stat *file, enum sio_coding coding,
                    sio_frame *frame);

#endif
