/* Packets in MessagePack: what is taken, what is refused and why, and how ours are written. */
#include "socketio/parser.h"

#include "base/error.h"
#include "base/limits.h"
#include "fail_alloc.h"

#define BYTES(literal) literal, sizeof(literal) - 1

static const sio_parser *const parser = &sio_parser_msgpack;

static int parse(const char *bytes, size_t len, sio_packet *packet, const char **reason) {
  return parser->parse(sio_bytes_of(bytes, len), 0, packet, reason);
}

/* The keys, as they stand in a packet. */
#define TYPE "\xa4type"
#define NSP "\xa3nsp"
#define DATA "\xa4\x64\x61ta"
#define ID "\xa2id"
#define OPTIONS "\xa7options\x81\xa8\x63ompress\xc3"
#define UNDEFINED "\xd4\0\0"
#define ROOT NSP "\xa1/"

/* --- what is taken --- */

typedef struct sample {
  const char *bytes;
  size_t len;
  enum sio_type type;
  const char *nsp;
  int64_t id;
  const char *payload;
  size_t payload_len;
} sample;

static const sample samples[] = {
    /* as npm's client 4.8.4 sends them */
    {BYTES("\x83" TYPE "\0" DATA UNDEFINED ROOT), SIO_CONNECT, "/", SIO_NO_ACK, BYTES("")},
    {BYTES("\x83" TYPE "\0" DATA "\x81\xa1t\5" NSP "\xa2/a"), SIO_CONNECT, "/a", SIO_NO_ACK,
     BYTES("\x81\xa1t\5")},
    {BYTES("\x84" TYPE "\2" DATA "\x91\xa1x" OPTIONS ROOT), SIO_EVENT, "/", SIO_NO_ACK,
     BYTES("\x91\xa1x")},
    {BYTES("\x85" TYPE "\2" DATA "\x92\xa1q\x81\xa1\x61\xc4\1\1" OPTIONS ID "\0" ROOT), SIO_EVENT,
     "/", 0, BYTES("\x92\xa1q\x81\xa1\x61\xc4\1\1")},
    {BYTES("\x84" TYPE "\3" ID "\xcd\1\0" DATA "\x90" ROOT), SIO_ACK, "/", 256, BYTES("\x90")},
    {BYTES("\x82" TYPE "\1" ROOT), SIO_DISCONNECT, "/", SIO_NO_ACK, BYTES("")},
    /* in another order, with keys of any kind that mean nothing, with a key twice */
    {BYTES("\x85" ROOT "\x01\x02\x92\1\2\x80\xc0\xc0" TYPE "\0"), SIO_CONNECT, "/", SIO_NO_ACK,
     BYTES("")},
    {BYTES("\x84" TYPE "\3" TYPE "\2" ROOT DATA "\x91\1"), SIO_EVENT, "/", SIO_NO_ACK,
     BYTES("\x91\1")},
    /* undefined is absent */
    {BYTES("\x84" TYPE "\2" ROOT DATA "\x91\1" ID UNDEFINED), SIO_EVENT, "/", SIO_NO_ACK,
     BYTES("\x91\1")},
    {BYTES("\x83" TYPE "\1" ROOT DATA UNDEFINED), SIO_DISCONNECT, "/", SIO_NO_ACK, BYTES("")},
    /* whole numbers in any form */
    {BYTES("\x84" TYPE "\xcb\x40\0\0\0\0\0\0\0" ROOT DATA "\x91\1" ID "\xca\x40\x40\0\0"),
     SIO_EVENT, "/", 3, BYTES("\x91\1")},
    {BYTES("\x84" TYPE "\xd3\0\0\0\0\0\0\0\2" ROOT DATA "\x91\1" ID
           "\xcf\x7f\xff\xff\xff\xff\xff\xff\xff"),
     SIO_EVENT, "/", INT64_MAX, BYTES("\x91\1")},
    {BYTES("\x83" TYPE "\4" ROOT DATA "\xa1x"), SIO_CONNECT_ERROR, "/", SIO_NO_ACK, BYTES("\xa1x")},
    {BYTES("\x83" TYPE "\4" ROOT DATA "\x80"), SIO_CONNECT_ERROR, "/", SIO_NO_ACK, BYTES("\x80")},
    {BYTES("\x82" TYPE "\0" NSP "\xa4/a,b"), SIO_CONNECT, "/a,b", SIO_NO_ACK, BYTES("")},
};

