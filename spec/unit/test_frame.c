#include "base/frame.h"

#include "base/error.h"
#include "fail_alloc.h"

static void starts_with_one_reference_and_no_header(void **state) {
  (void)state;
  sio_frame *frame = sio_frame_new(3);
  assert_int_equal(frame->refs, 1);
  assert_int_equal(frame->head, 0);
  assert_false(frame->binary);
  assert_false(frame->plain);
  memcpy(frame->payload, "abc", 3);
  assert_true(sio_bytes_eq(sio_frame_payload(frame), SIO_BYTES("abc")));
  assert_true(sio_bytes_eq(sio_frame_wire(frame), SIO_BYTES("abc")));
  sio_frame_unref(frame);
}

static void header_and_payload_are_one_run(void **state) {
  (void)state;
  sio_frame *frame = sio_frame_copy(SIO_BYTES("payload"));
  for (unsigned char i = 0; i < SIO_FRAME_ROOM; i++)
    frame->room[i] = (unsigned char)('0' + i);
  frame->head = 2;
  assert_true(sio_bytes_eq(sio_frame_wire(frame), SIO_BYTES("89payload")));
  frame->head = SIO_FRAME_ROOM;
  assert_true(sio_bytes_eq(sio_frame_wire(frame), SIO_BYTES("0123456789payload")));
  assert_true(sio_bytes_eq(sio_frame_payload(frame), SIO_BYTES("payload")));
  sio_frame_unref(frame);
}

static void lives_as_long_as_its_references(void **state) {
  (void)state;
  fail_alloc_at(0);
  sio_frame *frame = sio_frame_copy(SIO_BYTES("x"));
  assert_ptr_equal(sio_frame_ref(frame), frame);
  sio_frame_unref(frame);
  assert_int_equal(fail_alloc_now.live, 1);
  assert_int_equal(frame->payload[0], 'x');
  sio_frame_unref(frame);
  assert_int_equal(fail_alloc_now.live, 0);
  sio_frame_unref(NULL);
}

static void may_be_empty(void **state) {
  (void)state;
  sio_frame *frame = sio_frame_copy(sio_bytes_of(NULL, 0));
  assert_non_null(frame);
  assert_int_equal(sio_frame_wire(frame).len, 0);
  sio_frame_unref(frame);
}

static void needs_memory(void **state) {
  (void)state;
  fail_alloc_at(1);
  assert_null(sio_frame_new(1));
  fail_alloc_at(1);
  assert_null(sio_frame_copy(SIO_BYTES("abc")));
  fail_alloc_at(0);
  assert_null(sio_frame_new(SIZE_MAX));
  assert_null(sio_frame_new(SIZE_MAX - sizeof(sio_frame) + 1));
  assert_int_equal(fail_alloc_now.count, 0);
}

/* --- in the making --- */

static sio_frame *finish(sio_buf *out, sio_bytes payload) {
  assert_int_equal(sio_buf_add(out, payload), 0);
  sio_frame *frame = sio_frame_end(out);
  assert_non_null(frame);
  assert_true(sio_bytes_eq(sio_frame_payload(frame), payload));
  assert_int_equal(frame->refs, 1);
  assert_int_equal(frame->head, 0);
  assert_false(frame->binary || frame->plain || frame->form != 0 || frame->others != NULL);
  return frame;
}

/* Every length around where a frame takes the memory that it was made in. */
static void is_made_in_a_buffer(void **state) {
  (void)state;
  static char bytes[6000];
  memset(bytes, 'x', sizeof(bytes));
  for (size_t len = 0; len <= sizeof(bytes); len += len < 200 ? 1 : 97)
    for (size_t room = 0; room <= 2000; room += 500) {
      sio_buf out = {0};
      assert_int_equal(sio_frame_begin(&out, room), 0);
      sio_frame_unref(finish(&out, sio_bytes_of(bytes, len)));
      assert_int_equal(sio_frame_begin(&out, room), 0);
      sio_frame_unref(finish(&out, sio_bytes_of(bytes, len)));
      sio_buf_deinit(&out);
    }
}

static void small_ones_leave_the_memory_to_the_next(void **state) {
  (void)state;
  sio_buf out = {0};
  assert_int_equal(sio_frame_begin(&out, 1000), 0);
  const char *memory = out.base;
  sio_frame *frame = finish(&out, SIO_BYTES("small"));
  assert_ptr_equal(out.base, memory);
  fail_alloc_at(1);
  assert_int_equal(sio_frame_begin(&out, 1000), 0);
  assert_int_equal(fail_alloc_now.count, 0);
  fail_alloc_at(0);
  sio_frame_unref(frame);
  sio_buf_deinit(&out);
}

static void large_ones_are_not_copied(void **state) {
  (void)state;
  static char bytes[10000];
  sio_buf out = {0};
  assert_int_equal(sio_frame_begin(&out, sizeof(bytes)), 0);
  const void *memory = out.base;
  fail_alloc_at(1);
  sio_frame *frame = finish(&out, sio_bytes_of(bytes, sizeof(bytes)));
  assert_ptr_equal(frame, memory);
  assert_null(out.base);
  fail_alloc_at(0);
  sio_frame_unref(frame);
}

static void what_is_too_much_is_given_back(void **state) {
  (void)state;
  static char bytes[10000];
  fail_alloc_at(0);
  sio_buf out = {0};
  assert_int_equal(sio_frame_begin(&out, 100000), 0);
  sio_frame_unref(finish(&out, sio_bytes_of(bytes, sizeof(bytes))));
  assert_int_equal(fail_alloc_now.count, 2);
  assert_int_equal(sio_frame_begin(&out, 100000), 0);
  fail_alloc_at(1); /* then it stays as it is */
  sio_frame_unref(finish(&out, sio_bytes_of(bytes, sizeof(bytes))));
  fail_alloc_at(0);
}

static void making_needs_memory(void **state) {
  (void)state;
  sio_buf out = {0};
  fail_alloc_at(1);
  assert_int_equal(sio_frame_begin(&out, 1000), SIO_ENOMEM);
  fail_alloc_at(0);
  assert_int_equal(sio_frame_begin(&out, SIZE_MAX), SIO_ENOMEM);
  assert_int_equal(sio_frame_begin(&out, 1000), 0);
  fail_alloc_at(1);
  assert_null(sio_frame_end(&out));
  fail_alloc_at(0);
  sio_buf_deinit(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(starts_with_one_reference_and_no_header),
      cmocka_unit_test(header_and_payload_are_one_run),
      cmocka_unit_test(lives_as_long_as_its_references),
      cmocka_unit_test(may_be_empty),
      cmocka_unit_test(needs_memory),
      cmocka_unit_test(is_made_in_a_buffer),
      cmocka_unit_test(small_ones_leave_the_memory_to_the_next),
      cmocka_unit_test(large_ones_are_not_copied),
      cmocka_unit_test(what_is_too_much_is_given_back),
      cmocka_unit_test(making_needs_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
