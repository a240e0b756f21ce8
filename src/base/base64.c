#include "base/base64.h"

#include "base/error.h"

static const char standard[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char for_urls[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Encodes whole groups and the rest, without padding; returns the number of characters. */
static size_t encode(char *out, sio_bytes in, const char alphabet[64]) {
  const unsigned char *from = (const unsigned char *)in.base;
  char *to = out;
  size_t left = in.len;
  for (; left >= 3; left -= 3, from += 3, to += 4) {
    to[0] = alphabet[from[0] >> 2];
    to[1] = alphabet[(from[0] << 4 | from[1] >> 4) & 63];
    to[2] = alphabet[(from[1] << 2 | from[2] >> 6) & 63];
    to[3] = alphabet[from[2] & 63];
  }
  if (left > 0) {
    unsigned first = from[0], second = left == 2 ? from[1] : 0;
    *to++ = alphabet[first >> 2];
    *to++ = alphabet[(first << 4 | second >> 4) & 63];
    if (left == 2)
      *to++ = alphabet[second << 2 & 63];
  }
  return (size_t)(to - out);
}

void sio_base64_encode(char *out, sio_bytes in) {
  size_t n = encode(out, in, standard);
  memset(out + n, '=', sio_base64_size(in.len) - n);
}

size_t sio_base64url_encode(char *out, sio_bytes in) {
  return encode(out, in, for_urls);
}

enum { NO = 0xff }; /* not of the alphabet */

static const unsigned char digits[256] = {
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, /* 0x00 */
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, /* 0x10 */
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 62, NO, NO, NO, 63, /* + / */
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, NO, NO, NO, NO, NO, NO, /* 0 to 9 */
    NO, 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, /* A to O */
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, NO, NO, NO, NO, NO, /* P to Z */
    NO, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, /* a to o */
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, NO, NO, NO, NO, NO, /* p to z */
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, /* 0x80 */
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, /* 0x90 */
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, /* 0xa0 */
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, /* 0xb0 */
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, /* 0xc0 */
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, /* 0xd0 */
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, /* 0xe0 */
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, /* 0xf0 */
};

/* Four characters to three bytes; the result is over 63 if one is not of the alphabet. */
static inline unsigned decode_group(char *out, const unsigned char *from) {
  unsigned a = digits[from[0]], b = digits[from[1]], c = digits[from[2]], d = digits[from[3]];
  out[0] = (char)(a << 2 | b >> 4);
  out[1] = (char)(b << 4 | c >> 2);
  out[2] = (char)(c << 6 | d);
  return a | b | c | d;
}

/* The last group, which may be padded; returns the number of bytes. */
static long decode_last(char *out, const unsigned char *from) {
  int padding = from[3] != '=' ? 0 : from[2] != '=' ? 1 : 2;
  unsigned char group[4] = {from[0], from[1], padding == 2 ? 'A' : from[2],
                            padding > 0 ? 'A' : from[3]};
  char bytes[3];
  if (decode_group(bytes, group) > 63)
    return SIO_EPARSE;
  /* RFC 4648 section 3.5: the bits that no byte needs are zero. */
  for (int i = 3 - padding; i < 3; i++)
    if (bytes[i] != 0)
      return SIO_EPARSE;
  memcpy(out, bytes, (size_t)(3 - padding));
  return 3 - padding;
}

long sio_base64_decode(char *out, sio_bytes in) {
  if (in.len % 4 != 0)
    return SIO_EPARSE;
  if (in.len == 0)
    return 0;
  const unsigned char *from = (const unsigned char *)in.base;
  const unsigned char *last = from + in.len - 4;
  unsigned seen = 0;
  char *to = out;
  for (; from < last; from += 4, to += 3)
    seen |= decode_group(to, from);
  if (seen > 63)
    return SIO_EPARSE;
  long rest = decode_last(to, last);
  return rest < 0 ? rest : (long)(to - out) + rest;
}
