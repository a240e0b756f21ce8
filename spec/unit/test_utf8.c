#include "base/utf8.h"

#include "unit.h"
#include "utf8_oracle.h"

/* Whole, and in two pieces cut everywhere. */
static bool agrees(const unsigned char *text, size_t len) {
  const char *base = (const char *)text;
  bool want = utf8_oracle_is_valid(text, len);
  if (sio_utf8_is_valid(sio_bytes_of(base, len)) != want)
    return false;
  for (size_t cut = 0; cut <= len; cut++) {
    uint32_t state = SIO_UTF8_START;
    bool fine = sio_utf8_feed(&state, sio_bytes_of(base, cut)) &&
                sio_utf8_feed(&state, sio_bytes_of(base + cut, len - cut)) &&
                sio_utf8_is_whole(state);
    if (fine != want)
      return false;
  }
  return true;
}

static void check(const unsigned char *text, size_t len) {
  if (!agrees(text, len))
    fail_msg("%zu bytes, %02x %02x %02x %02x", len, text[0], text[1], text[2], text[3]);
}

static void agrees_on_every_three_bytes(void **state) {
  (void)state;
  unsigned char text[4] = {0};
  check(text, 0);
  for (uint32_t n = 0; n < 1u << 24; n++) {
    text[0] = (unsigned char)(n >> 16);
    text[1] = (unsigned char)(n >> 8);
    text[2] = (unsigned char)n;
    check(text, 3);
    if (text[2] == 0)
      check(text, 2);
    if ((n & 0xffff) == 0)
      check(text, 1);
  }
}

static void agrees_on_four_bytes(void **state) {
  (void)state;
  const unsigned char edges[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0,
                                 0xbf, 0xc0, 0xc2, 0xdf, 0xe0, 0xed, 0xf4, 0xff};
  for (unsigned first = 0; first < 256; first++)
    for (size_t i = 0; i < 16 * 16 * 16; i++) {
      const unsigned char text[4] = {(unsigned char)first, edges[i >> 8], edges[i >> 4 & 15],
                                     edges[i & 15]};
      check(text, 4);
    }
  uint64_t seed = 7;
  for (int i = 0; i < 1000000; i++) {
    uint64_t n = next_number(&seed);
    const unsigned char text[4] = {(unsigned char)(0xf0 | (n & 7)), (unsigned char)(n >> 8),
                                   (unsigned char)(n >> 16), (unsigned char)(n >> 24)};
    check(text, 4);
  }
}

static void the_state_after_a_piece_tells_if_it_may_go_on(void **state) {
  (void)state;
  const struct {
    sio_bytes piece;
    bool fine, whole;
  } cases[] = {
      {SIO_BYTES(""), true, true},
      {SIO_BYTES("a"), true, true},
      {SIO_BYTES("\xe2"), true, false},
      {SIO_BYTES("\xe2\x82"), true, false},
      {SIO_BYTES("\xe2\x82\xac"), true, true},
      {SIO_BYTES("\xf0\x9f\x98"), true, false},
      {SIO_BYTES("\xed\xa0"), false, false},
      {SIO_BYTES("\xf4\x90"), false, false},
      {SIO_BYTES("\xc0"), false, false},
      {SIO_BYTES("\xe0\x9f"), false, false},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    uint32_t now = SIO_UTF8_START;
    assert_int_equal(sio_utf8_feed(&now, cases[i].piece), cases[i].fine);
    assert_int_equal(sio_utf8_is_whole(now), cases[i].whole);
  }
  uint32_t now = SIO_UTF8_START;
  assert_true(sio_utf8_feed(&now, sio_bytes_of(NULL, 0)));
  assert_false(sio_utf8_feed(&now, SIO_BYTES("\xff")));
  assert_false(sio_utf8_feed(&now, SIO_BYTES("what was invalid stays invalid, however long")));
}

/* The fast path must not step over the place where the rest of a character is missing. */
static void ascii_inside_a_character_is_invalid(void **state) {
  (void)state;
  for (size_t lead = 0; lead < 70; lead++)
    for (size_t gap = 0; gap < 70; gap++) {
      unsigned char text[150];
      memset(text, 'a', sizeof(text));
      memcpy(text + lead, "\xe2\x82", 2);
      text[lead + 2 + gap] = 0xac;
      assert_int_equal(utf8_oracle_is_valid(text, sizeof(text)), gap == 0);
      check(text, sizeof(text));
    }
}

/* Every pair of bytes at each place of a vector, among characters that keep it busy. */
static void agrees_on_pairs_in_a_long_text(void **state) {
  (void)state;
  enum { LEN = 96, AT = 40 };
  static const char *const fillers[] = {"a", "\xd1\x8f", "\xe4\xbd\xa0", "\xf0\x9f\x98\x80"};
  for (size_t f = 0; f < COUNT(fillers); f++) {
    size_t size = strlen(fillers[f]);
    for (size_t shift = 0; shift < 18; shift++)
      for (unsigned pair = 0; pair < 0x10000; pair++) {
        unsigned char text[LEN + 8] = "";
        size_t len = 0;
        for (; len < AT + shift; len += size)
          memcpy(text + len, fillers[f], size);
        text[len++] = (unsigned char)(pair >> 8);
        text[len++] = (unsigned char)pair;
        for (; len + size <= LEN; len += size)
          memcpy(text + len, fillers[f], size);
        bool want = utf8_oracle_is_valid(text, len);
        if (sio_utf8_is_valid(sio_bytes_of((char *)text, len)) != want)
          fail_msg("%04x at %zu among %s", pair, AT + shift, fillers[f]);
      }
  }
}

