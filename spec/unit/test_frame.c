#include "base/frame.h"

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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(starts_with_one_reference_and_no_header),
      cmocka_unit_test(header_and_payload_are_one_run),
      cmocka_unit_test(lives_as_long_as_its_references),
      cmocka_unit_test(may_be_empty),
      cmocka_unit_test(needs_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
