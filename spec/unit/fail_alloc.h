/*
 * An allocator for tests: it counts the blocks that live and makes one chosen allocation fail.
 *
 *   static void step(void *ctx) { ... calls what is tested, accepts success and SIO_ENOMEM,
 *                                     frees all it made ... }
 *   fail_each_alloc(step, ctx);
 *
 * runs step with its first allocation failing, then its second, and so on, until a run needs fewer
 * allocations; each run must leave no block behind.
 */
#ifndef SPEC_UNIT_FAIL_ALLOC_H
#define SPEC_UNIT_FAIL_ALLOC_H

#include "base/alloc.h"
#include "unit.h"

typedef struct fail_alloc {
  size_t live;  /* blocks not yet freed */
  size_t count; /* allocations and reallocations since fail_alloc_at */
  size_t at;    /* which of them fails, from 1; 0: none */
} fail_alloc;

static fail_alloc fail_alloc_now;

static inline void *fail_alloc_call(void *ctx, void *ptr, size_t size) {
  fail_alloc *now = ctx;
  if (size == 0) {
    now->live -= ptr != NULL;
    free(ptr);
    return NULL;
  }
  if (++now->count == now->at)
    return NULL;
  void *block = realloc(ptr, size);
  now->live += ptr == NULL && block != NULL;
  return block;
}

/* The n-th allocation from now fails; 0: none does. Installs the allocator: call it first at 0. */
static inline void fail_alloc_at(size_t n) {
  sio_set_allocator(fail_alloc_call, &fail_alloc_now);
  fail_alloc_now.count = 0;
  fail_alloc_now.at = n;
}

static inline bool fail_alloc_has_failed(void) {
  return fail_alloc_now.at > 0 && fail_alloc_now.count >= fail_alloc_now.at;
}

/* Returns how many allocations a successful run of step makes. */
static inline size_t fail_each_alloc(void (*step)(void *ctx), void *ctx) {
  enum { MOST = 100000 };
  for (size_t n = 1; n < MOST; n++) {
    size_t before = fail_alloc_now.live;
    fail_alloc_at(n);
    step(ctx);
    bool failed = fail_alloc_has_failed();
    fail_alloc_at(0);
    assert_int_equal(fail_alloc_now.live, before);
    if (!failed)
      return n - 1;
  }
  fail_msg("no end after %d allocations", MOST);
  return 0;
}

#endif
