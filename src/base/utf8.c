/*
 * A run of ASCII is skipped by words. Longer text of other characters is checked sixteen bytes at a
 * time where the processor looks up sixteen bytes at once. What is left goes through an automaton
 * whose step is one shift: each byte value has a row, a row holds the next state for every state in
 * six bits, and a state is the number of bits to shift a row by. (Six, since the ninth state stands
 * at bit 48.)
 */
#include "base/utf8.h"

#if defined(__x86_64__)
#include <tmmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

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

/* --- sixteen bytes at a time --- */

typedef unsigned char vector __attribute__((vector_size(16)));

#if defined(__x86_64__)
#define VECTOR __attribute__((target("ssse3")))

static inline VECTOR vector look_up(vector table, vector index) {
  return (vector)_mm_shuffle_epi8((__m128i)table, (__m128i)index);
}

static bool can_look_up(void) {
  return __builtin_cpu_supports("ssse3");
}
#else
#define VECTOR

static inline vector look_up(vector table, vector index) {
#if defined(__aarch64__)
  return (vector)vqtbl1q_u8((uint8x16_t)table, (uint8x16_t)index);
#else
  for (int i = 0; i < 16; i++)
    index[i] = table[index[i]];
  return index;
#endif
}

static bool can_look_up(void) {
#if defined(__aarch64__)
  return true;
#else
  return false;
#endif
}
#endif

/*
 * What may be wrong with a byte and the one after it. Each of three tables, of the first byte's two
 * halves and of the second's upper one, has the bits of what its half does not rule out; what is in
 * all three is wrong. (Keiser and Lemire, Validating UTF-8 In Less Than One Instruction Per Byte.)
 */
enum {
  CUT = 1,         /* a lead, and no continuation */
  STRAY = 2,       /* ASCII, and a continuation */
  OVERLONG_3 = 4,  /* e0 80 to e0 9f */
  ABOVE = 8,       /* f4 90 and more, with a second byte from 90 on */
  SURROGATE = 16,  /* ed a0 and more */
  OVERLONG_2 = 32, /* c0, c1 */
  EDGE = 64,       /* f0 80 to f0 8f; f5 and more, with a second byte below 90 */
  FOLLOWED = 128,  /* two continuations: right where a lead stands before them, else wrong */
  ANY_LOW = CUT | STRAY | FOLLOWED,
  HIGH_LOW = ANY_LOW | ABOVE | EDGE,
  AFTER = STRAY | OVERLONG_2 | FOLLOWED,
};

static const vector first_high = {STRAY,
                                  STRAY,
                                  STRAY,
                                  STRAY,
                                  STRAY,
                                  STRAY,
                                  STRAY,
                                  STRAY,
                                  FOLLOWED,
                                  FOLLOWED,
                                  FOLLOWED,
                                  FOLLOWED,
                                  CUT | OVERLONG_2,
                                  CUT,
                                  CUT | OVERLONG_3 | SURROGATE,
                                  CUT | ABOVE | EDGE};
static const vector first_low = {ANY_LOW | OVERLONG_3 | OVERLONG_2 | EDGE,
                                 ANY_LOW | OVERLONG_2,
                                 ANY_LOW,
                                 ANY_LOW,
                                 ANY_LOW | ABOVE,
                                 HIGH_LOW,
                                 HIGH_LOW,
                                 HIGH_LOW,
                                 HIGH_LOW,
                                 HIGH_LOW,
                                 HIGH_LOW,
                                 HIGH_LOW,
                                 HIGH_LOW,
                                 HIGH_LOW | SURROGATE,
                                 HIGH_LOW,
                                 HIGH_LOW};
static const vector second_high = {CUT,
                                   CUT,
                                   CUT,
                                   CUT,
                                   CUT,
                                   CUT,
                                   CUT,
                                   CUT,
                                   AFTER | OVERLONG_3 | EDGE,
                                   AFTER | OVERLONG_3 | ABOVE,
                                   AFTER | SURROGATE | ABOVE,
                                   AFTER | SURROGATE | ABOVE,
                                   CUT,
                                   CUT,
                                   CUT,
                                   CUT};

static inline vector load_vector(const char *from) {
  vector bytes;
  memcpy(&bytes, from, sizeof(bytes));
  return bytes;
}

/* Checks len bytes, whole vectors, before which three bytes stand that end a character. The last
 * one may be cut off. */
static VECTOR bool check_vectors(const char *from, size_t len) {
  vector wrong = {0};
  for (const char *at = from; at < from + len; at += sizeof(vector)) {
    vector second = load_vector(at), first = load_vector(at - 1);
    vector third = (vector)((load_vector(at - 2) >= 0xe0) | (load_vector(at - 3) >= 0xf0));
    wrong |= (look_up(first_high, first >> 4) & look_up(first_low, first & 15) &
              look_up(second_high, second >> 4)) ^
             (third & FOLLOWED);
  }
  uint64_t words[2];
  memcpy(words, &wrong, sizeof(words));
  return (words[0] | words[1]) == 0;
}

/* Without the character that is cut off at the end of a text of three bytes or more. */
static size_t whole(const char *text, size_t len) {
  for (size_t n = 1; n <= 3; n++) {
    unsigned char c = (unsigned char)text[len - n];
    if (c >= 0xc0)
      return (c >= 0xf0 ? 4u : c >= 0xe0 ? 3u : 2u) > n ? len - n : len;
  }
  return len;
}

/* --- pieces --- */

enum { STRIDE = 512 }; /* bytes before looking for ASCII again */

/* A block, and what follows it if that is faster. Returns how much it was. */
static size_t feed_blocks(uint64_t *state, const char *at, size_t left) {
  size_t n = BLOCK;
  *state = run(*state, at, BLOCK);
  while (n < left && *state != START && *state != BAD)
    *state = run(*state, at + n++, 1);
  size_t len = (left - n < STRIDE ? left - n : STRIDE) / sizeof(vector) * sizeof(vector);
  if (*state == BAD || len == 0 || !can_look_up())
    return n;
  if (!check_vectors(at + n, len))
    *state = BAD;
  return n + whole(at + n, len);
}

bool sio_utf8_feed(uint32_t *state, sio_bytes piece) {
  uint64_t now = *state;
  const char *at = piece.base;
  size_t left = piece.len;
  for (size_t n; left >= BLOCK; left -= n, at += n)
    n = now == START && is_ascii_block(at) ? BLOCK : feed_blocks(&now, at, left);
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