/* Reads it from memory of exactly its size, after every shorter prefix was refused. */
static void samples_are_read(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(samples); i++) {
    const sample *it = &samples[i];
    for (size_t cut = 0; cut <= it->len; cut++) {
      char *copy = malloc(cut > 0 ? cut : 1);
      assert_non_null(copy);
      memcpy(copy, it->bytes, cut);
      sio_packet packet;
      const char *reason = NULL;
      int err = parse(copy, cut, &packet, &reason);
      if (cut < it->len) {
        assert_int_equal(err, SIO_EPARSE);
        assert_string_equal(reason, "malformed MessagePack");
      } else {
        if (err != 0)
          fail_msg("sample %zu: %s", i, reason);
        assert_int_equal(packet.type, it->type);
        assert_true(sio_bytes_eq(packet.nsp, sio_bytes_str(it->nsp)));
        assert_true(packet.id == it->id);
        assert_int_equal(packet.attachments, 0);
        assert_true(sio_bytes_eq(packet.payload, sio_bytes_of(it->payload, it->payload_len)));
      }
      free(copy);
    }
  }
}

/* --- what is refused --- */

static void others_are_refused(void **state) {
  (void)state;
  static const char malformed[] = "malformed MessagePack", type[] = "invalid packet type",
                    nsp[] = "invalid namespace", payload[] = "invalid payload",
                    id[] = "invalid packet id";
  static const struct {
    const char *bytes;
    size_t len;
    const char *reason;
  } refused[] = {
      {BYTES("\xc1"), malformed},
      {BYTES("\x82" TYPE "\0" ROOT "\0"), "trailing bytes"},
      {BYTES("\x82" TYPE "\0" ROOT "\x82" TYPE "\0" ROOT), "trailing bytes"},
      {BYTES("\x83" TYPE "\2" ROOT DATA "\xdd\xff\xff\xff\xff"), malformed},
      {BYTES("\x83" TYPE "\2" ROOT DATA "\xdf\xff\xff\xff\xff\1\1"), malformed},
      {BYTES("\xdf\xff\xff\xff\xff" TYPE "\2" ROOT), malformed},
      {BYTES("\x82" TYPE "\0" NSP "\xdb\xff\xff\xff\xff/"), malformed},
      /* no map, no type */
      {BYTES("\xc0"), type},
      {BYTES("\x91\1"), type},
      {BYTES("0"), type},
      {BYTES("\x80"), type},
      {BYTES("\x81" ROOT), type},
      {BYTES("\x82" TYPE "\5" ROOT), type},
      {BYTES("\x82" TYPE "\xff" ROOT), type},
      {BYTES("\x82" TYPE "\xa1"
             "2" ROOT),
       type},
      {BYTES("\x82" TYPE "\xc0" ROOT), type},
      {BYTES("\x82" TYPE "\xcb\x3f\xf8\0\0\0\0\0\0" ROOT), type},
      {BYTES("\x82" TYPE "\xcb\x7f\xf8\0\0\0\0\0\0" ROOT), type},
      {BYTES("\x82" TYPE "\xcb\x7f\xf0\0\0\0\0\0\0" ROOT), type},
      {BYTES("\x82\xc4\4type\0" ROOT), type}, /* bytes are no key */
      /* no namespace */
      {BYTES("\x81" TYPE "\0"), nsp},
      {BYTES("\x82" TYPE "\0" NSP "\1"), nsp},
      {BYTES("\x82" TYPE "\0" NSP "\xc0"), nsp},
      {BYTES("\x82" TYPE "\0" NSP "\xc4\1/"), nsp},
      {BYTES("\x82" TYPE "\0" NSP "\xa0"), nsp},
      {BYTES("\x82" TYPE "\0" NSP "\xa1x"), nsp},
      {BYTES("\x82" TYPE "\0" NSP "\xa2/\xff"), nsp},
      /* data of another kind than the type asks for */
      {BYTES("\x83" TYPE "\0" ROOT DATA "\xc0"), payload},
      {BYTES("\x83" TYPE "\0" ROOT DATA "\x90"), payload},
      {BYTES("\x83" TYPE "\0" ROOT DATA "\xa1x"), payload},
      {BYTES("\x83" TYPE "\1" ROOT DATA "\xc0"), payload},
      {BYTES("\x83" TYPE "\1" ROOT DATA "\1"), payload},
      {BYTES("\x82" TYPE "\2" ROOT), payload},
      {BYTES("\x83" TYPE "\2" ROOT DATA UNDEFINED), payload},
      {BYTES("\x83" TYPE "\2" ROOT DATA "\xc0"), payload},
      {BYTES("\x83" TYPE "\2" ROOT DATA "\x80"), payload},
      {BYTES("\x83" TYPE "\2" ROOT DATA "\xc4\1\x90"), payload},
      {BYTES("\x83" TYPE "\3" ROOT DATA "\x80"), payload},
      {BYTES("\x82" TYPE "\4" ROOT), payload},
      {BYTES("\x83" TYPE "\4" ROOT DATA "\x90"), payload},
      /* no id */
      {BYTES("\x84" TYPE "\2" ROOT DATA "\x90" ID "\xc0"), id},
      {BYTES("\x84" TYPE "\2" ROOT DATA "\x90" ID "\xff"), id},
      {BYTES("\x84" TYPE "\2" ROOT DATA "\x90" ID "\xa1"
             "1"),
       id},
      {BYTES("\x84" TYPE "\2" ROOT DATA "\x90" ID "\xcb\x3f\xf8\0\0\0\0\0\0"), id},
      {BYTES("\x84" TYPE "\2" ROOT DATA "\x90" ID "\xcf\x80\0\0\0\0\0\0\0"), id},
  };
  for (size_t i = 0; i < COUNT(refused); i++) {
    sio_packet packet;
    const char *reason = NULL;
    int err = parse(refused[i].bytes, refused[i].len, &packet, &reason);
    if (err != SIO_EPARSE || strcmp(reason, refused[i].reason) != 0)
      fail_msg("case %zu: %d %s", i, err, reason != NULL ? reason : "(none)");
  }
}

