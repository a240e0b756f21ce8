/*
 * Memory. Every allocation of the library goes through these four calls, so that a host can hand in
 * its allocator and a test can make the n-th allocation fail. No other file calls malloc.
 */
#ifndef SIO_BASE_ALLOC_H
#define SIO_BASE_ALLOC_H

#include <stddef.h>

/* realloc semantics for all three needs: (NULL, n) allocates, (p, 0) frees and returns NULL. */
typedef void *(*sio_alloc_fn)(void *ctx, void *ptr, size_t size);

/*
 * Replaces the allocator of the whole process (NULL: libc's). Call it before anything was
 * allocated; it is the one setting that is not per server, because blocks outlive the object that
 * made them.
 */
void sio_set_allocator(sio_alloc_fn fn, void *ctx);

/* Return NULL when out of memory (or, for calloc, when n * size overflows). The caller frees. */
void *sio_malloc(size_t size);
void *sio_calloc(size_t n, size_t size);
/* On failure returns NULL and leaves ptr as it was. */
void *sio_realloc(void *ptr, size_t size);
void sio_free(void *ptr);

#endif
