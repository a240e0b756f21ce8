/* Packets and payloads of revision 3, and JSONP: bytes in, bytes out. */
#include "engine/revision3.h"

#include <stdio.h>
#include <time.h>

#include "base/alloc.h"
#include "engine/jsonp.h"
#include "fail_alloc.h"

static void assert_wire(const sio_frame *frame, sio_bytes expected) {
  assert_non_null(frame);
  sio_bytes wire = sio_frame_wire(frame);
  assert_int_equal(wire.len, expected.len);
  assert_memory_equal(wire.base, expected.base, expected.len);
}

static void makes_each_form_once(void **state) {
  (void)state;
  sio_frame *message = sio_message_binary(SIO_BYTES("\x01\x02"));
  sio_frame *typed = sio_packet3_frame(message, SIO_REVISION_3);
  sio_frame *text = sio_packet3_frame(message, SIO_REVISION_3_TEXT);
  sio_frame *text4 = sio_packet3_frame(message, SIO_REVISION_4_TEXT);
  assert_wire(message, SIO_BYTES("\x82\x02\x01\x02"));
  assert_wire(typed, SIO_BYTES("\x82\x03\x04\x01\x02"));
  assert_wire(text, SIO_BYTES("\x81\x06"
                              "b4AQI="));
  assert_wire(text4, SIO_BYTES("\x81\x05"
                               "bAQI="));
  assert_true(typed->binary);
  assert_false(text->binary);
  assert_ptr_equal(sio_packet3_frame(message, SIO_REVISION_3), typed);
  assert_ptr_equal(sio_packet3_frame(message, SIO_REVISION_3_TEXT), text);
  assert_ptr_equal(sio_packet3_frame(message, SIO_REVISION_4_TEXT), text4);
  sio_frame_unref(message);
}

static void forms_outlive_their_frame(void **state) {
  (void)state;
  fail_alloc_at(0);
  sio_frame *message = sio_message_binary(SIO_BYTES("\x01"));
  sio_frame *typed = sio_frame_ref(sio_packet3_frame(message, SIO_REVISION_3));
  sio_frame_unref(message);
  assert_wire(typed, SIO_BYTES("\x82\x02\x04\x01"));
  sio_frame_unref(typed);
  assert_int_equal(fail_alloc_now.live, 0);
  sio_set_allocator(NULL, NULL);
}

/* --- in --- */

typedef bool next_packet(char *payload, size_t len, size_t *at, sio_packet_in *packet);

/* The packets of a payload, each as type, 'b' if binary, and data in parentheses. */
static void assert_packets(next_packet *next, sio_bytes payload, const char *expected) {
  char *copy = malloc(payload.len > 0 ? payload.len : 1), got[256] = "";
  assert_non_null(copy);
  memcpy(copy, payload.base, payload.len);
  size_t len = 0;
  sio_packet_in packet;
  for (size_t at = 0; next(copy, payload.len, &at, &packet);)
    len += (size_t)snprintf(got + len, sizeof(got) - len, "%d%s(%.*s)", packet.type,
                            packet.binary ? "b" : "", (int)packet.len,
                            packet.data != NULL ? packet.data : "");
  free(copy);
  assert_string_equal(got, expected);
}

static void assert_text(const char *payload, const char *expected) {
  assert_packets(sio_payload3_next, sio_bytes_str(payload), expected);
}

static void splits_text_payloads(void **state) {
  (void)state;
  assert_text("6:4hello2:4€", "4(hello)4(€)");
  assert_text("3:4😀1:2", "4(😀)2()");
  assert_text("5:4hell", "4(hell)");
  assert_text("01:2", "2()");
  assert_text("6:b4QUI=1:1", "4b(AB)1()");
  assert_text("2:b4", "4b()");
  assert_text("0:", "");
  assert_text("0:0:1:6", "6()");
}

