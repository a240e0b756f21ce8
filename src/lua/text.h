/*
 * Strings of JSON. What one may hold as it is, everything but quotes, backslashes and controls, is
 * found by blocks, since most of every payload is such a run. Knows no Lua.
 */
#ifndef SIO_LUA_TEXT_H
#define SIO_LUA_TEXT_H

#include <stdint.h>

#include "base/buf.h"

/* 0 for a byte that stands for itself, else what follows the backslash ('u': four hex digits). */
extern const char sio_text_escapes[256];

enum { SIO_TEXT_BLOCK = 16, SIO_TEXT_RUN = 64 };

typedef unsigned char sio_text_block __attribute__((vector_size(SIO_TEXT_BLOCK)));
typedef uint64_t sio_text_words __attribute__((vector_size(SIO_TEXT_BLOCK)));

/* The OR of its two words. */
static inline uint64_t sio_text_fold(sio_text_block block) {
  sio_text_words all = (sio_text_words)block;
  return all[0] | all[1];
}

/* The bytes that may not stand in a string as they are are not 0 in the result. */
static inline sio_text_block sio_text_stops(sio_text_block bytes) {
  return (sio_text_block)((bytes < 0x20) | (bytes == '"') | (bytes == '\\'));
}

/* Which byte is the first that is not 0; there is one. */
static inline int sio_text_first(sio_text_block stops) {
  sio_text_words all = (sio_text_words)stops;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  return all[0] != 0 ? __builtin_ctzll(all[0]) / 8 : 8 + __builtin_ctzll(all[1]) / 8;
#else
  return all[0] != 0 ? __builtin_clzll(all[0]) / 8 : 8 + __builtin_clzll(all[1]) / 8;
#endif
}

/* Reads SIO_TEXT_RUN bytes. Returns whether none is a stop, and ORs them into *seen then. */
static inline bool sio_text_is_run(const sio_text_block bytes[4], sio_text_block *seen) {
  sio_text_block stops = sio_text_stops(bytes[0]) | sio_text_stops(bytes[1]) |
                         sio_text_stops(bytes[2]) | sio_text_stops(bytes[3]);
  if (sio_text_fold(stops) != 0)
    return false;
  *seen |= bytes[0] | bytes[1] | bytes[2] | bytes[3];
  return true;
}

static inline bool sio_text_is_ascii(uint64_t seen) {
  return (seen & 0x8080808080808080) == 0;
}

/*
 * The end of the run at the start of the text. *is_ascii becomes false if there is a byte over 7F
 * in the run, perhaps also if there is one soon after it, and is left alone otherwise.
 */
static inline const char *sio_text_run(const char *at, const char *end, bool *is_ascii) {
  sio_text_block bytes[SIO_TEXT_RUN / SIO_TEXT_BLOCK], seen = {0};
  for (; end - at >= SIO_TEXT_RUN; at += SIO_TEXT_RUN) {
    memcpy(bytes, at, sizeof(bytes));
    if (!sio_text_is_run(bytes, &seen))
      break;
  }
  for (; end - at >= SIO_TEXT_BLOCK; at += SIO_TEXT_BLOCK) {
    sio_text_block block;
    memcpy(&block, at, sizeof(block));
    sio_text_block stops = sio_text_stops(block);
    seen |= block;
    if (sio_text_fold(stops) != 0) {
      at += sio_text_first(stops);
      break;
    }
  }
  uint64_t tail = 0;
  while (at < end && sio_text_escapes[(unsigned char)*at] == 0)
    tail |= (unsigned char)*at++;
  if (!sio_text_is_ascii(sio_text_fold(seen) | tail))
    *is_ascii = false;
  return at;
}

/*
 * Appends the text as JSON.stringify would. It must be UTF-8; but lone surrogates, in the three
 * bytes that UTF-8 would have for them, become escapes. 0, SIO_ENOMEM or SIO_EUTF8.
 */
int sio_text_quote(sio_buf *out, sio_bytes text);

/*
 * Writes to *out what [at, end) between quotes stands for, which is never longer, and moves *out
 * behind it. A lone surrogate gets three bytes. end does not cut off what follows a backslash.
 * Returns NULL, or the place of an unknown escape.
 */
const char *sio_text_unescape(const char *at, const char *end, char **out);

#endif
