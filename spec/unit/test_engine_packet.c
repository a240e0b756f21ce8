#include "engine/packet.h"

#include <stdio.h>
#include <time.h>

#include "fail_alloc.h"

static void assert_wire(sio_frame *frame, sio_bytes expected) {
  assert_non_null(frame);
  sio_bytes wire = sio_frame_wire(frame);
  assert_int_equal(wire.len, expected.len);
  assert_memory_equal(wire.base, expected.base, expected.len);
  sio_frame_unref(frame);
}

static void makes_sealed_frames(void **state) {
  (void)state;
  assert_wire(sio_packet_frame(SIO_PACKET_PING, SIO_BYTES("")), SIO_BYTES("\x81\x01"
                                                                          "2"));
  assert_wire(sio_packet_frame(SIO_PACKET_PONG, SIO_BYTES("probe")), SIO_BYTES("\x81\x06"
                                                                               "3probe"));
  assert_wire(sio_message_binary(SIO_BYTES("\x00\xff")), SIO_BYTES("\x82\x02\x00\xff"));
  sio_frame *message = sio_message_new(5);
  memcpy(sio_message_data(message), "hello", 5);
  assert_wire(message, SIO_BYTES("\x81\x06"
                                 "4hello"));
}

static void assert_read(const char *text, int type, bool binary, sio_bytes data) {
  char copy[64];
  size_t len = strlen(text);
  memcpy(copy, text, len);
  sio_packet_in packet = sio_packet_read(copy, len);
  assert_int_equal(packet.type, type);
  assert_int_equal(packet.binary, binary);
  assert_true(sio_bytes_eq(sio_bytes_of(packet.data, packet.len), data));
}

static void reads_packets(void **state) {
  (void)state;
  assert_read("2", SIO_PACKET_PING, false, SIO_BYTES(""));
  assert_read("2probe", SIO_PACKET_PING, false, SIO_BYTES("probe"));
  assert_read("4", SIO_PACKET_MESSAGE, false, SIO_BYTES(""));
  assert_read("42[\"x\"]", SIO_PACKET_MESSAGE, false, SIO_BYTES("2[\"x\"]"));
  assert_read("6", SIO_PACKET_NOOP, false, SIO_BYTES(""));
  assert_read("bAQI=", SIO_PACKET_MESSAGE, true, SIO_BYTES("\x01\x02"));
  assert_read("b", SIO_PACKET_MESSAGE, true, SIO_BYTES(""));
}

static void refuses_what_is_no_packet(void **state) {
  (void)state;
  static const char *const bad[] = {"",      "7",    "9",       "abc",     "/",
                                    " 4",    "bAQI", "bAQ==I",  "bA===",   "bAQ-_",
                                    "bAR==", "b=",   "bAQI=\n", "\xc3\xa9"};
  for (size_t i = 0; i < COUNT(bad); i++)
    assert_read(bad[i], -1, false, SIO_BYTES(""));
}

/* The packets of a payload, each as type, 'b' if binary, and data in parentheses. */
static void assert_payload(sio_bytes payload, const char *expected) {
  char got[256] = "", *copy = malloc(payload.len + 1);
  assert_non_null(copy);
  memcpy(copy, payload.base, payload.len);
  sio_packet_in packet;
  for (size_t at = 0, n = 0; sio_payload_next(copy, payload.len, &at, &packet);)
    n += (size_t)snprintf(got + n, sizeof(got) - n, "%d%s(%.*s)", packet.type,
                          packet.binary ? "b" : "", (int)packet.len, packet.len ? packet.data : "");
  assert_string_equal(got, expected);
  free(copy);
}

static void splits_payloads(void **state) {
  (void)state;
  assert_payload(SIO_BYTES("4a"), "4(a)");
  assert_payload(SIO_BYTES("4a\x1e"
                           "bAQI=\x1e"
                           "2"),
                 "4(a)4b(\x01\x02)2()");
  assert_payload(SIO_BYTES(""), "-1()");
  assert_payload(SIO_BYTES("\x1e"), "-1()-1()");
  assert_payload(SIO_BYTES("4a\x1e"), "4(a)-1()");
  assert_payload(SIO_BYTES("4a\x1e\x1e"
                           "4b"),
                 "4(a)-1()4(b)");
  assert_payload(SIO_BYTES("4a\x1e"
                           "4\xff\x1e"
                           "4b"),
                 "4(a)-1()4(b)");
  assert_payload(SIO_BYTES("4\xe2\x82\xac"), "4(\xe2\x82\xac)");
  assert_payload(SIO_BYTES("4\xe2\x82\x1e\xac"), "-1()-1()");
}

static void reads_half_a_million_packets_in_no_time(void **state) {
  (void)state;
  enum { PACKETS = 500000 };
  char *payload = malloc(2 * PACKETS);
  assert_non_null(payload);
  for (size_t i = 0; i < PACKETS; i++)
    memcpy(payload + 2 * i, "6\x1e", 2);
  clock_t start = clock();
  size_t count = 0;
  sio_packet_in packet;
  for (size_t at = 0; sio_payload_next(payload, 2 * PACKETS - 1, &at, &packet); count++)
    assert_true(packet.type == SIO_PACKET_NOOP);
  assert_int_equal(count, PACKETS);
  assert_true(clock() - start < CLOCKS_PER_SEC / 2);
  free(payload);
}

static void joins_frames_to_a_payload(void **state) {
  (void)state;
  sio_frame *frames[] = {sio_packet_frame(SIO_PACKET_MESSAGE, SIO_BYTES("0{}")),
                         sio_message_binary(SIO_BYTES("\x01\x02")),
                         sio_packet_frame(SIO_PACKET_NOOP, SIO_BYTES(""))};
  assert_wire(sio_payload_join(frames, 3), SIO_BYTES("40{}\x1e"
                                                     "bAQI=\x1e"
                                                     "6"));
  assert_wire(sio_payload_join(frames + 1, 1), SIO_BYTES("bAQI="));
  sio_frame *one = sio_payload_join(frames, 1);
  assert_ptr_equal(one, frames[0]);
  sio_frame_unref(one);
  for (size_t i = 0; i < COUNT(frames); i++)
    sio_frame_unref(frames[i]);
}

static void needs_memory(void **state) {
  (void)state;
  sio_frame *message = sio_message_binary(SIO_BYTES("x"));
  fail_alloc_at(1);
  assert_null(sio_packet_frame(SIO_PACKET_PING, SIO_BYTES("")));
  fail_alloc_at(1);
  assert_null(sio_message_new(1));
  fail_alloc_at(1);
  assert_null(sio_message_binary(SIO_BYTES("x")));
  fail_alloc_at(1);
  assert_null(sio_payload_join(&message, 1));
  fail_alloc_at(0);
  assert_null(sio_message_new(SIZE_MAX));
  sio_set_allocator(NULL, NULL);
  sio_frame_unref(message);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(makes_sealed_frames),
      cmocka_unit_test(reads_packets),
      cmocka_unit_test(refuses_what_is_no_packet),
      cmocka_unit_test(splits_payloads),
      cmocka_unit_test(reads_half_a_million_packets_in_no_time),
      cmocka_unit_test(joins_frames_to_a_payload),
      cmocka_unit_test(needs_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
