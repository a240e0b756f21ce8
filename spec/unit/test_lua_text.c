/* The JSON strings of lua/text.h, held against code that looks at one byte after the other. */
#include "lua/text.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "unit.h"
#include "utf8_oracle.h"

enum { LONGEST = 150 };

/* --- the oracle --- */

static bool is_stop(unsigned char c) {
  return c < 0x20 || c == '"' || c == '\\';
}

static size_t put_escape(char *out, unsigned char c) {
  if (c == '"' || c == '\\')
    return (size_t)sprintf(out, "\\%c", c);
  if (c >= 8 && c <= 13 && c != 11)
    return (size_t)sprintf(out, "\\%c", "btn-fr"[c - 8]);
  return (size_t)sprintf(out, "\\u%04x", c);
}

/* Returns the length, or SIO_EUTF8. */
static long quote(char *out, const char *text, size_t len) {
  size_t to = 0;
  out[to++] = '"';
  for (size_t at = 0, n; at < len; at += n) {
    const unsigned char *c = (const unsigned char *)text + at;
    n = utf8_oracle_first(c, len - at);
    bool is_surrogate = n == 0 && len - at >= 3 && c[0] == 0xed && c[1] >= 0xa0 && c[1] < 0xc0 &&
                        (c[2] & 0xc0) == 0x80;
    if (is_surrogate) {
      unsigned unit = 0xd000u | (c[1] & 0x3fu) << 6 | (c[2] & 0x3fu);
      to += (size_t)sprintf(out + to, "\\u%04x", unit);
      n = 3;
    } else if (n == 0) {
      return SIO_EUTF8;
    } else if (is_stop(*c)) {
      to += put_escape(out + to, *c);
    } else {
      memcpy(out + to, c, n);
      to += n;
    }
  }
  out[to++] = '"';
  return (long)to;
}

/* --- against it --- */

/* In a block of its own, so that a byte too many is seen. */
static void check_quote(const char *text, size_t len) {
  char expected[6 * LONGEST + 8];
  char *copy = malloc(len > 0 ? len : 1);
  assert_non_null(copy);
  memcpy(copy, text, len);
  long n = quote(expected, text, len);
  sio_buf out = {0};
  int err = sio_text_quote(&out, sio_bytes_of(copy, len));
  if (err != (n < 0 ? n : 0) ||
      (n >= 0 && !sio_bytes_eq(sio_buf_bytes(&out), sio_bytes_of(expected, (size_t)n))))
    fail_msg("%d for %.*s", err, (int)len, text);
  sio_buf_deinit(&out);
  free(copy);
}

static void check_run(const char *text, size_t len) {
  char *copy = malloc(len > 0 ? len : 1);
  assert_non_null(copy);
  memcpy(copy, text, len);
  bool is_ascii = true, was_ascii = true, all_ascii = true;
  size_t run = 0;
  for (; run < len && !is_stop((unsigned char)text[run]); run++)
    was_ascii = was_ascii && (unsigned char)text[run] < 0x80;
  for (size_t i = 0; i < len; i++)
    all_ascii = all_ascii && (unsigned char)text[i] < 0x80;
  assert_ptr_equal(sio_text_run(copy, copy + len, &is_ascii), copy + run);
  assert_true(was_ascii ? is_ascii || !all_ascii : !is_ascii);
  free(copy);
}

static const struct {
  const char *bytes;
  size_t len;
} specials[] = {
    {"\"", 1},
    {"\\", 1},
    {"\n", 1},
    {"\0", 1},
    {"\x1f", 1},
    {"\v", 1},
    {" ", 1},
    {"\x7f", 1},
    {"\xc3\xa9", 2},
    {"\xe2\x82\xac", 3},
    {"\xff", 1},
    {"\xed\xa0\x80", 3},
    {"\xed\xa0", 2},
    {"\xc3\xa9\"", 3},
    {"\"\xc3\xa9", 3},
    {"\\\\\\\\\\\\", 6},
    {"\xed\xbf\xbf\n", 4},
};

static void what_is_special_is_found_anywhere(void **state) {
  (void)state;
  char text[LONGEST];
  for (size_t s = 0; s < COUNT(specials); s++)
    for (size_t len = specials[s].len; len <= LONGEST; len++)
      for (size_t at = 0; at + specials[s].len <= len; at++) {
        memset(text, 'x', len);
        memcpy(text + at, specials[s].bytes, specials[s].len);
        check_quote(text, len);
        check_run(text, len);
      }
}

static void any_length_does_without(void **state) {
  (void)state;
  char text[LONGEST];
  for (size_t len = 0; len <= LONGEST; len++) {
    memset(text, 'x', len);
    check_quote(text, len);
    check_run(text, len);
  }
}

static void many_at_once(void **state) {
  (void)state;
  char text[LONGEST];
  uint64_t seed = 1;
  for (int round = 0; round < 20000; round++) {
    size_t len = 0;
    while (len + 6 <= LONGEST && next_number(&seed) % 60 != 0) {
      size_t s = next_number(&seed) % (4 * COUNT(specials));
      if (s < COUNT(specials)) {
        memcpy(text + len, specials[s].bytes, specials[s].len);
        len += specials[s].len;
      } else {
        text[len++] = (char)('a' + s % 26);
      }
    }
    check_quote(text, len);
    check_run(text, len);
  }
}

/* What follows a long string needs no more memory. */
static void leaves_room_behind(void **state) {
  (void)state;
  static char text[100000];
  memset(text, 'x', sizeof(text));
  sio_buf out = {0};
  assert_int_equal(sio_text_quote(&out, sio_bytes_of(text, sizeof(text))), 0);
  assert_in_range(out.cap - out.len, 8, 100);
  sio_buf_deinit(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_special_is_found_anywhere),
      cmocka_unit_test(any_length_does_without),
      cmocka_unit_test(many_at_once),
      cmocka_unit_test(leaves_room_behind),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
