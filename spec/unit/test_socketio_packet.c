#include "base/error.h"
#include "base/limits.h"
#include "fail_alloc.h"
#include "socketio/parser.h"

enum { MAX_ATTACHMENTS = 10 };

static int parse(const char *text, sio_packet *packet, const char **reason) {
  return sio_packet_parse(sio_bytes_str(text), MAX_ATTACHMENTS, packet, reason);
}

static void assert_bytes(sio_bytes bytes, const char *expected) {
  assert_int_equal(bytes.len, strlen(expected));
  assert_memory_equal(bytes.base, expected, bytes.len);
}

/* --- what is taken --- */

typedef struct sample {
  const char *text;
  enum sio_type type;
  const char *nsp;
  int64_t id;
  size_t attachments;
  const char *payload;
  const char *canonical; /* as we write it; NULL: as the text */
} sample;

static const sample samples[] = {
    {"0", SIO_CONNECT, "/", SIO_NO_ACK, 0, "", NULL},
    {"0{}", SIO_CONNECT, "/", SIO_NO_ACK, 0, "{}", NULL},
    {"012{}", SIO_CONNECT, "/", 12, 0, "{}", NULL},
    {"0/admin", SIO_CONNECT, "/admin", SIO_NO_ACK, 0, "", "0/admin,"},
    {"0/admin,", SIO_CONNECT, "/admin", SIO_NO_ACK, 0, "", NULL},
    {"0/admin?a=1&b=/,{\"t\":1}", SIO_CONNECT, "/admin?a=1&b=/", SIO_NO_ACK, 0, "{\"t\":1}", NULL},
    {"0/a{}", SIO_CONNECT, "/a{}", SIO_NO_ACK, 0, "", "0/a{},"},
    {"0/\"\\\n,", SIO_CONNECT, "/\"\\\n", SIO_NO_ACK, 0, "", NULL},
    {"1", SIO_DISCONNECT, "/", SIO_NO_ACK, 0, "", NULL},
    {"1/admin,", SIO_DISCONNECT, "/admin", SIO_NO_ACK, 0, "", NULL},
    {"112", SIO_DISCONNECT, "/", 12, 0, "", NULL},
    {"2[\"a\"]", SIO_EVENT, "/", SIO_NO_ACK, 0, "[\"a\"]", NULL},
    {"2/,[\"a\"]", SIO_EVENT, "/", SIO_NO_ACK, 0, "[\"a\"]", "2[\"a\"]"},
    {"2/,7[\"a\"]", SIO_EVENT, "/", 7, 0, "[\"a\"]", "27[\"a\"]"},
    {"200012[\"a\"]", SIO_EVENT, "/", 12, 0, "[\"a\"]", "212[\"a\"]"},
    {"20[\"a\"]", SIO_EVENT, "/", 0, 0, "[\"a\"]", NULL},
    {"29007199254740993[1]", SIO_EVENT, "/", 9007199254740993, 0, "[1]", NULL},
    {"29223372036854775807[1]", SIO_EVENT, "/", INT64_MAX, 0, "[1]", NULL},
    {"2/admin,12[\"a\"]", SIO_EVENT, "/admin", 12, 0, "[\"a\"]", NULL},
    {"3456[]", SIO_ACK, "/", 456, 0, "[]", NULL},
    {"3[]", SIO_ACK, "/", SIO_NO_ACK, 0, "[]", NULL},
    {"4{\"message\":\"x\"}", SIO_CONNECT_ERROR, "/", SIO_NO_ACK, 0, "{\"message\":\"x\"}", NULL},
    {"4\"x\"", SIO_CONNECT_ERROR, "/", SIO_NO_ACK, 0, "\"x\"", NULL},
    {"4", SIO_CONNECT_ERROR, "/", SIO_NO_ACK, 0, "", NULL},
    {"51-[\"b\"]", SIO_BINARY_EVENT, "/", SIO_NO_ACK, 1, "[\"b\"]", NULL},
    {"5003-[\"b\"]", SIO_BINARY_EVENT, "/", SIO_NO_ACK, 3, "[\"b\"]", "53-[\"b\"]"},
    {"510-/a,7[\"b\"]", SIO_BINARY_EVENT, "/a", 7, 10, "[\"b\"]", NULL},
    {"61-7[1]", SIO_BINARY_ACK, "/", 7, 1, "[1]", NULL},
};

