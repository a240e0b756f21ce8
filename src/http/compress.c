#include "http/compress.h"

#include <limits.h>
#include <stdint.h>
#include <zlib.h>

#ifdef SIO_HAS_BROTLI
#include <brotli/encode.h>
#include <setjmp.h>
#include <stddef.h>
#endif

#include "base/alloc.h"
#include "base/error.h"
#include "base/list.h"

enum { GZIP_BITS = 16 };

void sio_packing_init(sio_packing *packing) {
  *packing = (sio_packing){.level = Z_DEFAULT_COMPRESSION,
                           .memory_level = 8,
                           .strategy = Z_DEFAULT_STRATEGY,
                           .window_bits = 15};
}

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

static int compress_zlib(enum sio_coding coding, const sio_packing *packing, sio_bytes in,
                         sio_buf *out) {
  z_stream zlib = {.zalloc = sio_zlib_alloc, .zfree = sio_zlib_free};
  sio_packing defaults;
  sio_packing_init(&defaults);
  packing = packing != NULL ? packing : &defaults;
  int bits = packing->window_bits + (coding == SIO_CODING_GZIP ? GZIP_BITS : 0);
  if (deflateInit2(&zlib, packing->level, Z_DEFLATED, bits, packing->memory_level,
                   packing->strategy) != Z_OK)
    return SIO_ENOMEM;
  int err = run(&zlib, in, out);
  deflateEnd(&zlib);
  return err;
}

#ifdef SIO_HAS_BROTLI

enum { QUALITY = 5 }; /* smaller than gzip by a sixth, in about its time */

unsigned sio_compress_codings(void) {
  return 1u << SIO_CODING_GZIP | 1u << SIO_CODING_BR;
}

/*
 * Some builds of the library end the process when they get no memory. They never see that: who
 * allocates jumps out of the library instead, and frees all that it had.
 */
typedef struct brotli_memory {
  jmp_buf exhausted;
  sio_list blocks;
} brotli_memory;

typedef union brotli_block { /* stands before what the library gets */
  sio_list node;
  max_align_t align;
} brotli_block;

static void *brotli_alloc(void *ctx, size_t size) {
  brotli_memory *memory = ctx;
  brotli_block *block =
      size <= SIZE_MAX - sizeof(*block) ? sio_malloc(sizeof(*block) + size) : NULL;
  if (block == NULL)
    longjmp(memory->exhausted, 1);
  block->node = (sio_list){0};
  sio_list_push(&memory->blocks, &block->node);
  return block + 1;
}

static void brotli_free(void *ctx, void *at) {
  (void)ctx;
  if (at == NULL)
    return;
  brotli_block *block = (brotli_block *)at - 1;
  sio_list_remove(&block->node);
  sio_free(block);
}

/* out has room for the worst case. */
static int run_brotli(brotli_memory *memory, sio_bytes in, sio_buf *out, size_t room) {
  const uint8_t *from = (const uint8_t *)in.base;
  uint8_t *to = (uint8_t *)out->base + out->len;
  size_t left = room;
  if (setjmp(memory->exhausted) != 0)
    return SIO_ENOMEM;
  BrotliEncoderState *brotli = BrotliEncoderCreateInstance(brotli_alloc, brotli_free, memory);
  if (brotli == NULL)
    return SIO_ENOMEM;
  BrotliEncoderSetParameter(brotli, BROTLI_PARAM_QUALITY, QUALITY);
  BrotliEncoderSetParameter(brotli, BROTLI_PARAM_SIZE_HINT, (uint32_t)in.len);
  if (!BrotliEncoderCompressStream(brotli, BROTLI_OPERATION_FINISH, &in.len, &from, &left, &to,
                                   NULL) ||
      !BrotliEncoderIsFinished(brotli))
    return SIO_ENOMEM;
  out->len += room - left;
  return 0;
}

static int compress_brotli(sio_bytes in, sio_buf *out) {
  brotli_memory memory;
  size_t room = BrotliEncoderMaxCompressedSize(in.len);
  if (room == 0 || sio_buf_reserve(out, room) != 0)
    return SIO_ENOMEM;
  sio_list_init(&memory.blocks);
  int err = run_brotli(&memory, in, out, room);
  while (!sio_list_is_empty(&memory.blocks))
    brotli_free(&memory, (brotli_block *)(void *)memory.blocks.next + 1);
  return err;
}

#else

unsigned sio_compress_codings(void) {
  return 1u << SIO_CODING_GZIP;
}

static int compress_brotli(sio_bytes in, sio_buf *out) {
  (void)in, (void)out;
  return SIO_ENOMEM; /* nobody asks for what is not offered */
}

#endif

int sio_compress(enum sio_coding coding, const sio_packing *packing, sio_bytes in, sio_buf *out) {
  return coding == SIO_CODING_BR ? compress_brotli(in, out)
                                 : compress_zlib(coding, packing, in, out);
}
