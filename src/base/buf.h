/* A growing byte buffer that owns its memory. Zeroed is a valid empty buffer. */
#ifndef SIO_BASE_BUF_H
#define SIO_BASE_BUF_H

#include "base/bytes.h"

typedef struct sio_buf {
  char *base;
  size_t len;
  size_t cap;
} sio_buf;

void sio_buf_deinit(sio_buf *buf);

/* Makes room for n more bytes (grows by doubling). 0 or SIO_ENOMEM; the content is kept either way.
 */
int sio_buf_reserve(sio_buf *buf, size_t n);

/* Copies. 0 or SIO_ENOMEM; nothing is appended on failure. */
int sio_buf_append(sio_buf *buf, const void *data, size_t n);
int sio_buf_put(sio_buf *buf, char c);
int sio_buf_add(sio_buf *buf, sio_bytes bytes);
int sio_buf_str(sio_buf *buf, const char *text);
int sio_buf_u64(sio_buf *buf, unsigned long long n);

/* Forgets the content, keeps the memory. */
static inline void sio_buf_clear(sio_buf *buf) {
  buf->len = 0;
}

/* Drops the first n bytes (n <= len). */
void sio_buf_consume(sio_buf *buf, size_t n);

static inline sio_bytes sio_buf_bytes(const sio_buf *buf) {
  return (sio_bytes){buf->base, buf->len};
}

#endif
