#include <wslay/wslay.h>

#include "base/error.h"
#include "base/limits.h"
#include "fail_alloc.h"
#include "ws_oracle.h"

enum { MAX_MESSAGE = 1 << 20, MASK = 0x80 };

/* --- streams of client frames --- */

/* One frame (or, in what is expected, one message): its first byte, and its payload. */
typedef struct piece {
  unsigned first;   /* FIN, RSV and opcode */
  const char *text; /* NULL: a run of len times 'x' */
  size_t len;
  size_t times; /* in a row; 0: end of the list */
} piece;

#define FRAME(first, text)                                                                         \
  { first, text, sizeof(text) - 1, 1 }
#define FRAMES(first, text, times)                                                                 \
  { first, text, sizeof(text) - 1, times }
#define LONG(first, len)                                                                           \
  { first, NULL, len, 1 }
#define TEXT(text) FRAME(SIO_WS_TEXT, text)
#define PONGED(text) FRAME(SIO_WS_PING, text)

static void put(sio_buf *out, const void *data, size_t n) {
  assert_int_equal(sio_buf_append(out, data, n), 0);
}

static void put_length(sio_buf *out, size_t len, unsigned mask) {
  unsigned char bytes[9] = {(unsigned char)(mask | (len < 126 ? len : len < 65536 ? 126 : 127))};
  size_t wide = len < 126 ? 0 : len < 65536 ? 2 : 8;
  for (size_t i = 0; i < wide; i++)
    bytes[1 + i] = (unsigned char)((uint64_t)len >> (8 * (wide - 1 - i)));
  put(out, bytes, 1 + wide);
}

static void put_frame(sio_buf *out, unsigned first, const char *text, size_t len) {
  static const char mask[4] = {0x37, (char)0xfa, 0x21, 0x3d};
  unsigned char byte = (unsigned char)first;
  put(out, &byte, 1);
  put_length(out, len, MASK);
  put(out, mask, sizeof(mask));
  assert_int_equal(sio_buf_reserve(out, len), 0);
  for (size_t i = 0; i < len; i++)
    out->base[out->len++] = (char)((text != NULL ? text[i] : 'x') ^ mask[i % 4]);
}

static void put_pieces(sio_buf *out, const piece *pieces) {
  for (; pieces->times > 0; pieces++)
    for (size_t i = 0; i < pieces->times; i++)
      put_frame(out, pieces->first, pieces->text, pieces->len);
}

static void expect_pieces(transcript *out, const piece *pieces) {
  for (; pieces->times > 0; pieces++)
    for (size_t i = 0; i < pieces->times; i++) {
      char *text = malloc(pieces->len + 1);
      assert_non_null(text);
      memset(text, 'x', pieces->len);
      if (pieces->text != NULL)
        memcpy(text, pieces->text, pieces->len);
      transcript_add(out, (int)pieces->first, sio_bytes_of(text, pieces->len));
      free(text);
    }
}

/* --- ways to read them --- */

static size_t one_by_one(void *ctx) {
  (void)ctx;
  return 1;
}

static size_t at_random(void *ctx) {
  uint64_t number = next_number(ctx);
  return 1 + (size_t)(number % (number % 3 == 0 ? 7 : number % 3 == 1 ? 200 : 5000));
}

static void assert_same(const transcript *got, const transcript *expected, const char *what) {
  if (transcript_eq(got, expected))
    return;
  fail_msg("%s: got code %d and\n%.*s\nexpected code %d and\n%.*s", what, got->code,
           (int)(got->text.len < 300 ? got->text.len : 300), got->text.base, expected->code,
           (int)(expected->text.len < 300 ? expected->text.len : 300), expected->text.base);
}

