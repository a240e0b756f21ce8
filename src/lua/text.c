#include "lua/text.h"

#include "base/error.h"
#include "base/utf8.h"

const char sio_text_escapes[256] = {
    'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'b',         't',           'n', 'u',
    'f', 'r', 'u', 'u', 'u', 'u', 'u', 'u', 'u',         'u',           'u', 'u',
    'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', ['"'] = '"', ['\\'] = '\\',
};

/* ---- writing ---- */

enum {
  ESCAPE = 6, /* characters of the longest: \u001f */
  SPARE = 64, /* reserved behind a string: its end, an escape, and what mostly ends a payload */
};

static inline bool reserve(sio_buf *out, size_t n) {
  return n <= out->cap - out->len || sio_buf_reserve(out, n) == 0;
}

static inline void put(sio_buf *out, const char *base, size_t len) { /* what has been reserved */
  memcpy(out->base + out->len, base, len);
  out->len += len;
}

static void put_unit(sio_buf *out, unsigned unit) {
  static const char digits[] = "0123456789abcdef";
  const char escape[ESCAPE] = {'\\',
                               'u',
                               digits[unit >> 12 & 15],
                               digits[unit >> 8 & 15],
                               digits[unit >> 4 & 15],
                               digits[unit & 15]};
  put(out, escape, sizeof(escape));
}

static void put_escape(sio_buf *out, unsigned char c) {
  const char escape[] = {'\\', sio_text_escapes[c]};
  if (escape[1] == 'u')
    put_unit(out, c);
  else
    put(out, escape, sizeof(escape));
}

/* Copies the run at the start of the text, for all of which there is room, and returns its end. ORs
 * its bytes into *seen, and perhaps the next ones. */
static const char *copy_run(sio_buf *out, const char *at, const char *end, uint64_t *seen) {
  sio_text_block bytes[SIO_TEXT_RUN / SIO_TEXT_BLOCK], all = {0};
  char *to = out->base + out->len;
  for (; end - at >= SIO_TEXT_RUN; at += SIO_TEXT_RUN, to += SIO_TEXT_RUN) {
    memcpy(bytes, at, sizeof(bytes));
    if (!sio_text_is_run(bytes, &all))
      break;
    memcpy(to, bytes, sizeof(bytes));
  }
  for (; end - at >= SIO_TEXT_BLOCK; at += SIO_TEXT_BLOCK, to += SIO_TEXT_BLOCK) {
    sio_text_block block;
    memcpy(&block, at, sizeof(block));
    memcpy(to, &block, sizeof(block));
    all |= block;
    sio_text_block stops = sio_text_stops(block);
    if (sio_text_fold(stops) != 0) {
      at += sio_text_first(stops);
      to += sio_text_first(stops);
      break;
    }
  }
  uint64_t tail = 0;
  while (at < end && sio_text_escapes[(unsigned char)*at] == 0)
    tail |= (unsigned char)(*to++ = *at++);
  *seen |= sio_text_fold(all) | tail;
  out->len = (size_t)(to - out->base);
  return at;
}

/* Leaves SPARE bytes reserved, less the longest escape. */
static int escape(sio_buf *out, const char *at, const char *end, uint64_t *seen) {
  if (!reserve(out, SPARE + (size_t)(end - at)))
    return SIO_ENOMEM;
  while ((at = copy_run(out, at, end, seen)) < end) {
    put_escape(out, (unsigned char)*at++);
    if (!reserve(out, SPARE + (size_t)(end - at)))
      return SIO_ENOMEM;
  }
  return 0;
}

/* Whether the text starts with a surrogate, in the three bytes that UTF-8 forbids it to have. */
static bool is_surrogate(const char *at, const char *end) {
  return end - at >= 3 && at[0] == '\xed' && (at[1] & 0xe0) == 0xa0 && (at[2] & 0xc0) == 0x80;
}