static void test_samples_are_read(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
    const sample *it = &samples[i];
    sio_packet packet;
    const char *reason;
    if (parse(it->text, &packet, &reason) != 0)
      fail_msg("%s: %s", it->text, reason);
    assert_int_equal(packet.type, it->type);
    assert_bytes(packet.nsp, it->nsp);
    assert_true(packet.id == it->id);
    assert_int_equal(packet.attachments, it->attachments);
    assert_bytes(packet.payload, it->payload);
  }
}

static void test_samples_are_written(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
    const sample *it = &samples[i];
    sio_packet packet;
    const char *reason;
    assert_int_equal(parse(it->text, &packet, &reason), 0);
    sio_frame *frame = sio_packet_encode(&sio_parser_text, &packet);
    assert_non_null(frame);
    assert_int_equal(frame->payload[0], '4');
    assert_false(frame->binary);
    assert_bytes(sio_bytes_of(frame->payload + 1, frame->len - 1),
                 it->canonical != NULL ? it->canonical : it->text);
    sio_frame_unref(frame);
  }
}

/* --- what is refused --- */

static const struct {
  const char *text;
  int code;
  const char *reason;
} refused[] = {
    {"", SIO_EPARSE, "unknown packet type NaN"},
    {"a", SIO_EPARSE, "unknown packet type NaN"},
    {" 2[\"a\"]", SIO_EPARSE, "unknown packet type NaN"},
    {"-1", SIO_EPARSE, "unknown packet type NaN"},
    {"7", SIO_EPARSE, "unknown packet type 7"},
    {"8[\"a\"]", SIO_EPARSE, "unknown packet type 8"},
    {"9", SIO_EPARSE, "unknown packet type 9"},
    {"0[]", SIO_EPARSE, "invalid payload"},
    {"0\"x\"", SIO_EPARSE, "invalid payload"},
    {"0null", SIO_EPARSE, "invalid payload"},
    {"0a", SIO_EPARSE, "invalid payload"},
    {"0 {}", SIO_EPARSE, "invalid payload"},
    {"1{}", SIO_EPARSE, "invalid payload"},
    {"1[]", SIO_EPARSE, "invalid payload"},
    {"2", SIO_EPARSE, "invalid payload"},
    {"212", SIO_EPARSE, "invalid payload"},
    {"2/a", SIO_EPARSE, "invalid payload"},
    {"2/a,", SIO_EPARSE, "invalid payload"},
    {"2{}", SIO_EPARSE, "invalid payload"},
    {"2-1[\"a\"]", SIO_EPARSE, "invalid payload"},
    {"2+1[\"a\"]", SIO_EPARSE, "invalid payload"},
    {"21.5[\"a\"]", SIO_EPARSE, "invalid payload"},
    {"21e3[\"a\"]", SIO_EPARSE, "invalid payload"},
    {"2 [\"a\"]", SIO_EPARSE, "invalid payload"},
    {"21 2[\"a\"]", SIO_EPARSE, "invalid payload"},
    {"2\xef\xbb\xbf[\"a\"]", SIO_EPARSE, "invalid payload"},
    {"29223372036854775808[1]", SIO_ELIMIT, "acknowledgement id too large"},
    {"2000000000000000000012[1]", SIO_ELIMIT, "acknowledgement id too large"},
    {"299999999999999999999999[1]", SIO_ELIMIT, "acknowledgement id too large"},
    {"3", SIO_EPARSE, "invalid payload"},
    {"31{}", SIO_EPARSE, "invalid payload"},
    {"4[]", SIO_EPARSE, "invalid payload"},
    {"41.5", SIO_EPARSE, "invalid payload"},
    {"5", SIO_EPARSE, "Illegal attachments"},
    {"5-", SIO_EPARSE, "Illegal attachments"},
    {"5-[\"a\"]", SIO_EPARSE, "Illegal attachments"},
    {"51[\"a\"]", SIO_EPARSE, "Illegal attachments"},
    {"50-[\"a\"]", SIO_EPARSE, "Illegal attachments"},
    {"5000-[\"a\"]", SIO_EPARSE, "Illegal attachments"},
    {"51.5-[\"a\"]", SIO_EPARSE, "Illegal attachments"},
    {"51e1-[\"a\"]", SIO_EPARSE, "Illegal attachments"},
    {"5 1-[\"a\"]", SIO_EPARSE, "Illegal attachments"},
    {"50x1-[\"a\"]", SIO_EPARSE, "Illegal attachments"},
    {"5+1-[\"a\"]", SIO_EPARSE, "Illegal attachments"},
    {"51-", SIO_EPARSE, "invalid payload"},
    {"511-[\"a\"]", SIO_ELIMIT, "too many attachments"},
    {"599999999999-[\"a\"]", SIO_ELIMIT, "too many attachments"},
    {"518446744073709551617-[\"a\"]", SIO_ELIMIT, "too many attachments"},
    {"61[1]", SIO_EPARSE, "Illegal attachments"},
    {"61-{}", SIO_EPARSE, "invalid payload"},
};

