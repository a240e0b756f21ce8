/* The decoder with permessage-deflate; without it: test_ws_decoder.c. */
#include "base/error.h"
#include "fail_alloc.h"
#include "ws_transcript.h"

enum { MAX = 100000, FIN = 0x80, RSV1 = 0x40, MASK = 0x80 };

/* --- streams of a client that compresses --- */

static sio_deflate *begin(bool no_context) {
  const sio_deflate_params params = {no_context, no_context, 0, 0};
  sio_deflate_options options;
  sio_deflate_options_init(&options);
  options.threshold = 0;
  sio_deflate_pool *pool = sio_deflate_pool_new(&options);
  sio_deflate *deflate = sio_deflate_new(pool, &params);
  assert_non_null(deflate);
  sio_deflate_pool_unref(pool);
  return deflate;
}

static void put(sio_buf *out, const void *data, size_t n) {
  assert_int_equal(sio_buf_append(out, data, n), 0);
}

static void put_frame(sio_buf *out, unsigned first, sio_bytes payload) {
  static const char mask[4] = {0x37, (char)0xfa, 0x21, 0x3d};
  size_t len = payload.len, wide = len < 126 ? 0 : len < 65536 ? 2 : 8;
  unsigned char head[10] = {(unsigned char)first, (unsigned char)(MASK | (wide == 0   ? len
                                                                          : wide == 2 ? 126
                                                                                      : 127))};
  for (size_t i = 0; i < wide; i++)
    head[2 + i] = (unsigned char)((uint64_t)len >> (8 * (wide - 1 - i)));
  put(out, head, 2 + wide);
  put(out, mask, sizeof(mask));
  for (size_t i = 0; i < len; i++)
    assert_int_equal(sio_buf_put(out, (char)(payload.base[i] ^ mask[i % 4])), 0);
}

static sio_frame *pack(sio_deflate *client, sio_bytes text) {
  sio_frame *frame = sio_frame_copy(text), *packed;
  assert_int_equal(sio_deflate_pack(client, frame, &packed), 0);
  sio_frame_unref(frame);
  return packed;
}

static void put_packed(sio_buf *out, sio_deflate *client, unsigned opcode, sio_bytes text) {
  sio_frame *packed = pack(client, text);
  put_frame(out, FIN | RSV1 | opcode, sio_frame_payload(packed));
  sio_frame_unref(packed);
}

/* In frames of step bytes, with a ping behind each; and what is to be read. */
static void put_in_parts(sio_buf *out, transcript *expected, sio_deflate *client, sio_bytes text,
                         size_t step) {
  sio_frame *packed = pack(client, text);
  for (size_t at = 0; at < packed->len; at += step) {
    bool is_last = packed->len - at <= step;
    unsigned first = (at == 0 ? RSV1 | SIO_WS_TEXT : 0) | (is_last ? FIN : 0);
    put_frame(out, first, sio_bytes_of(packed->payload + at, is_last ? packed->len - at : step));
    put_frame(out, FIN | SIO_WS_PING, SIO_BYTES("?"));
    if (is_last)
      transcript_add(expected, SIO_WS_TEXT, text);
    transcript_add(expected, SIO_WS_PING, SIO_BYTES("?"));
  }
  sio_frame_unref(packed);
}

/* --- messages --- */

static size_t one_by_one(void *ctx) {
  (void)ctx;
  return 1;
}

static size_t at_random(void *ctx) {
  uint64_t number = next_number(ctx);
  return 1 + (size_t)(number % (number % 3 == 0 ? 7 : 200));
}

static void assert_reads(const sio_buf *stream, bool no_context, const transcript *expected) {
  uint64_t seed = 0x9e3779b97f4a7c15;
  for (int way = 0; way < 20; way++) {
    transcript got = {0};
    sio_deflate *server = begin(no_context);
    transcript_read_packed(&got, sio_buf_bytes(stream), MAX, server,
                           way == 0   ? NULL
                           : way == 1 ? one_by_one
                                      : at_random,
                           &seed);
    sio_deflate_free(server);
    if (!transcript_eq(&got, expected))
      fail_msg("way %d: code %d, expected %d", way, got.code, expected->code);
    transcript_deinit(&got);
  }
}

#define TEXT SIO_BYTES("Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!")
#define BYTES SIO_BYTES("\x00\xff\xfe\xc3\xc3\xc3")

static void reads_messages_however_they_are_cut(void **state) {
  (void)state;
  for (int no_context = 0; no_context < 2; no_context++) {
    sio_deflate *client = begin(no_context);
    sio_buf stream = {0};
    transcript expected = {0};
    for (size_t step = 1; step < 8; step++) {
      put_packed(&stream, client, SIO_WS_TEXT, TEXT);
      transcript_add(&expected, SIO_WS_TEXT, TEXT);
      put_packed(&stream, client, SIO_WS_BINARY, BYTES);
      transcript_add(&expected, SIO_WS_BINARY, BYTES);
      put_frame(&stream, FIN | SIO_WS_TEXT, TEXT); /* any message may come in the clear */
      transcript_add(&expected, SIO_WS_TEXT, TEXT);
      put_packed(&stream, client, SIO_WS_TEXT, SIO_BYTES(""));
      transcript_add(&expected, SIO_WS_TEXT, SIO_BYTES(""));
      put_in_parts(&stream, &expected, client, TEXT, step);
    }
    assert_reads(&stream, no_context, &expected);
    transcript_deinit(&expected);
    sio_buf_deinit(&stream);
    sio_deflate_free(client);
  }
}

