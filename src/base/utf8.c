/*
 * A run of ASCII is skipped by words; anything else goes through an automaton whose step is one
 * shift: each byte value has a row, a row holds the next state for every state in six bits, and a
 * state is the number of bits to shift a row by. (Six, since the ninth state stands at bit 48.)
 */
#include "base/utf8.h"

enum state {
  START = SIO_UTF8_START,
  ONE = 6,     /* one more byte, 80 to BF */
  TWO = 12,    /* two more */
  THREE = 18,  /* three more */
  OVER2 = 24,  /* after E0: A0 to BF and one more, else it were overlong */
  SURR = 30,   /* after ED: 80 to 9F and one more, else it were a surrogate */
  OVER3 = 36,  /* after F0: 90 to BF and two more, else it were overlong */
  BEYOND = 42, /* after F4: 80 to 8F and two more, else it were above U+10FFFF */
  BAD = 48,
};

/* A byte that begins a character; after every state but START it is BAD. */
#define LEAD(next) ((uint64_t)(next) | (uint64_t)BAD * 0x1041041041040)

/* A continuation byte, and where it leads after E0, ED, F0 and F4. */
#define CONT(over2, surr, over3, beyond)                                                           \
  ((uint64_t)BAD << START | (uint64_t)START << ONE | (uint64_t)ONE << TWO |                        \
   (uint64_t)TWO << THREE | (uint64_t)(over2) << OVER2 | (uint64_t)(surr) << SURR |                \
   (uint64_t)(over3) << OVER3 | (uint64_t)(beyond) << BEYOND | (uint64_t)BAD << BAD)

#define R2(row) row, row
#define R4(row) R2(row), R2(row)
#define R16(row) R4(row), R4(row), R4(row), R4(row)
#define R64(row) R16(row), R16(row), R16(row), R16(row)

/* clang-format off */
static const uint64_t rows[256] = {
    /* 00 */ R64(LEAD(START)), R64(LEAD(START)),
    /* 80 */ R16(CONT(BAD, ONE, BAD, TWO)),
    /* 90 */ R16(CONT(BAD, ONE, TWO, BAD)),
    /* A0 */ R16(CONT(ONE, BAD, TWO, BAD)), R16(CONT(ONE, BAD, TWO, BAD)),
    /* C0 */ R2(LEAD(BAD)), /* could only begin overlong forms */
    /* C2 */ R2(LEAD(ONE)), R4(LEAD(ONE)), R4(LEAD(ONE)), R4(LEAD(ONE)), R16(LEAD(ONE)),
    /* E0 */ LEAD(OVER2),
    /* E1 */ LEAD(TWO), R2(LEAD(TWO)), R4(LEAD(TWO)), R4(LEAD(TWO)), LEAD(TWO),
    /* ED */ LEAD(SURR),
    /* EE */ R2(LEAD(TWO)),
    /* F0 */ LEAD(OVER3),
    /* F1 */ LEAD(THREE), R2(LEAD(THREE)),
    /* F4 */ LEAD(BEYOND),
    /* F5 */ LEAD(BAD), R2(LEAD(BAD)), R4(LEAD(BAD)), R4(LEAD(BAD)),
};
/* clang-format on */

static inline uint64_t load(const char *from) {
  uint64_t word;
  memcpy(&word, from, sizeof(word));
  return word;
}

static inline bool is_ascii(uint64_t word) {
  return (word & 0x8080808080808080) == 0;
}

size_t sio_ascii_prefix(sio_bytes text) {
  size_t at = 0;
  while (text.len - at >= 8 && is_ascii(load(text.base + at)))
    at += 8;
  while (at < text.len && (unsigned char)text.base[at] < 0x80)
    at++;
  return at;
}

static inline uint64_t run(uint64_t state, const char *from, size_t n) {
  for (size_t i = 0; i < n; i++)
    state = rows[(unsigned char)from[i]] >> (state & 63);
  return state & 63;
}

enum { BLOCK = 32 };

static inline bool is_ascii_block(const char *from) {
  return is_ascii(load(from) | load(from + 8) | load(from + 16) | load(from + 24));
}

bool sio_utf8_feed(uint32_t *state, sio_bytes piece) {
  uint64_t now = *state;
  const char *at = piece.base;
  size_t left = piece.len;
  for (; left >= BLOCK; left -= BLOCK, at += BLOCK)
    if (now != START || !is_ascii_block(at))
      now = run(now, at, BLOCK);
  for (; left >= 8; left -= 8, at += 8)
    if (now != START || !is_ascii(load(at)))
      now = run(now, at, 8);
  now = run(now, at, left);
  *state = (uint32_t)now;
  return now != BAD;
}

bool sio_utf8_is_valid(sio_bytes text) {
  uint32_t state = SIO_UTF8_START;
  return sio_utf8_feed(&state, text) && sio_utf8_is_whole(state);
}