/* Of each length the first and the last, and the neighbours of what is forbidden. */
static const char *const characters[] = {"a",
                                         "\x7f",
                                         "the quick brown fox jumps over it",
                                         "\xc2\x80",
                                         "\xd1\x8f",
                                         "\xdf\xbf",
                                         "\xe0\xa0\x80",
                                         "\xe4\xbd\xa0",
                                         "\xed\x9f\xbf",
                                         "\xef\xbf\xbf",
                                         "\xf0\x90\x80\x80",
                                         "\xf0\x9f\x98\x80",
                                         "\xf4\x8f\xbf\xbf"};

/* Mostly valid text of all kinds, now and then damaged, in pieces of any size. */
static void agrees_on_long_texts_in_pieces(void **state) {
  (void)state;
  enum { MOST = 2000 };
  uint64_t seed = 11;
  for (int round = 0; round < 30000; round++) {
    unsigned char text[MOST + 40];
    size_t len = 0, most = next_number(&seed) % MOST,
           kinds = 1 + next_number(&seed) % COUNT(characters);
    while (len < most) {
      const char *next = characters[COUNT(characters) - 1 - next_number(&seed) % kinds];
      memcpy(text + len, next, strlen(next));
      len += strlen(next);
    }
    if (len > 0 && round % 2 == 0)
      text[next_number(&seed) % len] ^= (unsigned char)(1u << next_number(&seed) % 8);
    uint32_t now = SIO_UTF8_START;
    bool fine = true;
    for (size_t at = 0, n; at < len && fine; at += n) {
      n = 1 + next_number(&seed) % 600;
      n = n < len - at ? n : len - at;
      fine = sio_utf8_feed(&now, sio_bytes_of((char *)text + at, n));
    }
    assert_int_equal(fine && sio_utf8_is_whole(now), utf8_oracle_is_valid(text, len));
  }
}

/* One character, whole or damaged, at each place of a text long enough for the fast path. */
static void agrees_anywhere_in_a_long_text(void **state) {
  (void)state;
  const char *pieces[] = {"\xc3\xa9",     "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\x80",
                          "\xe2\x82",     "\xf0\x9f\x98", "\xed\xa0\x80",     "\xf4\x90\x80\x80",
                          "\xc3\xa9\xff", "\xc0\x80"};
  for (size_t i = 0; i < COUNT(pieces); i++)
    for (size_t at = 0; at < 100; at++) {
      unsigned char text[128];
      memset(text, 'a', sizeof(text));
      memcpy(text + at, pieces[i], strlen(pieces[i]));
      check(text, sizeof(text));
      check(text, at + strlen(pieces[i]));
    }
}

static void agrees_on_short_texts(void **state) {
  (void)state;
  uint64_t seed = 11;
  for (int round = 0; round < 20000; round++) {
    unsigned char text[140] = {0};
    size_t len = 0;
    uint64_t ascii = next_number(&seed) % 64; /* more of it in some rounds than in others */
    while (len < 96) {
      uint64_t n = next_number(&seed);
      const char *c = n % 64 < ascii ? "a" : characters[n / 64 % COUNT(characters)];
      memcpy(text + len, c, strlen(c));
      len += strlen(c);
    }
    assert_true(utf8_oracle_is_valid(text, len));
    check(text, len);
    text[next_number(&seed) % len] = (unsigned char)next_number(&seed);
    check(text, len);
  }
}

static void ascii_prefix_ends_at_the_first_other_byte(void **state) {
  (void)state;
  char text[40];
  for (size_t len = 0; len <= sizeof(text); len++) {
    memset(text, 0x7f, sizeof(text));
    assert_int_equal(sio_ascii_prefix(sio_bytes_of(text, len)), len);
    for (size_t at = 0; at < len; at++) {
      memset(text, 'a', sizeof(text));
      text[at] = (char)0x80;
      assert_int_equal(sio_ascii_prefix(sio_bytes_of(text, len)), at);
    }
  }
  assert_int_equal(sio_ascii_prefix(sio_bytes_of(NULL, 0)), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(agrees_on_every_three_bytes),
      cmocka_unit_test(agrees_on_four_bytes),
      cmocka_unit_test(the_state_after_a_piece_tells_if_it_may_go_on),
      cmocka_unit_test(ascii_inside_a_character_is_invalid),
      cmocka_unit_test(agrees_anywhere_in_a_long_text),
      cmocka_unit_test(agrees_on_pairs_in_a_long_text),
      cmocka_unit_test(agrees_on_long_texts_in_pieces),
      cmocka_unit_test(agrees_on_short_texts),
      cmocka_unit_test(ascii_prefix_ends_at_the_first_other_byte),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
