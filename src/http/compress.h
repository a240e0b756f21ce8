/* Compression of whole bodies with zlib: gzip (RFC 1952) and deflate in its zlib form (RFC 1950).
 */
#ifndef SIO_HTTP_COMPRESS_H
#define SIO_HTTP_COMPRESS_H

#include "base/buf.h"
#include "http/accept.h"

/* Appends in, compressed, to out. coding is GZIP or DEFLATE. 0 or SIO_ENOMEM. */
int sio_compress(enum sio_coding coding, sio_bytes in, sio_buf *out);

/* The zalloc and zfree of every zlib stream. */
void *sio_zlib_alloc(void *ctx, unsigned n, unsigned size);
void sio_zlib_free(void *ctx, void *block);

#endif
