/*
 * UTF-8 as RFC 3629 section 3 writes it: decodes a number, then judges the number. It shares
 * nothing with the automaton of base/utf8, which tests and fuzzers hold against it.
 */
#ifndef SPEC_UNIT_UTF8_ORACLE_H
#define SPEC_UNIT_UTF8_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The length of the first character, or 0 if there is none; len > 0. */
static inline size_t utf8_oracle_first(const unsigned char *text, size_t len) {
  if (text[0] < 0x80)
    return 1;
  size_t n = 0; /* bytes: the leading ones of the first */
  while (n < 8 && (text[0] & (0x80 >> n)) != 0)
    n++;
  if (n < 2 || n > 4 || n > len)
    return 0;
  uint32_t number = text[0] & (0x7fu >> n);
  for (size_t i = 1; i < n; i++) {
    if ((text[i] & 0xc0) != 0x80)
      return 0;
    number = number << 6 | (text[i] & 0x3f);
  }
  const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  bool is_surrogate = number >= 0xd800 && number <= 0xdfff;
  return number < least[n] || is_surrogate || number > 0x10ffff ? 0 : n;
}

static inline bool utf8_oracle_is_valid(const unsigned char *text, size_t len) {
  for (size_t at = 0; at < len;) {
    size_t n = utf8_oracle_first(text + at, len - at);
    if (n == 0)
      return false;
    at += n;
  }
  return true;
}

#endif