static void assert_code(const sio_buf *stream, int code) {
  uint64_t seed = 17;
  for (int way = 0; way < 3; way++) {
    transcript got = {0};
    sio_deflate *server = begin(true);
    transcript_read_packed(&got, sio_buf_bytes(stream), MAX, server,
                           way == 0   ? NULL
                           : way == 1 ? one_by_one
                                      : at_random,
                           &seed);
    assert_int_equal(got.code, code);
    transcript_deinit(&got);
    sio_deflate_free(server);
  }
}

static void checks_the_text_that_was_packed(void **state) {
  (void)state;
  static const struct {
    sio_bytes text;
    bool binary;
    int code;
  } cases[] = {
      {SIO_BYTES("\xff"), false, 1007},      {SIO_BYTES("\xed\xa0\x80"), false, 1007},
      {SIO_BYTES("ab\xc3"), false, 1007},    {SIO_BYTES("\xff"), true, 0},
      {SIO_BYTES("\xe2\x82\xac"), false, 0},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    sio_deflate *client = begin(true);
    sio_buf stream = {0};
    put_packed(&stream, client, cases[i].binary ? SIO_WS_BINARY : SIO_WS_TEXT, cases[i].text);
    assert_code(&stream, cases[i].code);
    put_frame(&stream, FIN | SIO_WS_TEXT, SIO_BYTES("\xff")); /* and that which was not */
    assert_code(&stream, 1007);
    sio_buf_deinit(&stream);
    sio_deflate_free(client);
  }
}

static void refuses_what_cannot_be_inflated(void **state) {
  (void)state;
  for (unsigned opcode = SIO_WS_TEXT; opcode <= SIO_WS_BINARY; opcode++) {
    sio_buf stream = {0};
    put_frame(&stream, FIN | RSV1 | opcode, SIO_BYTES("\xff\xff\xff\xff\xff"));
    assert_code(&stream, 1007);
    sio_buf_deinit(&stream);
  }
}

/* --- the bit that says it --- */

static const struct {
  unsigned firsts[3]; /* bytes of frames with an empty payload; 0 ends the list */
  int code, code_without;
} bits[] = {
    {{FIN | RSV1 | SIO_WS_TEXT}, 0, 1002},
    {{FIN | RSV1 | SIO_WS_BINARY}, 0, 1002},
    {{RSV1 | SIO_WS_TEXT, FIN | SIO_WS_CONTINUATION}, 0, 1002},
    {{RSV1 | SIO_WS_TEXT, FIN | RSV1 | SIO_WS_CONTINUATION}, 1002, 1002},
    {{SIO_WS_TEXT, FIN | RSV1 | SIO_WS_CONTINUATION}, 1002, 1002},
    {{SIO_WS_BINARY, RSV1 | SIO_WS_CONTINUATION}, 1002, 1002},
    {{FIN | RSV1 | SIO_WS_CONTINUATION}, 1002, 1002},
    {{RSV1 | SIO_WS_TEXT, FIN | RSV1 | SIO_WS_PING}, 1002, 1002},
    {{FIN | RSV1 | SIO_WS_PING}, 1002, 1002},
    {{FIN | RSV1 | SIO_WS_PONG}, 1002, 1002},
    {{FIN | RSV1 | SIO_WS_CLOSE}, 1002, 1002},
    {{FIN | RSV1 | 0x03}, 1002, 1002},
    {{FIN | 0x20 | SIO_WS_TEXT}, 1002, 1002},
    {{FIN | 0x10 | SIO_WS_TEXT}, 1002, 1002},
    {{FIN | RSV1 | 0x20 | SIO_WS_TEXT}, 1002, 1002},
    {{FIN | RSV1 | 0x10 | SIO_WS_BINARY}, 1002, 1002},
    {{FIN | SIO_WS_TEXT, FIN | RSV1 | SIO_WS_TEXT, FIN | SIO_WS_BINARY}, 0, 1002},
};

static void takes_the_bit_where_it_belongs(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(bits); i++) {
    sio_buf stream = {0};
    transcript got = {0};
    for (size_t at = 0; at < COUNT(bits[i].firsts) && bits[i].firsts[at] != 0; at++)
      put_frame(&stream, bits[i].firsts[at], SIO_BYTES(""));
    assert_code(&stream, bits[i].code);
    transcript_read(&got, sio_buf_bytes(&stream), MAX, NULL, NULL);
    assert_int_equal(got.code, bits[i].code_without);
    transcript_deinit(&got);
    sio_buf_deinit(&stream);
  }
}

