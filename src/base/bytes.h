/* A borrowed run of bytes: valid as long as its owner says, never NUL-terminated by promise. */
#ifndef SIO_BASE_BYTES_H
#define SIO_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct sio_bytes {
  const char *base;
  size_t len;
} sio_bytes;

#define SIO_BYTES(literal) ((sio_bytes){(literal), sizeof(literal) - 1})

static inline sio_bytes sio_bytes_of(const char *base, size_t len) {
  return (sio_bytes){base, len};
}

static inline sio_bytes sio_bytes_str(const char *text) {
  return (sio_bytes){text, strlen(text)};
}

static inline bool sio_bytes_eq(sio_bytes a, sio_bytes b) {
  return a.len == b.len && (a.len == 0 || memcmp(a.base, b.base, a.len) == 0);
}

/* The same without regard to the case of ASCII letters. */
bool sio_bytes_ieq(sio_bytes a, sio_bytes b);

static inline bool sio_bytes_starts(sio_bytes text, sio_bytes prefix) {
  return text.len >= prefix.len && sio_bytes_eq(sio_bytes_of(text.base, prefix.len), prefix);
}

#endif