/* The transcript must be the same however the stream is cut. */
static void assert_reads(const sio_buf *stream, const transcript *expected, const char *what) {
  uint64_t seed = 0x9e3779b97f4a7c15 + stream->len;
  for (int way = 0; way < 22; way++) {
    transcript got = {0};
    if (way == 1 && stream->len > 200000)
      continue;
    transcript_read(&got, sio_buf_bytes(stream), MAX_MESSAGE,
                    way == 0   ? NULL
                    : way == 1 ? one_by_one
                               : at_random,
                    &seed);
    assert_same(&got, expected, what);
    transcript_deinit(&got);
  }
}

static void assert_wslay_agrees(const sio_buf *stream, const transcript *expected,
                                const char *what) {
  transcript wslays = {0};
  oracle_read(&wslays, sio_buf_bytes(stream), MAX_MESSAGE);
  if (transcript_is_comparable(expected, &wslays)) {
    if (expected->code != 0 && wslays.code != 0)
      wslays.code = expected->code;
    assert_same(&wslays, expected, what);
  }
  transcript_deinit(&wslays);
}

/* --- the Autobahn test suite's cases, as data --- */

#define HELLO "Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!"
#define KOSME "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"

typedef struct autobahn {
  const char *id;
  piece in[9];
  piece out[9];
  int code;
} autobahn;