static void test_malformed_is_refused(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
    sio_packet packet;
    const char *reason = NULL;
    int code = parse(refused[i].text, &packet, &reason);
    if (code != refused[i].code || reason == NULL || strcmp(reason, refused[i].reason) != 0)
      fail_msg("%s: %d %s", refused[i].text, code, reason != NULL ? reason : "(none)");
  }
}

static void test_names_have_a_limit(void **state) {
  (void)state;
  static char text[2 + SIO_MAX_NAME];
  memset(text, 'n', sizeof(text));
  text[0] = '0';
  text[1] = '/';
  sio_packet packet;
  const char *reason;
  size_t most = 1 + SIO_MAX_NAME;
  assert_int_equal(sio_packet_parse(sio_bytes_of(text, most), 0, &packet, &reason), 0);
  assert_int_equal(packet.nsp.len, SIO_MAX_NAME);
  assert_int_equal(sio_packet_parse(sio_bytes_of(text, most + 1), 0, &packet, &reason), SIO_ELIMIT);
  assert_string_equal(reason, "namespace too long");
}

static void test_attachments_have_a_limit(void **state) {
  (void)state;
  sio_packet packet;
  const char *reason;
  sio_bytes text = SIO_BYTES("53-[\"a\"]");
  assert_int_equal(sio_packet_parse(text, 3, &packet, &reason), 0);
  assert_int_equal(sio_packet_parse(text, 2, &packet, &reason), SIO_ELIMIT);
}

/* The text ends where it says, not at a NUL. */
static void test_the_end_is_respected(void **state) {
  (void)state;
  sio_packet packet;
  const char *reason;
  assert_int_equal(sio_packet_parse(sio_bytes_of("0/abc", 3), 0, &packet, &reason), 0);
  assert_bytes(packet.nsp, "/a");
  assert_int_equal(sio_packet_parse(sio_bytes_of("312[]", 3), 0, &packet, &reason), SIO_EPARSE);
  assert_int_equal(sio_packet_parse(sio_bytes_of("51-[]", 2), 1, &packet, &reason), SIO_EPARSE);
}

/* --- messages --- */

