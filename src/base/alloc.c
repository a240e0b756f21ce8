#include "base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void *use_libc(void *ctx, void *ptr, size_t size) {
  (void)ctx;
  if (size > 0)
    return realloc(ptr, size);
  free(ptr);
  return NULL;
}

static sio_alloc_fn allocate = use_libc;
static void *allocate_ctx;

void sio_set_allocator(sio_alloc_fn fn, void *ctx) {
  allocate = fn != NULL ? fn : use_libc;
  allocate_ctx = ctx;
}

/* NULL means failure to callers, so an empty block is still a block. */
static size_t at_least_one(size_t size) {
  return size > 0 ? size : 1;
}

void *sio_malloc(size_t size) {
  return allocate(allocate_ctx, NULL, at_least_one(size));
}

void *sio_calloc(size_t n, size_t size) {
  if (size > 0 && n > SIZE_MAX / size)
    return NULL;
  void *block = sio_malloc(n * size);
  if (block != NULL)
    memset(block, 0, n * size);
  return block;
}

void *sio_realloc(void *ptr, size_t size) {
  return allocate(allocate_ctx, ptr, at_least_one(size));
}

void sio_free(void *ptr) {
  if (ptr != NULL)
    allocate(allocate_ctx, ptr, 0);
}

void sio_alloc_expect_large(void) {
  if (allocate == use_libc)
    sio_free(sio_malloc(SIO_KEPT_BLOCK));
}