static const autobahn cases[] = {
    {"1.1.1", {FRAME(0x81, "")}, {TEXT("")}, 0},
    {"1.1.2", {LONG(0x81, 125)}, {LONG(1, 125)}, 0},
    {"1.1.3", {LONG(0x81, 126)}, {LONG(1, 126)}, 0},
    {"1.1.4", {LONG(0x81, 127)}, {LONG(1, 127)}, 0},
    {"1.1.5", {LONG(0x81, 128)}, {LONG(1, 128)}, 0},
    {"1.1.6", {LONG(0x81, 65535)}, {LONG(1, 65535)}, 0},
    {"1.1.7", {LONG(0x81, 65536)}, {LONG(1, 65536)}, 0},
    {"1.2.1", {FRAME(0x82, "")}, {FRAME(2, "")}, 0},
    {"1.2.2", {LONG(0x82, 125)}, {LONG(2, 125)}, 0},
    {"1.2.7", {LONG(0x82, 65536)}, {LONG(2, 65536)}, 0},
    {"2.1", {FRAME(0x89, "")}, {PONGED("")}, 0},
    {"2.2", {FRAME(0x89, "Hello, world!")}, {PONGED("Hello, world!")}, 0},
    {"2.3",
     {FRAME(0x89, "\x00\xff\xfe\xfd\xfc\xfb\x00\xff")},
     {PONGED("\x00\xff\xfe\xfd\xfc\xfb\x00\xff")},
     0},
    {"2.4", {LONG(0x89, 125)}, {LONG(9, 125)}, 0},
    {"2.5", {LONG(0x89, 126)}, {{0}}, 1002},
    {"2.7", {FRAME(0x8a, "")}, {FRAME(10, "")}, 0},
    {"2.8", {FRAME(0x8a, "unsolicited")}, {FRAME(10, "unsolicited")}, 0},
    {"2.10", {FRAMES(0x89, "payload", 10)}, {FRAMES(9, "payload", 10)}, 0},
    {"3.1", {FRAME(0xc1, "Hello")}, {{0}}, 1002},
    {"3.2", {FRAME(0x81, "Hello"), FRAME(0xa1, "Hello"), FRAME(0x89, "")}, {TEXT("Hello")}, 1002},
    {"3.3", {FRAME(0x81, "Hello"), FRAME(0xb1, "Hello"), FRAME(0x89, "")}, {TEXT("Hello")}, 1002},
    {"3.4", {FRAME(0x81, "Hello"), FRAME(0xc1, "Hello"), FRAME(0x89, "")}, {TEXT("Hello")}, 1002},
    {"3.5", {FRAME(0xd2, "\x00\xff")}, {{0}}, 1002},
    {"3.6", {FRAME(0xe9, "Hello")}, {{0}}, 1002},
    {"3.7", {FRAME(0xf8, "")}, {{0}}, 1002},
    {"4.1.1", {FRAME(0x83, "")}, {{0}}, 1002},
    {"4.1.2", {FRAME(0x84, "reserved")}, {{0}}, 1002},
    {"4.1.3", {FRAME(0x81, "Hello"), FRAME(0x85, ""), FRAME(0x89, "")}, {TEXT("Hello")}, 1002},
    {"4.1.4", {FRAME(0x81, "Hello"), FRAME(0x86, "x"), FRAME(0x89, "")}, {TEXT("Hello")}, 1002},
    {"4.1.5", {FRAME(0x81, "Hello"), FRAME(0x87, "x"), FRAME(0x89, "")}, {TEXT("Hello")}, 1002},
    {"4.2.1", {FRAME(0x8b, "")}, {{0}}, 1002},
    {"4.2.2", {FRAME(0x8c, "x")}, {{0}}, 1002},
    {"4.2.3", {FRAME(0x81, "Hello"), FRAME(0x8d, ""), FRAME(0x89, "")}, {TEXT("Hello")}, 1002},
    {"4.2.4", {FRAME(0x81, "Hello"), FRAME(0x8e, "x"), FRAME(0x89, "")}, {TEXT("Hello")}, 1002},
    {"4.2.5", {FRAME(0x81, "Hello"), FRAME(0x8f, "x"), FRAME(0x89, "")}, {TEXT("Hello")}, 1002},
    {"5.1", {FRAME(0x09, "frag"), FRAME(0x80, "ment")}, {{0}}, 1002},
    {"5.2", {FRAME(0x0a, "frag"), FRAME(0x80, "ment")}, {{0}}, 1002},
    {"5.3", {FRAME(0x01, "frag1"), FRAME(0x80, "frag2")}, {TEXT("frag1frag2")}, 0},
    {"5.6",
     {FRAME(0x01, "frag1"), FRAME(0x89, "ping"), FRAME(0x80, "frag2")},
     {PONGED("ping"), TEXT("frag1frag2")},
     0},
    {"5.9", {FRAME(0x80, "no start"), FRAME(0x81, "Hello")}, {{0}}, 1002},
    {"5.12", {FRAME(0x00, "no start"), FRAME(0x81, "Hello")}, {{0}}, 1002},
    {"5.15",
     {FRAME(0x01, "frag1"), FRAME(0x80, "frag2"), FRAME(0x00, "frag3"), FRAME(0x81, "frag4")},
     {TEXT("frag1frag2")},
     1002},
    {"5.18", {FRAME(0x01, "frag1"), FRAME(0x81, "frag2")}, {{0}}, 1002},
    {"5.19",
     {FRAME(0x01, "a"), FRAME(0x00, "b"), FRAME(0x89, "p1"), FRAME(0x00, "c"), FRAME(0x00, "d"),
      FRAME(0x89, "p2"), FRAME(0x80, "e")},
     {PONGED("p1"), PONGED("p2"), TEXT("abcde")},
     0},
    {"6.1.1", {FRAME(0x81, "")}, {TEXT("")}, 0},
    {"6.1.2", {FRAME(0x01, ""), FRAME(0x00, ""), FRAME(0x80, "")}, {TEXT("")}, 0},
    {"6.1.3", {FRAME(0x01, ""), FRAME(0x00, "middle"), FRAME(0x80, "")}, {TEXT("middle")}, 0},
    {"6.2.1", {FRAME(0x81, HELLO)}, {TEXT(HELLO)}, 0},
    {"6.2.2",
     {FRAME(0x01, "Hello-\xc2\xb5@\xc3\x9f\xc3"), FRAME(0x80, "\xb6\xc3\xa4")},
     {TEXT("Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4")},
     0},
    {"6.2.4",
     {FRAME(0x01, "\xce"), FRAME(0x00, "\xba\xe1"), FRAME(0x00, "\xbd"), FRAME(0x80, "\xb9")},
     {TEXT("\xce\xba\xe1\xbd\xb9")},
     0},
    {"6.3.1",
     {FRAME(0x81, KOSME "\xed\xa0\x80"
                        "edited")},
     {{0}},
     1007},
    {"6.4.1 fails fast", {FRAME(0x01, KOSME), FRAME(0x00, "\xf4\x90\x80\x80")}, {{0}}, 1007},
    {"6.4.2 fails fast", {FRAME(0x01, KOSME "\xf4"), FRAME(0x00, "\x90")}, {{0}}, 1007},
    {"6.5", {FRAME(0x81, KOSME)}, {TEXT(KOSME)}, 0},
    {"6.6 incomplete", {FRAME(0x81, "\xce\xba\xe1\xbd")}, {{0}}, 1007},
    {"6.6 incomplete in fragments",
     {FRAME(0x01, "\xce\xba\xe1"), FRAME(0x80, "\xbd")},
     {{0}},
     1007},
    {"6.6 incomplete, empty end", {FRAME(0x01, "\xce"), FRAME(0x80, "")}, {{0}}, 1007},
    {"6.7",
     {FRAME(0x81, "\x00"), FRAME(0x81, "\xc2\x80"), FRAME(0x81, "\xe0\xa0\x80"),
      FRAME(0x81, "\xf0\x90\x80\x80")},
     {TEXT("\x00"), TEXT("\xc2\x80"), TEXT("\xe0\xa0\x80"), TEXT("\xf0\x90\x80\x80")},
     0},
    {"6.8 five bytes", {FRAME(0x81, "\xf8\x88\x80\x80\x80")}, {{0}}, 1007},
    {"6.9",
     {FRAME(0x81, "\x7f"), FRAME(0x81, "\xdf\xbf"), FRAME(0x81, "\xef\xbf\xbf"),
      FRAME(0x81, "\xf4\x8f\xbf\xbf")},
     {TEXT("\x7f"), TEXT("\xdf\xbf"), TEXT("\xef\xbf\xbf"), TEXT("\xf4\x8f\xbf\xbf")},
     0},
    {"6.10", {FRAME(0x81, "\xf7\xbf\xbf\xbf")}, {{0}}, 1007},
    {"6.11",
     {FRAME(0x81, "\xed\x9f\xbf"), FRAME(0x81, "\xee\x80\x80"), FRAME(0x81, "\xef\xbf\xbd")},
     {TEXT("\xed\x9f\xbf"), TEXT("\xee\x80\x80"), TEXT("\xef\xbf\xbd")},
     0},
    {"6.11.5", {FRAME(0x81, "\xf4\x90\x80\x80")}, {{0}}, 1007},
    {"6.12 lone continuation", {FRAME(0x81, "\x80\xbf")}, {{0}}, 1007},
    {"6.13 lone start", {FRAME(0x81, "\xc0 \xc1 ")}, {{0}}, 1007},
    {"6.14 cut", {FRAME(0x81, "\xdf")}, {{0}}, 1007},
    {"6.16 impossible", {FRAME(0x81, "\xfe")}, {{0}}, 1007},
    {"6.17 overlong", {FRAME(0x81, "\xc0\xaf")}, {{0}}, 1007},
    {"6.19 overlong NUL", {FRAME(0x81, "\xe0\x80\x80")}, {{0}}, 1007},
    {"6.20 surrogate", {FRAME(0x81, "\xed\xa0\x80")}, {{0}}, 1007},
    {"6.21 surrogates", {FRAME(0x81, "\xed\xaf\xbf\xed\xbf\xbf")}, {{0}}, 1007},
    {"6.22 non-characters",
     {FRAME(0x81, "\xef\xbf\xbe\xf0\x9f\xbf\xbe")},
     {TEXT("\xef\xbf\xbe\xf0\x9f\xbf\xbe")},
     0},
    {"6.23", {FRAME(0x81, "\xef\xbf\xbd")}, {TEXT("\xef\xbf\xbd")}, 0},
    {"binary is not text", {FRAME(0x82, "\xff\xfe")}, {FRAME(2, "\xff\xfe")}, 0},
    {"7.1.3 nothing after a close",
     {FRAME(0x88, "\x03\xe8"), FRAME(0x89, "")},
     {FRAME(8, "\x03\xe8")},
     0},
    {"7.1.5",
     {FRAME(0x01, "fragment"), FRAME(0x88, "\x03\xe8"), FRAME(0x80, "rest")},
     {FRAME(8, "\x03\xe8")},
     0},
    {"7.3.1", {FRAME(0x88, "")}, {FRAME(8, "")}, 0},
    {"7.3.2", {FRAME(0x88, "\x03")}, {{0}}, 1002},
    {"7.3.3", {FRAME(0x88, "\x03\xe8")}, {FRAME(8, "\x03\xe8")}, 0},
    {"7.3.4", {FRAME(0x88, "\x03\xe8" HELLO)}, {FRAME(8, "\x03\xe8" HELLO)}, 0},
    {"7.3.6", {LONG(0x88, 126)}, {{0}}, 1002},
    {"7.5.1", {FRAME(0x88, "\x03\xe8" KOSME "\xed\xa0\x80")}, {{0}}, 1007},
    {"7.5.2 cut reason", {FRAME(0x88, "\x03\xe8\xce")}, {{0}}, 1007},
    {"unfinished frame", {FRAME(0x81, "Hello"), LONG(0x01, 500)}, {TEXT("Hello")}, 0},
};