static void stops_at_a_malformed_packet(void **state) {
  (void)state;
  static const char *const bad[] = {"",
                                    "3:4",
                                    "abc",
                                    ":",
                                    "4",
                                    "-1:4",
                                    "1",
                                    "2:4\xff",
                                    "2:4\xe2\x82",
                                    "2:4😀",
                                    "1:7",
                                    "6:b2QUI=",
                                    "5:b4QUI",
                                    "1:b",
                                    "1 :2",
                                    "99999999999999999999999999:4"};
  for (size_t i = 0; i < COUNT(bad); i++)
    assert_text(bad[i], "-1()");
  assert_text("2:4a1:91:2", "4(a)-1()");
  assert_text("2:4ax", "4(a)-1()");
}

static void assert_binary(sio_bytes payload, const char *expected) {
  assert_packets(sio_payload3_next_binary, payload, expected);
}

static void splits_binary_payloads(void **state) {
  (void)state;
  assert_binary(SIO_BYTES("\x00\x04\xff"
                          "4€\x01\x03\xff\x04"
                          "AB"),
                "4(€)4b(AB)");
  assert_binary(SIO_BYTES("\x01\x01\xff\x04"), "4b()");
  assert_binary(SIO_BYTES("\x00\x01\x00\xff"
                          "4123456789\x00\x01\xff"
                          "2"),
                "4(123456789)2()");
  static const sio_bytes bad[] = {{"", 0},
                                  {"\x00", 1},
                                  {"\x01\xff", 2},
                                  {"\x00\x01\xff", 3},
                                  {"\x01\x05\xff\x04", 4},
                                  {"\x02\x01\xff\x04", 4},
                                  {"\x00\x0a\xff\x04", 4},
                                  {"\x01\x01\xff\x03", 4},
                                  {"\x01\x00\xff", 3},
                                  {"\x00\x01\xff\xff", 4},
                                  {"\x00\x09\x09\x09\x09\xff\x34", 7}};
  for (size_t i = 0; i < COUNT(bad); i++)
    assert_binary(bad[i], "-1()");
}

static void reads_half_a_million_packets_in_no_time(void **state) {
  (void)state;
  enum { PACKETS = 500000 };
  char *payload = malloc(3 * PACKETS);
  assert_non_null(payload);
  for (size_t i = 0; i < PACKETS; i++)
    memcpy(payload + 3 * i, "1:6", 3);
  clock_t start = clock();
  size_t count = 0;
  sio_packet_in packet;
  for (size_t at = 0; sio_payload3_next(payload, 3 * PACKETS, &at, &packet); count++)
    assert_true(packet.type == SIO_PACKET_NOOP);
  assert_int_equal(count, PACKETS);
  assert_true(clock() - start < CLOCKS_PER_SEC / 2);
  free(payload);
}

/* --- out --- */

static void assert_joined(sio_frame *const *frames, size_t count, enum sio_revision revision,
                          sio_bytes expected, bool binary) {
  sio_frame *payload = sio_payload3_join(frames, count, revision);
  assert_wire(payload, expected);
  assert_int_equal(payload->binary, binary);
  sio_frame_unref(payload);
}

static void joins_frames_to_a_payload(void **state) {
  (void)state;
  sio_frame *frames[] = {sio_packet_frame(SIO_PACKET_MESSAGE, SIO_BYTES("€😀")),
                         sio_message_binary(SIO_BYTES("\x01\x02\x03\x04")),
                         sio_packet_frame(SIO_PACKET_MESSAGE, SIO_BYTES("ninetimes"))};
  assert_joined(frames, 1, SIO_REVISION_3, SIO_BYTES("4:4€😀"), false);
  assert_joined(frames, 3, SIO_REVISION_3_TEXT, SIO_BYTES("4:4€😀10:b4AQIDBA==10:4ninetimes"),
                false);
  assert_joined(frames, 3, SIO_REVISION_3,
                SIO_BYTES("\x00\x08\xff"
                          "4€😀\x01\x05\xff\x04\x01\x02\x03\x04\x00\x01\x00\xff"
                          "4ninetimes"),
                true);
  for (size_t i = 0; i < COUNT(frames); i++)
    sio_frame_unref(frames[i]);
}

