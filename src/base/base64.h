/* Base64 (RFC 4648): the standard alphabet with padding, and the URL alphabet without. */
#ifndef SIO_BASE_BASE64_H
#define SIO_BASE_BASE64_H

#include "base/bytes.h"

static inline size_t sio_base64_size(size_t len) { /* characters for len bytes, padding included */
  return (len + 2) / 3 * 4;
}

/* Writes sio_base64_size(in.len) characters to out. */
void sio_base64_encode(char *out, sio_bytes in);

/* Writes ceil(in.len * 4 / 3) characters of the URL alphabet, no padding; returns their number. */
size_t sio_base64url_encode(char *out, sio_bytes in);

/*
 * Strict: length a multiple of four, padding only at the end, no other character, no stray bits.
 * out has room for in.len / 4 * 3 bytes and may be in.base. Returns the number of bytes or
 * SIO_EPARSE.
 */
long sio_base64_decode(char *out, sio_bytes in);

#endif
