#include "http/compress.h"

#include <limits.h>
#include <stdint.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/error.h"

enum { WINDOW_BITS = 15, GZIP_BITS = 16, MEMORY_LEVEL = 8 };

/* Not zeroed, as zlib's own: pages of a window that nothing was written to cost nothing. */
void *sio_zlib_alloc(void *ctx, unsigned n, unsigned size) {
  (void)ctx;
  return n <= SIZE_MAX / size ? sio_malloc((size_t)n * size) : NULL;
}

void sio_zlib_free(void *ctx, void *block) {
  (void)ctx;
  sio_free(block);
}

/* deflateBound promises that this one call is enough. */
static int run(z_stream *zlib, sio_bytes in, sio_buf *out) {
  size_t bound = deflateBound(zlib, in.len);
  if (in.len > UINT_MAX || bound > UINT_MAX || sio_buf_reserve(out, bound) != 0)
    return SIO_ENOMEM;
  zlib->next_in = (Bytef *)in.base;
  zlib->avail_in = (uInt)in.len;
  zlib->next_out = (Bytef *)out->base + out->len;
  zlib->avail_out = (uInt)bound;
  if (deflate(zlib, Z_FINISH) != Z_STREAM_END)
    return SIO_ENOMEM;
  out->len += bound - zlib->avail_out;
  return 0;
}

int sio_compress(enum sio_coding coding, sio_bytes in, sio_buf *out) {
  z_stream zlib = {.zalloc = sio_zlib_alloc, .zfree = sio_zlib_free};
  int bits = coding == SIO_CODING_GZIP ? WINDOW_BITS + GZIP_BITS : WINDOW_BITS;
  if (deflateInit2(&zlib, Z_DEFAULT_COMPRESSION, Z_DEFLATED, bits, MEMORY_LEVEL,
                   Z_DEFAULT_STRATEGY) != Z_OK)
    return SIO_ENOMEM;
  int err = run(&zlib, in, out);
  deflateEnd(&zlib);
  return err;
}