static const struct {
  int code;
  bool allowed;
} close_codes[] = {
    {0, false},    {999, false},  {1000, true},  {1001, true},   {1002, true}, {1003, true},
    {1004, false}, {1005, false}, {1006, false}, {1007, true},   {1008, true}, {1009, true},
    {1010, true},  {1011, true},  {1012, true},  {1013, true},   {1014, true}, {1015, false},
    {1016, false}, {1100, false}, {2000, false}, {2999, false},  {3000, true}, {3999, true},
    {4000, true},  {4999, true},  {5000, false}, {65535, false},
};

static void answers_the_autobahn_cases(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(cases); i++) {
    sio_buf stream = {0};
    transcript expected = {.code = cases[i].code};
    put_pieces(&stream, cases[i].in);
    expect_pieces(&expected, cases[i].out);
    assert_reads(&stream, &expected, cases[i].id);
    transcript_deinit(&expected);
    sio_buf_deinit(&stream);
  }
}

static void knows_which_close_codes_may_be_sent(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(close_codes); i++) {
    char payload[] = {(char)(close_codes[i].code >> 8), (char)close_codes[i].code, 'b', 'y', 'e'};
    sio_buf stream = {0};
    transcript expected = {.code = close_codes[i].allowed ? 0 : 1002};
    put_frame(&stream, 0x88, payload, sizeof(payload));
    if (close_codes[i].allowed)
      transcript_add(&expected, SIO_WS_CLOSE, sio_bytes_of(payload, sizeof(payload)));
    assert_reads(&stream, &expected, "close code");
    assert_int_equal(sio_ws_close_code(sio_bytes_of(payload, 5)), close_codes[i].code);
    transcript_deinit(&expected);
    sio_buf_deinit(&stream);
  }
  assert_int_equal(sio_ws_close_code(SIO_BYTES("")), 1005);
}