static void names_have_a_limit(void **state) {
  (void)state;
  static const char head[] = "\x82" TYPE "\0" NSP "\xda";
  static char text[sizeof(head) + 2 + SIO_MAX_NAME + 1];
  for (size_t len = SIO_MAX_NAME - 1; len <= SIO_MAX_NAME + 1; len++) {
    memcpy(text, head, sizeof(head) - 1);
    text[sizeof(head) - 1] = (char)(len >> 8);
    text[sizeof(head)] = (char)(len & 0xff);
    memset(text + sizeof(head) + 1, 'n', len);
    text[sizeof(head) + 1] = '/';
    sio_packet packet;
    const char *reason = "";
    int err = parse(text, sizeof(head) + 1 + len, &packet, &reason);
    assert_int_equal(err, len <= SIO_MAX_NAME ? 0 : SIO_ELIMIT);
    assert_true(err == 0 || strcmp(reason, "namespace too long") == 0);
  }
}

/* --- what is written --- */

static void assert_frame(const sio_packet *packet, const char *bytes, size_t len) {
  sio_frame *frame = sio_packet_encode(parser, packet);
  assert_non_null(frame);
  assert_true(frame->binary);
  assert_true(sio_bytes_eq(sio_frame_payload(frame), sio_bytes_of(bytes, len)));
  sio_frame_unref(frame);
}

