#include "base/siphash.h"

typedef struct sip {
  uint64_t a, b, c, d; /* v0 to v3 of the paper */
} sip;

static inline uint64_t rotate(uint64_t word, int bits) {
  return word << bits | word >> (64 - bits);
}

static inline void mix(sip *v) {
  v->a += v->b;
  v->c += v->d;
  v->b = rotate(v->b, 13) ^ v->a;
  v->d = rotate(v->d, 16) ^ v->c;
  v->a = rotate(v->a, 32);
  v->c += v->b;
  v->a += v->d;
  v->b = rotate(v->b, 17) ^ v->c;
  v->d = rotate(v->d, 21) ^ v->a;
  v->c = rotate(v->c, 32);
}

static inline void absorb(sip *v, uint64_t word) {
  v->d ^= word;
  mix(v);
  v->a ^= word;
}

/* Little-endian on every machine, though only test vectors would notice; n is at most 8. */
static inline uint64_t load(const char *from, size_t n) {
  uint64_t word = 0;
  for (size_t i = 0; i < n; i++)
    word |= (uint64_t)(unsigned char)from[i] << 8 * i;
  return word;
}

uint64_t sio_siphash(const uint64_t key[2], sio_bytes text) {
  sip v = {
      key[0] ^ 0x736f6d6570736575,
      key[1] ^ 0x646f72616e646f6d,
      key[0] ^ 0x6c7967656e657261,
      key[1] ^ 0x7465646279746573,
  };
  const char *at = text.base;
  size_t left = text.len;
  for (; left >= 8; left -= 8, at += 8)
    absorb(&v, load(at, 8));
  absorb(&v, load(at, left) | (uint64_t)text.len << 56);
  v.c ^= 0xff;
  for (int i = 0; i < 3; i++)
    mix(&v);
  return v.a ^ v.b ^ v.c ^ v.d;
}