static void agrees_with_wslay_on_the_same_cases(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(cases); i++) {
    sio_buf stream = {0};
    transcript expected = {0};
    put_pieces(&stream, cases[i].in);
    transcript_read(&expected, sio_buf_bytes(&stream), MAX_MESSAGE, NULL, NULL);
    assert_wslay_agrees(&stream, &expected, cases[i].id);
    transcript_deinit(&expected);
    sio_buf_deinit(&stream);
  }
}

/* --- random streams --- */

static void put_random_frame(sio_buf *out, uint64_t *seed) {
  static const unsigned firsts[] = {0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8a};
  static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 plain text that is longer";
  uint64_t number = next_number(seed);
  size_t len = number % 5 == 0 ? number / 7 % 70000 : number / 7 % sizeof(text);
  put_frame(out, firsts[number / 64 % COUNT(firsts)], len < sizeof(text) ? text : NULL, len);
}

static void agrees_with_wslay_on_random_streams(void **state) {
  (void)state;
  uint64_t seed = 42;
  for (int round = 0; round < 3000; round++) {
    sio_buf stream = {0};
    for (int i = 0; i < 6; i++)
      put_random_frame(&stream, &seed);
    if (round % 4 == 0)
      stream.base[next_number(&seed) % (stream.len < 40 ? stream.len : 40)] ^=
          (char)(1 << round % 7);
    transcript whole = {0}, cut = {0};
    transcript_read(&whole, sio_buf_bytes(&stream), MAX_MESSAGE, NULL, NULL);
    transcript_read(&cut, sio_buf_bytes(&stream), MAX_MESSAGE, at_random, &seed);
    assert_same(&cut, &whole, "cut");
    assert_wslay_agrees(&stream, &whole, "wslay");
    transcript_deinit(&cut);
    transcript_deinit(&whole);
    sio_buf_deinit(&stream);
  }
}

