#include "base/buf.h"

#include <stdint.h>

#include "base/alloc.h"
#include "base/error.h"

enum { SMALLEST = 64 };

void sio_buf_deinit(sio_buf *buf) {
  sio_free(buf->base);
  *buf = (sio_buf){0};
}

static size_t grown(size_t cap, size_t need) {
  size_t twice = cap > SIZE_MAX / 2 ? need : cap * 2;
  size_t size = twice > need ? twice : need;
  return size > SMALLEST ? size : SMALLEST;
}

int sio_buf_reserve(sio_buf *buf, size_t n) {
  if (n <= buf->cap - buf->len)
    return 0;
  if (n > SIZE_MAX - buf->len)
    return SIO_ENOMEM;
  size_t cap = grown(buf->cap, buf->len + n);
  char *base = sio_realloc(buf->base, cap);
  if (base == NULL)
    return SIO_ENOMEM;
  buf->base = base;
  buf->cap = cap;
  return 0;
}

int sio_buf_append(sio_buf *buf, const void *data, size_t n) {
  if (n == 0)
    return 0;
  int err = sio_buf_reserve(buf, n);
  if (err != 0)
    return err;
  memcpy(buf->base + buf->len, data, n);
  buf->len += n;
  return 0;
}

int sio_buf_put(sio_buf *buf, char c) {
  return sio_buf_append(buf, &c, 1);
}

int sio_buf_add(sio_buf *buf, sio_bytes bytes) {
  return sio_buf_append(buf, bytes.base, bytes.len);
}

int sio_buf_str(sio_buf *buf, const char *text) {
  return sio_buf_append(buf, text, strlen(text));
}

int sio_buf_u64(sio_buf *buf, unsigned long long n) {
  char digits[20]; /* of 2^64 - 1 */
  size_t at = sizeof(digits);
  do {
    digits[--at] = (char)('0' + n % 10);
    n /= 10;
  } while (n > 0);
  return sio_buf_append(buf, digits + at, sizeof(digits) - at);
}

void sio_buf_consume(sio_buf *buf, size_t n) {
  buf->len -= n;
  if (n > 0)
    memmove(buf->base, buf->base + n, buf->len);
}
