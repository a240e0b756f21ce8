#include "base/alloc.h"

#include "fail_alloc.h"

typedef struct call {
  void *ptr;
  size_t size;
  int count;
} call;

static void *record(void *ctx, void *ptr, size_t size) {
  call *last = ctx;
  last->ptr = ptr;
  last->size = size;
  last->count++;
  return NULL;
}

static void hands_every_need_to_the_allocator(void **state) {
  (void)state;
  call last = {0};
  char block;
  sio_set_allocator(record, &last);
  assert_null(sio_malloc(10));
  assert_ptr_equal(last.ptr, NULL);
  assert_int_equal(last.size, 10);
  assert_null(sio_calloc(3, 4));
  assert_int_equal(last.size, 12);
  assert_null(sio_realloc(&block, 20));
  assert_ptr_equal(last.ptr, &block);
  assert_int_equal(last.size, 20);
  sio_free(&block);
  assert_ptr_equal(last.ptr, &block);
  assert_int_equal(last.size, 0);
  assert_int_equal(last.count, 4);
  sio_free(NULL);
  assert_int_equal(last.count, 4);
  sio_set_allocator(NULL, NULL);
  sio_free(sio_malloc(1));
  assert_int_equal(last.count, 4);
}

static void calloc_clears_and_refuses_what_overflows(void **state) {
  (void)state;
  fail_alloc_at(0);
  char *block = sio_calloc(100, 10);
  assert_non_null(block);
  for (int i = 0; i < 1000; i++)
    assert_int_equal(block[i], 0);
  sio_free(block);
  fail_alloc_at(0);
  assert_null(sio_calloc(SIZE_MAX / 2 + 1, 2));
  assert_null(sio_calloc(SIZE_MAX, SIZE_MAX));
  assert_int_equal(fail_alloc_now.count, 0);
  assert_int_equal(fail_alloc_now.live, 0);
}

static void an_empty_block_is_a_block(void **state) {
  (void)state;
  fail_alloc_at(0);
  void *blocks[] = {sio_malloc(0), sio_calloc(0, 8), sio_calloc(8, 0), sio_realloc(NULL, 0)};
  for (size_t i = 0; i < COUNT(blocks); i++)
    assert_non_null(blocks[i]);
  assert_int_equal(fail_alloc_now.live, COUNT(blocks));
  blocks[0] = sio_realloc(blocks[0], 0);
  assert_non_null(blocks[0]);
  for (size_t i = 0; i < COUNT(blocks); i++)
    sio_free(blocks[i]);
  assert_int_equal(fail_alloc_now.live, 0);
}

static void a_failed_realloc_keeps_the_block(void **state) {
  (void)state;
  fail_alloc_at(0);
  char *block = sio_malloc(2);
  memcpy(block, "a", 2);
  fail_alloc_at(1);
  assert_null(sio_realloc(block, 1000));
  assert_string_equal(block, "a");
  sio_free(block);
  fail_alloc_at(0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hands_every_need_to_the_allocator),
      cmocka_unit_test(calloc_clears_and_refuses_what_overflows),
      cmocka_unit_test(an_empty_block_is_a_block),
      cmocka_unit_test(a_failed_realloc_keeps_the_block),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