/* --- limits --- */

static int decode_all(sio_ws_decoder *decoder, const sio_buf *stream) {
  transcript out = {0};
  transcript_feed(&out, decoder, sio_buf_bytes(stream));
  transcript_deinit(&out);
  return out.code;
}

static void refuses_bad_headers_at_once(void **state) {
  (void)state;
  static const struct {
    const char *bytes;
    size_t len;
    int code;
  } heads[] = {
      {"\x81\x05", 2, 1002},                          /* no mask */
      {"\x81\x00", 2, 1002},                          /* nor here */
      {"\x81\xfe\x00\x7d....", 8, 1002},              /* 125 in two bytes */
      {"\x81\xff\0\0\0\0\0\0\xff\xff....", 14, 1002}, /* 65535 in eight */
      {"\x81\xff\x80\0\0\0\0\0\0\0....", 14, 1002},   /* more than 2^63 - 1 */
      {"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff....", 14, 1009},
      {"\x82\xff\0\0\0\0\0\x10\0\x01....", 14, 1009}, /* one byte too many */
      {"\x82\xff\0\0\0\0\0\x10\0\0....", 14, 0},
  };
  for (size_t i = 0; i < COUNT(heads); i++) {
    transcript out = {0};
    transcript_read(&out, sio_bytes_of(heads[i].bytes, heads[i].len), MAX_MESSAGE, one_by_one,
                    NULL);
    assert_int_equal(out.code, heads[i].code);
    transcript_deinit(&out);
  }
}

static void limits_a_message_over_its_fragments(void **state) {
  (void)state;
  for (size_t last = 0; last < 3; last++) {
    sio_ws_decoder decoder;
    sio_buf stream = {0};
    put_frame(&stream, 0x01, NULL, 60);
    put_frame(&stream, 0x89, NULL, 125); /* does not count */
    put_frame(&stream, 0x80, NULL, 39 + last);
    sio_ws_decoder_init(&decoder, 100);
    assert_int_equal(decode_all(&decoder, &stream), last < 2 ? 0 : 1009);
    sio_ws_decoder_deinit(&decoder);
    sio_buf_deinit(&stream);
  }
}

static void limits_the_fragments_of_a_message(void **state) {
  (void)state;
  for (size_t more = 0; more < 2; more++)
    for (size_t len = 0; len < 2; len++) {
      const piece in[] = {{0x01, "", 0, 1},
                          {0x00, "x", len, SIO_WS_MAX_FRAGMENTS - 2 + more},
                          {0x80, "", 0, 1},
                          {0}};
      sio_ws_decoder decoder;
      sio_buf stream = {0};
      put_pieces(&stream, in);
      sio_ws_decoder_init(&decoder, MAX_MESSAGE);
      assert_int_equal(decode_all(&decoder, &stream), more == 0 ? 0 : 1008);
      sio_ws_decoder_deinit(&decoder);
      sio_buf_deinit(&stream);
    }
}

