/*
 * Memory. Every allocation of the library goes through these four calls, so that a host can hand in
 * its allocator and a test can make the n-th allocation fail. No other file calls malloc.
 */
#ifndef SIO_BASE_ALLOC_H
#define SIO_BASE_ALLOC_H

#include <stddef.h>

enum { SIO_KEPT_BLOCK = 4194304 };

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

/*
 * Lets libc keep the memory of freed blocks of up to SIO_KEPT_BLOCK bytes, Lua's among them, for
 * the next ones. glibc gives more than 128 KiB at the end of its heap back to the kernel, and asks
 * for each larger block anew, until the program is seen to free a large one: then it takes that
 * size for a common one. Without that each large message costs page faults. Nothing happens with a
 * host's allocator.
 */
void sio_alloc_expect_large(void);

#endif