/* As npm's server 4.8.4 sends them. */
static void packets_are_written(void **state) {
  (void)state;
  sio_packet event = {.type = SIO_EVENT, .nsp = SIO_BYTES("/"), .id = SIO_NO_ACK};
  event.payload = SIO_BYTES("\x91\xa1x");
  assert_frame(&event, BYTES("\x83" TYPE "\2" DATA "\x91\xa1x" ROOT));
  event.id = 200;
  event.nsp = SIO_BYTES("/admin");
  assert_frame(&event, BYTES("\x84" TYPE "\2" DATA "\x91\xa1x" ID "\xcc\xc8" NSP "\xa6/admin"));
  sio_packet leave = {.type = SIO_DISCONNECT, .nsp = SIO_BYTES("/"), .id = SIO_NO_ACK};
  assert_frame(&leave, BYTES("\x82" TYPE "\1" ROOT));
  sio_packet refusal = {.type = SIO_CONNECT_ERROR, .nsp = SIO_BYTES("/"), .id = SIO_NO_ACK};
  refusal.payload = parser->unknown;
  assert_frame(&refusal, BYTES("\x83" TYPE "\4" DATA "\x81\xa7message\xb1Invalid namespace" ROOT));
}

static void assert_connect(const sio_parser *of, sio_bytes pid, const char *bytes, size_t len) {
  sio_buf out = {0};
  assert_int_equal(of->write_connect(&out, SIO_BYTES("abcdefghijklmnopqrst"), pid), 0);
  assert_true(sio_bytes_eq(sio_buf_bytes(&out), sio_bytes_of(bytes, len)));
  sio_buf_deinit(&out);
}

static void connects_are_written(void **state) {
  (void)state;
  assert_connect(parser, SIO_BYTES(""),
                 BYTES("\x82\xa3sid\xb4\x61\x62\x63\x64\x65\x66ghijklmnopqrst\xa3pid" UNDEFINED));
  assert_connect(parser, SIO_BYTES("p"),
                 BYTES("\x82\xa3sid\xb4\x61\x62\x63\x64\x65\x66ghijklmnopqrst\xa3pid\xa1p"));
  assert_connect(&sio_parser_text, SIO_BYTES(""), BYTES("{\"sid\":\"abcdefghijklmnopqrst\"}"));
  assert_connect(&sio_parser_text, SIO_BYTES("p"),
                 BYTES("{\"sid\":\"abcdefghijklmnopqrst\",\"pid\":\"p\"}"));
}

static void samples_are_written_and_read_again(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(samples); i++) {
    sio_packet packet, again;
    const char *reason;
    assert_int_equal(parse(samples[i].bytes, samples[i].len, &packet, &reason), 0);
    sio_frame *frame = sio_packet_encode(parser, &packet);
    assert_non_null(frame);
    assert_int_equal(parse(frame->payload, frame->len, &again, &reason), 0);
    assert_true(again.type == packet.type && again.id == packet.id);
    assert_true(sio_bytes_eq(again.nsp, packet.nsp));
    assert_true(sio_bytes_eq(again.payload, packet.payload));
    sio_frame_unref(frame);
  }
}

static void write_all(void *ctx) {
  (void)ctx;
  sio_packet packet = {.type = SIO_CONNECT, .nsp = SIO_BYTES("/"), .id = SIO_NO_ACK};
  sio_buf payload = {0};
  int err = parser->write_connect(&payload, SIO_BYTES("abcdefghijklmnopqrst"), SIO_BYTES(""));
  packet.payload = sio_buf_bytes(&payload);
  sio_message message;
  if (err == 0 && (err = sio_message_init(&message, parser, &packet, NULL, 0)) == 0)
    sio_message_deinit(&message);
  sio_buf_deinit(&payload);
  assert_true(err == 0 ? !fail_alloc_has_failed() : err == SIO_ENOMEM);
}

static void writing_survives_lack_of_memory(void **state) {
  (void)state;
  assert_int_equal(fail_each_alloc(write_all, NULL), 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(samples_are_read),
      cmocka_unit_test(others_are_refused),
      cmocka_unit_test(names_have_a_limit),
      cmocka_unit_test(packets_are_written),
      cmocka_unit_test(connects_are_written),
      cmocka_unit_test(samples_are_written_and_read_again),
      cmocka_unit_test(writing_survives_lack_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