/* --- every length and place, as payloads are read by blocks --- */

static size_t cut_once(void *ctx) {
  size_t *cut = ctx, n = *cut;
  *cut = SIZE_MAX;
  return n;
}

static void assert_text(const char *text, size_t len, bool is_valid) {
  sio_buf stream = {0};
  put_frame(&stream, 0x81, text, len);
  for (size_t cut = 1; cut <= stream.len; cut++) {
    transcript got = {0}, expected = {.code = is_valid ? 0 : 1007};
    size_t first = cut;
    if (is_valid)
      transcript_add(&expected, SIO_WS_TEXT, sio_bytes_of(text, len));
    transcript_read(&got, sio_buf_bytes(&stream), MAX_MESSAGE, cut_once, &first);
    assert_same(&got, &expected, "a text");
    transcript_deinit(&got);
    transcript_deinit(&expected);
  }
  sio_buf_deinit(&stream);
}

static void reads_every_length(void **state) {
  (void)state;
  static const size_t lengths[] = {0,  1,  2,  7,  8,  9,  15,  16,  17,  31, 32,
                                   33, 63, 64, 65, 71, 72, 127, 128, 129, 200};
  char text[200];
  for (size_t i = 0; i < sizeof(text); i++)
    text[i] = (char)(' ' + i % 90);
  for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++)
    assert_text(text, lengths[i], true);
}

static void finds_what_is_not_ascii_anywhere(void **state) {
  (void)state;
  char text[140];
  for (size_t at = 0; at < sizeof(text); at++) {
    memset(text, 'x', sizeof(text));
    text[at] = '\xff';
    assert_text(text, sizeof(text), false);
    if (at + 1 < sizeof(text)) {
      memcpy(text + at, "\xc3\xa9", 2);
      assert_text(text, sizeof(text), true);
    }
  }
}

/* --- memory --- */

/* Once a part of a long frame has come, the rest has its place. */
static void moves_a_long_frame_once(void **state) {
  (void)state;
  enum { LEN = 900000, PIECE = 60000 };
  sio_ws_decoder decoder;
  sio_ws_decoder_init(&decoder, MAX_MESSAGE);
  sio_buf stream = {0};
  put_frame(&stream, 0x82, NULL, LEN);
  sio_buf all = stream;
  all.len = PIECE;
  assert_int_equal(decode_all(&decoder, &all), 0);
  assert_int_equal(decoder.gathered.cap, LEN);
  for (all.base += PIECE; all.base + PIECE < stream.base + stream.len; all.base += PIECE) {
    const char *memory = decoder.gathered.base;
    assert_int_equal(decode_all(&decoder, &all), 0);
    assert_ptr_equal(decoder.gathered.base, memory);
  }
  sio_ws_decoder_deinit(&decoder);
  sio_buf_deinit(&stream);
}

static void holds_no_more_than_has_come(void **state) {
  (void)state;
  sio_ws_decoder decoder;
  sio_ws_decoder_init(&decoder, MAX_MESSAGE);
  sio_buf stream = {0};
  put_frame(&stream, 0x82, NULL, MAX_MESSAGE);
  stream.len = 1000;
  assert_int_equal(decode_all(&decoder, &stream), 0);
  assert_in_range(decoder.gathered.cap, 900, 2000);
  sio_ws_decoder_deinit(&decoder);
  sio_buf_deinit(&stream);
}