/* --- limits --- */

static char *new_noise(size_t len) {
  uint64_t seed = 23;
  char *bytes = malloc(len);
  assert_non_null(bytes);
  for (size_t i = 0; i < len; i++)
    bytes[i] = (char)next_number(&seed);
  return bytes;
}

/* What counts is the message, also when its compressed form is longer. */
static void limits_the_message(void **state) {
  (void)state;
  char *noise = new_noise(MAX + 1), *run = calloc(1, MAX + 1);
  for (int i = 0; i < 8; i++) {
    size_t len = MAX + (i % 2 == 0 ? 0 : 1);
    sio_bytes text = sio_bytes_of(i / 2 % 2 == 0 ? noise : run, len);
    sio_deflate *client = begin(true);
    sio_frame *packed = pack(client, text);
    sio_buf stream = {0};
    size_t first = i / 4 == 0 ? 0 : packed->len / 2; /* in one frame, or in two */
    if (text.base == noise)
      assert_true(packed->len > len);
    if (first > 0)
      put_frame(&stream, RSV1 | SIO_WS_BINARY, sio_bytes_of(packed->payload, first));
    put_frame(&stream, FIN | (first > 0 ? SIO_WS_CONTINUATION : RSV1 | SIO_WS_BINARY),
              sio_bytes_of(packed->payload + first, packed->len - first));
    assert_code(&stream, len > MAX ? 1009 : 0);
    sio_frame_unref(packed);
    sio_buf_deinit(&stream);
    sio_deflate_free(client);
  }
  free(noise);
  free(run);
}

/* No message of MAX bytes is so long, however it is compressed. */
static void refuses_endless_payloads_by_their_header(void **state) {
  (void)state;
  enum { MOST = MAX + MAX / 8 + 64 };
  for (size_t more = 0; more < 2; more++)
    for (size_t before = 0; before < 2; before++) {
      char *bytes = calloc(1, MOST + 1);
      sio_buf stream = {0};
      if (before > 0)
        put_frame(&stream, RSV1 | SIO_WS_TEXT, sio_bytes_of(bytes, before));
      unsigned first = before > 0 ? SIO_WS_CONTINUATION : RSV1 | SIO_WS_TEXT;
      put_frame(&stream, first, sio_bytes_of(bytes, MOST - before + more));
      stream.len -= MOST - before + more; /* the header is enough */
      assert_code(&stream, more > 0 ? 1009 : 0);
      sio_buf_deinit(&stream);
      free(bytes);
    }
}

/* --- memory --- */

static bool count_message(void *owner, char *data, size_t len, bool binary) {
  (void)data, (void)binary;
  *(size_t *)owner += len;
  return true;
}

static bool pass_over(void *owner, int opcode, sio_bytes payload) {
  (void)owner, (void)opcode, (void)payload;
  return true;
}

/* In two pieces, so that one message is gathered and one is not. */
static void read_once(void *ctx) {
  static const sio_ws_decoder_events events = {count_message, pass_over};
  const sio_buf *stream = ctx;
  char copy[256];
  const sio_deflate_params params = {0};
  sio_deflate_options options;
  sio_deflate_options_init(&options);
  sio_deflate_pool *pool = sio_deflate_pool_new(&options);
  sio_ws_decoder decoder;
  sio_ws_decoder_init(&decoder, MAX);
  decoder.deflate = pool != NULL ? sio_deflate_new(pool, &params) : NULL;
  if (decoder.deflate != NULL) {
    size_t count = 0;
    memcpy(copy, stream->base, stream->len);
    size_t left;
    int code = sio_ws_decode(&decoder, copy, 9, &events, &count, &left);
    if (code == 0)
      code = sio_ws_decode(&decoder, copy + 9, stream->len - 9, &events, &count, &left);
    assert_true(code == SIO_ENOMEM || (code == 0 && count == 2 * TEXT.len));
  }
  sio_ws_decoder_deinit(&decoder);
  sio_deflate_free(decoder.deflate);
  sio_deflate_pool_unref(pool);
}

static void reports_lack_of_memory(void **state) {
  (void)state;
  sio_deflate *client = begin(true);
  sio_buf stream = {0};
  put_packed(&stream, client, SIO_WS_TEXT, TEXT);
  put_packed(&stream, client, SIO_WS_TEXT, TEXT);
  fail_alloc_at(0);
  assert_true(fail_each_alloc(read_once, &stream) > 4);
  sio_set_allocator(NULL, NULL);
  sio_buf_deinit(&stream);
  sio_deflate_free(client);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_messages_however_they_are_cut),
      cmocka_unit_test(checks_the_text_that_was_packed),
      cmocka_unit_test(refuses_what_cannot_be_inflated),
      cmocka_unit_test(takes_the_bit_where_it_belongs),
      cmocka_unit_test(limits_the_message),
      cmocka_unit_test(refuses_endless_payloads_by_their_header),
      cmocka_unit_test(reports_lack_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
