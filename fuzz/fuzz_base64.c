/* What decodes is the canonical encoding of its bytes, what is canonical decodes. */
#include "base/base64.h"

#include "base/error.h"
#include "fuzz.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The oracle writes bit by bit; out has room for the text and a NUL. */
static void encode_slowly(char *out, const uint8_t *data, size_t size) {
  size_t bits = size * 8, n = 0;
  for (size_t at = 0; at < bits; at += 6, n++) {
    unsigned digit = 0;
    for (size_t bit = at; bit < at + 6; bit++)
      digit = digit << 1 | (bit < bits ? data[bit / 8] >> (7 - bit % 8) & 1u : 0);
    out[n] = alphabet[digit];
  }
  while (n % 4 != 0)
    out[n++] = '=';
  out[n] = '\0';
}

static void check_encoding(const uint8_t *data, size_t size) {
  sio_bytes plain = {(const char *)data, size};
  size_t len = sio_base64_size(size);
  char *want = malloc(len + 1), *text = malloc(len + 1), *back = malloc(len + 1);
  CHECK(want != NULL && text != NULL && back != NULL);
  encode_slowly(want, data, size);
  sio_base64_encode(text, plain);
  CHECK(strlen(want) == len && memcmp(text, want, len) == 0);
  CHECK(sio_base64_decode(back, sio_bytes_of(text, len)) == (long)size);
  CHECK(sio_bytes_eq(sio_bytes_of(back, size), plain));

  size_t n = sio_base64url_encode(text, plain);
  CHECK(n == (size * 4 + 2) / 3);
  for (size_t i = 0; i < n; i++)
    CHECK(text[i] == (want[i] == '+' ? '-' : want[i] == '/' ? '_' : want[i]));
  free(want);
  free(text);
  free(back);
}

static void check_decoding(const uint8_t *data, size_t size) {
  char *plain = malloc(size / 4 * 3 + 1), *again = malloc(size + 4 + 1);
  CHECK(plain != NULL && again != NULL);
  long n = sio_base64_decode(plain, sio_bytes_of((const char *)data, size));
  CHECK(n == SIO_EPARSE || (n >= 0 && (size_t)n <= size / 4 * 3));
  if (n >= 0) {
    encode_slowly(again, (const uint8_t *)plain, (size_t)n);
    CHECK(strlen(again) == size && (size == 0 || memcmp(again, data, size) == 0));
  }
  free(plain);
  free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  check_encoding(data, size);
  check_decoding(data, size);
  return 0;
}