static void owns_nothing_between_messages(void **state) {
  (void)state;
  sio_ws_decoder decoder;
  sio_ws_decoder_init(&decoder, MAX_MESSAGE);
  sio_buf stream = {0};
  put_frame(&stream, 0x01, "ab", 2);
  put_frame(&stream, 0x89, "ping", 4);
  put_frame(&stream, 0x80, "cd", 2);
  put_frame(&stream, 0x89, "ping", 4);
  transcript out = {0};
  for (size_t i = 0; i < stream.len; i++)
    transcript_feed(&out, &decoder, sio_bytes_of(stream.base + i, 1));
  assert_int_equal(out.code, 0);
  assert_null(decoder.gathered.base);
  assert_true(sizeof(decoder) <= 80); /* every idle connection has one */
  transcript_deinit(&out);
  sio_ws_decoder_deinit(&decoder);
  sio_buf_deinit(&stream);
}

static bool take_message(void *owner, char *data, size_t len, bool binary) {
  (void)binary;
  *(sio_bytes *)owner = sio_bytes_of(data, len);
  return false;
}

static bool take_control(void *owner, int opcode, sio_bytes payload) {
  (void)opcode;
  *(sio_bytes *)owner = payload;
  return false;
}

static const sio_ws_decoder_events take = {take_message, take_control};

static void hands_out_in_place_and_stops_when_told(void **state) {
  (void)state;
  sio_ws_decoder decoder;
  sio_buf stream = {0};
  put_frame(&stream, 0x81, "first", 5);
  put_frame(&stream, 0x89, "second", 6);
  sio_ws_decoder_init(&decoder, MAX_MESSAGE);
  sio_bytes got = {0};
  size_t left;
  assert_int_equal(sio_ws_decode(&decoder, stream.base, stream.len, &take, &got, &left), 0);
  assert_int_equal(left, stream.len - 11);
  assert_ptr_equal(got.base, stream.base + 6);
  assert_true(sio_bytes_eq(got, SIO_BYTES("first")));
  assert_int_equal(sio_ws_decode(&decoder, stream.base + 11, left, &take, &got, &left), 0);
  assert_int_equal(left, 0);
  assert_ptr_equal(got.base, stream.base + 11 + 6);
  assert_true(sio_bytes_eq(got, SIO_BYTES("second")));
  sio_ws_decoder_deinit(&decoder);
  sio_buf_deinit(&stream);
}

static void decode_in_two(void *ctx) {
  sio_buf *stream = ctx;
  char copy[64];
  sio_ws_decoder decoder;
  sio_ws_decoder_init(&decoder, MAX_MESSAGE);
  sio_bytes got = {0};
  memcpy(copy, stream->base, stream->len);
  size_t left;
  int code = sio_ws_decode(&decoder, copy, 9, &take, &got, &left);
  if (code == 0)
    code = sio_ws_decode(&decoder, copy + 9, stream->len - 9, &take, &got, &left);
  assert_true(code == 0 || code == SIO_ENOMEM);
  assert_int_equal(got.len, code == 0 ? 14 : 0);
  sio_ws_decoder_deinit(&decoder);
}

static void reports_lack_of_memory(void **state) {
  (void)state;
  sio_buf stream = {0};
  put_frame(&stream, 0x81, "never finished", 14);
  assert_int_equal(fail_each_alloc(decode_in_two, &stream), 1);
  sio_buf_deinit(&stream);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(answers_the_autobahn_cases),
      cmocka_unit_test(knows_which_close_codes_may_be_sent),
      cmocka_unit_test(agrees_with_wslay_on_the_same_cases),
      cmocka_unit_test(agrees_with_wslay_on_random_streams),
      cmocka_unit_test(refuses_bad_headers_at_once),
      cmocka_unit_test(limits_a_message_over_its_fragments),
      cmocka_unit_test(limits_the_fragments_of_a_message),
      cmocka_unit_test(reads_every_length),
      cmocka_unit_test(finds_what_is_not_ascii_anywhere),
      cmocka_unit_test(holds_no_more_than_has_come),
      cmocka_unit_test(moves_a_long_frame_once),
      cmocka_unit_test(owns_nothing_between_messages),
      cmocka_unit_test(hands_out_in_place_and_stops_when_told),
      cmocka_unit_test(reports_lack_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
