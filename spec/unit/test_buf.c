#include "base/buf.h"

#include "base/error.h"
#include "fail_alloc.h"

static int set_up(void **state) {
  (void)state;
  fail_alloc_at(0);
  return 0;
}

static int no_block_is_left(void **state) {
  (void)state;
  fail_alloc_at(0);
  return fail_alloc_now.live == 0 ? 0 : -1;
}

#define assert_content(buf, literal)                                                               \
  assert_true(sio_bytes_eq(sio_buf_bytes(buf), SIO_BYTES(literal)))

static void appends_in_order(void **state) {
  (void)state;
  sio_buf buf = {0};
  assert_content(&buf, "");
  assert_int_equal(sio_buf_append(&buf, "a\0b", 3), 0);
  assert_int_equal(sio_buf_put(&buf, 'c'), 0);
  assert_int_equal(sio_buf_add(&buf, SIO_BYTES("de")), 0);
  assert_int_equal(sio_buf_str(&buf, "fg"), 0);
  assert_int_equal(sio_buf_append(&buf, NULL, 0), 0);
  assert_content(&buf, "a\0bcdefg");
  sio_buf_deinit(&buf);
  assert_null(buf.base);
  assert_int_equal(buf.len + buf.cap, 0);
  sio_buf_deinit(&buf);
}

static void writes_numbers_in_decimal(void **state) {
  (void)state;
  sio_buf buf = {0};
  assert_int_equal(sio_buf_u64(&buf, 0), 0);
  assert_content(&buf, "0");
  assert_int_equal(sio_buf_u64(&buf, 1909), 0);
  assert_content(&buf, "01909");
  sio_buf_clear(&buf);
  assert_int_equal(sio_buf_u64(&buf, UINT64_MAX), 0);
  assert_content(&buf, "18446744073709551615");
  sio_buf_deinit(&buf);
}

static void grows_by_doubling(void **state) {
  (void)state;
  sio_buf buf = {0};
  size_t count = 0;
  for (size_t i = 0; i < 1000000; i++) {
    size_t cap = buf.cap;
    assert_int_equal(sio_buf_put(&buf, (char)(i % 251)), 0);
    assert_true(buf.cap == cap || buf.cap >= 2 * cap);
    count += buf.cap != cap;
  }
  assert_true(count <= 20);
  for (size_t i = 0; i < buf.len; i++)
    if (buf.base[i] != (char)(i % 251))
      fail_msg("byte %zu", i);
  sio_buf_deinit(&buf);
}

static void reserve_makes_room_once(void **state) {
  (void)state;
  sio_buf buf = {0};
  assert_int_equal(sio_buf_reserve(&buf, 1000), 0);
  assert_int_equal(buf.len, 0);
  assert_true(buf.cap >= 1000);
  const char *base = buf.base;
  for (int i = 0; i < 1000; i++)
    assert_int_equal(sio_buf_put(&buf, 'x'), 0);
  assert_ptr_equal(buf.base, base);
  sio_buf_clear(&buf);
  assert_int_equal(buf.len, 0);
  assert_ptr_equal(buf.base, base);
  sio_buf_deinit(&buf);
}

static void sizes_that_overflow_are_out_of_memory(void **state) {
  (void)state;
  sio_buf buf = {0};
  assert_int_equal(sio_buf_str(&buf, "abc"), 0);
  assert_int_equal(sio_buf_reserve(&buf, SIZE_MAX), SIO_ENOMEM);
  assert_int_equal(sio_buf_reserve(&buf, SIZE_MAX - 2), SIO_ENOMEM);
  assert_content(&buf, "abc");
  sio_buf_deinit(&buf);
}

static void consume_drops_the_front(void **state) {
  (void)state;
  sio_buf buf = {0};
  assert_int_equal(sio_buf_str(&buf, "abcdef"), 0);
  sio_buf_consume(&buf, 0);
  assert_content(&buf, "abcdef");
  sio_buf_consume(&buf, 2);
  assert_content(&buf, "cdef");
  sio_buf_consume(&buf, 4);
  assert_content(&buf, "");
  sio_buf_consume(&buf, 0);
  sio_buf_deinit(&buf);
  sio_buf_consume(&buf, 0);
}

/* Every call either appends all or, failing, nothing. */
static void append_everything(void *ctx) {
  sio_buf buf = {0};
  const char *pieces[] = {"first", ctx, "last"};
  char want[2000] = "";
  for (size_t i = 0; i < COUNT(pieces); i++) {
    int err = sio_buf_str(&buf, pieces[i]);
    assert_true(err == 0 || (err == SIO_ENOMEM && fail_alloc_has_failed()));
    if (err == 0)
      strcat(want, pieces[i]);
    assert_true(sio_bytes_eq(sio_buf_bytes(&buf), sio_bytes_str(want)));
  }
  sio_buf_deinit(&buf);
}

static void failure_appends_nothing(void **state) {
  (void)state;
  char large[1000];
  memset(large, 'x', sizeof(large));
  large[sizeof(large) - 1] = '\0';
  assert_int_equal(fail_each_alloc(append_everything, large), 3);

  sio_buf buf = {0};
  assert_int_equal(sio_buf_str(&buf, "kept"), 0);
  fail_alloc_at(1);
  assert_int_equal(sio_buf_str(&buf, large), SIO_ENOMEM);
  assert_content(&buf, "kept");
  sio_buf_deinit(&buf);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(appends_in_order, set_up, no_block_is_left),
      cmocka_unit_test_setup_teardown(writes_numbers_in_decimal, set_up, no_block_is_left),
      cmocka_unit_test_setup_teardown(grows_by_doubling, set_up, no_block_is_left),
      cmocka_unit_test_setup_teardown(reserve_makes_room_once, set_up, no_block_is_left),
      cmocka_unit_test_setup_teardown(sizes_that_overflow_are_out_of_memory, set_up,
                                      no_block_is_left),
      cmocka_unit_test_setup_teardown(consume_drops_the_front, set_up, no_block_is_left),
      cmocka_unit_test_setup_teardown(failure_appends_nothing, set_up, no_block_is_left),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