/* Between surrogates, which become escapes, the text must be valid. */
static int escape_surrogates(sio_buf *out, const char *at, const char *end) {
  uint64_t seen = 0;
  for (const char *next = at; at < end; at = next) {
    while (next < end && !is_surrogate(next, end))
      next++;
    if (!sio_utf8_is_valid(sio_bytes_of(at, (size_t)(next - at))))
      return SIO_EUTF8;
    if (escape(out, at, next, &seen) != 0)
      return SIO_ENOMEM;
    if (next == end)
      return 0;
    put_unit(out, 0xd000u | ((unsigned)next[1] & 0x3f) << 6 | ((unsigned)next[2] & 0x3f));
    next += 3;
  }
  return 0;
}

int sio_text_quote(sio_buf *out, sio_bytes text) {
  uint64_t seen = 0;
  const char *end = text.base + text.len;
  if (text.len > SIZE_MAX - SPARE - 1 || !reserve(out, 1 + text.len + SPARE))
    return SIO_ENOMEM;
  put(out, "\"", 1);
  size_t start = out->len;
  int err = escape(out, text.base, end, &seen);
  if (err == 0 && !sio_text_is_ascii(seen) && !sio_utf8_is_valid(text)) {
    out->len = start;
    err = escape_surrogates(out, text.base, end);
  }
  if (err == 0)
    put(out, "\"", 1);
  return err;
}

/* ---- reading ---- */

/* Four hex digits, or -1. */
static int read_unit(const char *at, const char *end) {
  if (end - at < 4)
    return -1;
  int unit = 0;
  for (int i = 0; i < 4; i++) {
    char c = at[i];
    char lower = (char)(c | 0x20);
    if (c >= '0' && c <= '9')
      unit = unit << 4 | (c - '0');
    else if (lower >= 'a' && lower <= 'f')
      unit = unit << 4 | (lower - 'a' + 10);
    else
      return -1;
  }
  return unit;
}

/* As UTF-8; a lone surrogate gets the three bytes that its number would have. */
static char *put_character(char *out, unsigned long c) {
  if (c < 0x80) {
    *out++ = (char)c;
    return out;
  }
  if (c < 0x800) {
    *out++ = (char)(0xc0 | c >> 6);
  } else {
    if (c < 0x10000) {
      *out++ = (char)(0xe0 | c >> 12);
    } else {
      *out++ = (char)(0xf0 | c >> 18);
      *out++ = (char)(0x80 | (c >> 12 & 0x3f));
    }
    *out++ = (char)(0x80 | (c >> 6 & 0x3f));
  }
  *out++ = (char)(0x80 | (c & 0x3f));
  return out;
}

/* at is behind "\u". Returns what follows the escape, or both of a pair; NULL: no four digits. */
static const char *unescape_unit(const char *at, const char *end, char **out) {
  int high = read_unit(at, end);
  if (high < 0)
    return NULL;
  at += 4;
  unsigned long c = (unsigned long)high;
  if (high >= 0xd800 && high < 0xdc00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
    int low = read_unit(at + 2, end);
    if (low >= 0xdc00 && low < 0xe000) {
      c = 0x10000 + ((c - 0xd800) << 10) + (unsigned long)(low - 0xdc00);
      at += 6;
    }
  }
  *out = put_character(*out, c);
  return at;
}

static char simple_escape(char letter) {
  switch (letter) {
  case '"':
  case '\\':
  case '/':
    return letter;
  case 'b':
    return '\b';
  case 'f':
    return '\f';
  case 'n':
    return '\n';
  case 'r':
    return '\r';
  case 't':
    return '\t';
  default:
    return '\0';
  }
}

const char *sio_text_unescape(const char *at, const char *end, char **out) {
  while (at < end) {
    const char *escape = memchr(at, '\\', (size_t)(end - at));
    size_t run = (size_t)((escape != NULL ? escape : end) - at);
    memcpy(*out, at, run);
    *out += run;
    if (escape == NULL)
      return NULL;
    at = escape + 2;
    if (escape[1] == 'u') {
      at = unescape_unit(at, end, out);
    } else {
      char c = simple_escape(escape[1]);
      *(*out)++ = c;
      if (c == '\0')
        at = NULL;
    }
    if (at == NULL)
      return escape;
  }
  return NULL;
}
