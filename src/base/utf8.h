/* UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef SIO_BASE_UTF8_H
#define SIO_BASE_UTF8_H

#include <stdint.h>

#include "base/bytes.h"

bool sio_utf8_is_valid(sio_bytes text);

/* For text that comes in pieces: start with SIO_UTF8_START; false from feed means invalid already.
 */
enum { SIO_UTF8_START = 0 };
bool sio_utf8_feed(uint32_t *state, sio_bytes piece);

/* True when the pieces so far end between two characters. */
static inline bool sio_utf8_is_whole(uint32_t state) {
  return state == SIO_UTF8_START;
}

/* The number of leading bytes that are plain ASCII (word by word). */
size_t sio_ascii_prefix(sio_bytes text);

#endif