/* --- JSONP --- */

static void names_functions_by_digits(void **state) {
  (void)state;
  static const char *const names[][2] = {
      {"12", "12"}, {"", ""}, {"1alert(1)", "11"}, {"%31%3b2", "12"}, {"];x[", ""}};
  for (size_t i = 0; i < COUNT(names); i++) {
    char *digits = sio_jsonp_digits(sio_bytes_str(names[i][0]));
    assert_string_equal(digits, names[i][1]);
    sio_free(digits);
  }
}

static void wraps_payloads_in_scripts(void **state) {
  (void)state;
  sio_frame *payload =
      sio_frame_copy(SIO_BYTES("\"\\\b\f\n\r\t\x1e\x1f\x7f/€\xe2\x80\xa7\u2028\u2029\xe2\x80"));
  sio_frame *script = sio_jsonp_wrap(payload, "7");
  assert_wire(script, SIO_BYTES("___eio[7](\"\\\"\\\\\\b\\f\\n\\r\\t\\u001e\\u001f\x7f/€"
                                "\xe2\x80\xa7\\u2028\\u2029\xe2\x80\");"));
  sio_frame_unref(script);
  sio_frame_unref(payload);
}

static void assert_unwrapped(const char *form, const char *expected) {
  char copy[64];
  size_t len = strlen(form);
  memcpy(copy, form, len);
  sio_bytes data = sio_jsonp_unwrap(copy, len);
  assert_int_equal(data.base == NULL, expected == NULL);
  if (expected != NULL)
    assert_true(sio_bytes_eq(data, sio_bytes_str(expected)));
}

static void unwraps_forms(void **state) {
  (void)state;
  assert_unwrapped("d=2%3A40", "2:40");
  assert_unwrapped("x=1&d=a+b&y", "a b");
  assert_unwrapped("d=1&d=2", "2");
  assert_unwrapped("d=", "");
  assert_unwrapped("", NULL);
  assert_unwrapped("e=1", NULL);
  assert_unwrapped("d=a\\nb", "a\nb");
  assert_unwrapped("d=a\\\\nb", "a\\nb");
  assert_unwrapped("d=%5C%5C%5Cn", "\\\\n");
  assert_unwrapped("d=\\", "\\");
}

static void needs_memory(void **state) {
  (void)state;
  sio_frame *message = sio_message_binary(SIO_BYTES("x"));
  fail_alloc_at(1);
  assert_null(sio_packet3_frame(message, SIO_REVISION_3));
  fail_alloc_at(1);
  assert_null(sio_packet3_frame(message, SIO_REVISION_3_TEXT));
  fail_alloc_at(1);
  assert_null(sio_payload3_join(&message, 1, SIO_REVISION_3));
  fail_alloc_at(1);
  assert_null(sio_jsonp_digits(SIO_BYTES("1")));
  for (unsigned n = 1; n <= 2; n++) {
    fail_alloc_at(n);
    assert_null(sio_jsonp_wrap(message, "1"));
  }
  sio_set_allocator(NULL, NULL);
  sio_frame_unref(message);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(makes_each_form_once),
      cmocka_unit_test(forms_outlive_their_frame),
      cmocka_unit_test(splits_text_payloads),
      cmocka_unit_test(stops_at_a_malformed_packet),
      cmocka_unit_test(splits_binary_payloads),
      cmocka_unit_test(reads_half_a_million_packets_in_no_time),
      cmocka_unit_test(joins_frames_to_a_payload),
      cmocka_unit_test(names_functions_by_digits),
      cmocka_unit_test(wraps_payloads_in_scripts),
      cmocka_unit_test(unwraps_forms),
      cmocka_unit_test(needs_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
