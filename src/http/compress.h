/*
 * Compression of whole bodies: with zlib gzip (RFC 1952) and deflate in its zlib form (RFC 1950),
 * and brotli (RFC 7932) where the library was built with it.
 */
#ifndef SIO_HTTP_COMPRESS_H
#define SIO_HTTP_COMPRESS_H

#include "base/buf.h"
#include "http/accept.h"

/* As deflateInit2 takes them. */
typedef struct sio_packing {
  int level;        /* -1 to 9 */
  int memory_level; /* 1 to 9 */
  int strategy;     /* 0 to 4 */
  int window_bits;  /* 9 to 15 */
} sio_packing;

void sio_packing_init(sio_packing *packing); /* zlib's defaults */

/* The codings that files are worth: GZIP, and BR if it is there; bits 1 << coding. */
unsigned sio_compress_codings(void);

/* Appends in, compressed, to out. coding is GZIP, DEFLATE, or BR if it is there. packing is for
 * zlib; NULL: the defaults. 0 or SIO_ENOMEM. */
int sio_compress(enum sio_coding coding, const sio_packing *packing, sio_bytes in, sio_buf *out);

/* The zalloc and zfree of every zlib stream. */
void *sio_zlib_alloc(void *ctx, unsigned n, unsigned size);
void sio_zlib_free(void *ctx, void *block);

#endif
