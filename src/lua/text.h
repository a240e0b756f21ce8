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

typedef unsigned char sio_text_block __attribute__((vector_size(16)));

/* The OR of its two words. */
static inline uint64_t sio_text_fold(sio_text_block block) {
  typedef uint64_t words __attribute__((vector_size(16)));
  words all = (words)block;
  return all[0] | all[1];
}

/* Reads count blocks. Returns bits where a byte ends the run, and ORs the bytes into *seen. */
static inline sio_text_block sio_text_stops(const char *at, int count, sio_text_block *seen) {
  sio_text_block stops = {0};
  for (int i = 0; i < count; i++) {
    sio_text_block bytes;
    memcpy(&bytes, at + i * (int)sizeof(bytes), sizeof(bytes));
    stops |= (sio_text_block)((bytes < 0x20) | (bytes == '"') | (bytes == '\\'));
    *seen |= bytes;
  }
  return stops;
}

/* Skips what is free of stops, so many blocks at a time. */
static inline const char *sio_text_skip(const char *at, const char *end, int count,
                                        sio_text_block *seen) {
  const ptrdiff_t step = count * (ptrdiff_t)sizeof(sio_text_block);
  while (end - at >= step) {
    sio_text_block bytes = *seen;
    if (sio_text_fold(sio_text_stops(at, count, &bytes)) != 0)
      break;
    *seen = bytes;
    at += step;
  }
  return at;
}

/*
 * The end of the run at the start of the text. *is_ascii becomes false if there is a byte over 7F
 * in the run, and is left alone otherwise.
 */
static inline const char *sio_text_run(const char *at, const char *end, bool *is_ascii) {
  sio_text_block seen = {0};
  at = sio_text_skip(at, end, 4, &seen); /* testing for a stop costs as much as finding it */
  at = sio_text_skip(at, end, 1, &seen);
  unsigned char tail = 0;
  while (at < end && sio_text_escapes[(unsigned char)*at] == 0)
    tail |= (unsigned char)*at++;
  if ((sio_text_fold(seen) & 0x8080808080808080) != 0 || tail >= 0x80)
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
