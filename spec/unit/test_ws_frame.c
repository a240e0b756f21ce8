#include "ws/frame.h"

#include "fail_alloc.h"

static void assert_sealed(size_t len, const char *head, size_t head_len) {
  sio_frame *frame = sio_frame_new(len);
  assert_non_null(frame);
  memset(frame->payload, 'x', len);
  sio_ws_seal(frame, SIO_WS_TEXT);
  sio_bytes wire = sio_frame_wire(frame);
  assert_int_equal(wire.len, head_len + len);
  assert_memory_equal(wire.base, head, head_len);
  assert_int_equal(sio_frame_payload(frame).len, len);
  sio_frame_unref(frame);
}

static void writes_the_shortest_header(void **state) {
  (void)state;
  assert_sealed(0, "\x81\x00", 2);
  assert_sealed(125, "\x81\x7d", 2);
  assert_sealed(126, "\x81\x7e\x00\x7e", 4);
  assert_sealed(65535, "\x81\x7e\xff\xff", 4);
  assert_sealed(65536, "\x81\x7f\0\0\0\0\0\x01\0\0", 10);
}

static void makes_control_frames(void **state) {
  (void)state;
  sio_frame *pong = sio_ws_control(SIO_WS_PONG, SIO_BYTES("hi"));
  assert_true(sio_bytes_eq(sio_frame_wire(pong), SIO_BYTES("\x8a\x02hi")));
  sio_frame_unref(pong);
}

static void makes_close_frames(void **state) {
  (void)state;
  sio_frame *empty = sio_ws_close_frame(0, SIO_BYTES("ignored"));
  assert_true(sio_bytes_eq(sio_frame_wire(empty), SIO_BYTES("\x88\x00")));
  sio_frame_unref(empty);
  sio_frame *bye = sio_ws_close_frame(1001, SIO_BYTES("bye"));
  assert_true(sio_bytes_eq(sio_frame_wire(bye), SIO_BYTES("\x88\x05\x03\xe9"
                                                          "bye")));
  sio_frame_unref(bye);
}

static void cuts_a_long_reason_between_characters(void **state) {
  (void)state;
  char reason[200];
  for (size_t i = 0; i < sizeof(reason); i += 2)
    memcpy(reason + i, "\xc3\xa9", 2);
  sio_frame *frame = sio_ws_close_frame(1000, sio_bytes_of(reason, sizeof(reason)));
  assert_int_equal(frame->len, 2 + 122);
  sio_frame_unref(frame);
}

static void needs_memory(void **state) {
  (void)state;
  fail_alloc_at(1);
  assert_null(sio_ws_control(SIO_WS_PING, SIO_BYTES("")));
  fail_alloc_at(1);
  assert_null(sio_ws_close_frame(1000, SIO_BYTES("")));
  fail_alloc_at(0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(writes_the_shortest_header),
      cmocka_unit_test(makes_control_frames),
      cmocka_unit_test(makes_close_frames),
      cmocka_unit_test(cuts_a_long_reason_between_characters),
      cmocka_unit_test(needs_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
