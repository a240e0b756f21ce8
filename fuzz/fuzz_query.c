/*
 * A query is cut into its parts, in order and none left out; each is decoded as a decoder that
 * knows nothing of ours does it; a name's value is that of its last part.
 */
#include <string.h>

#include "fuzz.h"
#include "http/request.h"

enum { MAX = 4096 };

static int digit(char c) {
  const char *digits = "0123456789abcdef";
  const char *at = c == '\0' ? NULL : strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c);
  return at == NULL ? -1 : (int)(at - digits);
}

static size_t decode(char *out, sio_bytes text) {
  size_t len = 0;
  while (text.len > 0) {
    size_t used = 1;
    out[len] = *text.base == '+' ? ' ' : *text.base;
    if (*text.base == '%' && text.len >= 3 && digit(text.base[1]) >= 0 &&
        digit(text.base[2]) >= 0) {
      out[len] = (char)(digit(text.base[1]) * 16 + digit(text.base[2]));
      used = 3;
    }
    len++;
    text = sio_bytes_of(text.base + used, text.len - used);
  }
  return len;
}

static void check_decoding(sio_bytes text) {
  char ours[MAX], theirs[MAX];
  size_t len = sio_query_decode(ours, text);
  CHECK(len <= text.len);
  CHECK(sio_bytes_eq(sio_bytes_of(ours, len), sio_bytes_of(theirs, decode(theirs, text))));
}

/* What stands between two parts: ampersands alone. */
static const char *skip(const char *at, const char *to) {
  while (at < to) {
    CHECK(*at == '&');
    at++;
  }
  return at;
}

static void check_parts(sio_bytes query) {
  const char *at = query.base;
  size_t next = 0;
  sio_bytes name, value;
  while (sio_query_next(query, &next, &name, &value)) {
    CHECK(next <= query.len);
    at = skip(at, name.base);
    CHECK(memchr(name.base, '=', name.len) == NULL);
    CHECK(memchr(name.base, '&', name.len) == NULL && memchr(value.base, '&', value.len) == NULL);
    CHECK(value.base == name.base + name.len + (value.base > name.base + name.len));
    CHECK(value.base + value.len <= query.base + query.len);
    check_decoding(name);
    check_decoding(value);
    at = value.base + value.len;
  }
  CHECK(next == query.len);
  skip(at, query.base + query.len);
}

/* The last part of that name, found from the front. */
static sio_bytes last_of(sio_bytes query, sio_bytes wanted) {
  sio_bytes found = {0}, name, value;
  for (size_t at = 0; sio_query_next(query, &at, &name, &value);)
    if (sio_bytes_eq(name, wanted))
      found = value;
  return found;
}

static void check_lookup(sio_bytes query) {
  static const char *const names[] = {"sid", "EIO", "transport", "j", "b64", ""};
  const sio_request request = {.query = query};
  for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
    sio_bytes expected = last_of(query, sio_bytes_str(names[i]));
    sio_bytes found = sio_request_query(&request, names[i]);
    CHECK(found.base == expected.base && found.len == expected.len);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > MAX)
    return 0;
  sio_bytes query = {size > 0 ? (const char *)data : "", size};
  check_parts(query);
  check_lookup(query);
  return 0;
}
