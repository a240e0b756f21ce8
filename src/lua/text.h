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

/*
 * The end of the run at the start of the text. *is_ascii becomes false if there is a byte over 7F
 * in the run, and is left alone otherwise.
 */
static inline const char *sio_text_run(const char *at, const char *end, bool *is_ascii) {
  typedef unsigned char block __attribute__((vector_size(16)));
  typedef uint64_t words __attribute__((vector_size(16)));
  block seen = {0};
  while (end - at >= (ptrdiff_t)sizeof(block)) {
    block bytes;
    memcpy(&bytes, at, sizeof(bytes));
    words stops = (words)((bytes < 0x20) | (bytes == '"') | (bytes == '\\'));
    if ((stops[0] | stops[1]) != 0)
      break;
    seen |= bytes;
    at += sizeof(block);
  }
  unsigned char tail = 0;
  while (at < end && sio_text_escapes[(unsigned char)*at] == 0)
    tail |= (unsigned char)*at++;
  words all = (words)seen;
  if (((all[0] | all[1]) & 0x8080808080808080) != 0 || tail >= 0x80)
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