static void test_a_message_without_attachments(void **state) {
  (void)state;
  sio_packet packet = {.type = SIO_EVENT, .nsp = SIO_BYTES("/"), .id = SIO_NO_ACK};
  packet.payload = SIO_BYTES("[\"a\"]");
  sio_message message;
  assert_int_equal(sio_message_init(&message, &sio_parser_text, &packet, NULL, 0), 0);
  assert_bytes(sio_frame_payload(message.text), "42[\"a\"]");
  assert_int_equal(message.count, 0);
  sio_message_deinit(&message);
}

static void test_a_message_with_attachments(void **state) {
  (void)state;
  sio_bytes attachments[] = {SIO_BYTES("\1\2"), SIO_BYTES("")};
  sio_packet packet = {.type = SIO_ACK, .nsp = SIO_BYTES("/a"), .id = 5};
  packet.payload = SIO_BYTES("[0]");
  sio_message message;
  assert_int_equal(sio_message_init(&message, &sio_parser_text, &packet, attachments, 2), 0);
  assert_bytes(sio_frame_payload(message.text), "462-/a,5[0]");
  assert_int_equal(message.count, 2);
  assert_true(message.attachments[0]->binary);
  assert_bytes(sio_frame_payload(message.attachments[0]), "\1\2");
  assert_int_equal(message.attachments[1]->len, 0);
  sio_message_deinit(&message);
}

/* Begun without attachments, as nobody knows how many there will be. */
static void test_a_message_is_finished_in_place(void **state) {
  (void)state;
  static const struct {
    size_t count;
    const char *expected;
  } examples[] = {{0, "42/a,5"}, {1, "451-/a,5"}, {10, "4510-/a,5"}, {123, "45123-/a,5"}};
  static sio_bytes attachments[123];
  static char payload[9000];
  memset(payload, 'x', sizeof(payload));
  sio_packet packet = {.type = SIO_EVENT, .nsp = SIO_BYTES("/a"), .id = 5};
  sio_buf out = {0};
  for (size_t i = 0; i < sizeof(examples) / sizeof(*examples); i++)
    for (size_t len = 0; len <= sizeof(payload); len += 1000) {
      sio_message message;
      size_t start = strlen(examples[i].expected);
      assert_int_equal(sio_parser_text.begin(&out, &packet, 900), 0);
      assert_int_equal(sio_buf_append(&out, payload, len), 0);
      assert_int_equal(sio_message_finish(&message, &sio_parser_text, &out, &packet, attachments,
                                          examples[i].count),
                       0);
      assert_int_equal(message.count, examples[i].count);
      assert_int_equal(message.text->len, start + len);
      assert_memory_equal(message.text->payload, examples[i].expected, start);
      assert_memory_equal(message.text->payload + start, payload, len);
      sio_message_deinit(&message);
    }
  sio_buf_deinit(&out);
}

static void make_message(void *ctx) {
  (void)ctx;
  sio_bytes attachments[] = {SIO_BYTES("\1"), SIO_BYTES("\2")};
  sio_packet packet = {.type = SIO_EVENT, .nsp = SIO_BYTES("/"), .id = SIO_NO_ACK};
  sio_message message;
  int err = sio_message_init(&message, &sio_parser_text, &packet, attachments, 2);
  if (err == 0)
    sio_message_deinit(&message);
  assert_true(err == 0 ? !fail_alloc_has_failed() : err == SIO_ENOMEM);
}

static void test_a_message_survives_lack_of_memory(void **state) {
  (void)state;
  assert_int_equal(fail_each_alloc(make_message, NULL), 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_samples_are_read),
      cmocka_unit_test(test_samples_are_written),
      cmocka_unit_test(test_malformed_is_refused),
      cmocka_unit_test(test_names_have_a_limit),
      cmocka_unit_test(test_attachments_have_a_limit),
      cmocka_unit_test(test_the_end_is_respected),
      cmocka_unit_test(test_a_message_without_attachments),
      cmocka_unit_test(test_a_message_with_attachments),
      cmocka_unit_test(test_a_message_is_finished_in_place),
      cmocka_unit_test(test_a_message_survives_lack_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
