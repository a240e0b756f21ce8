/*
 * Headers that an application sets, of any bytes: what is taken is one line of an answer that says
 * what was meant, and nothing else. The input is a list of steps: what to do, a length, a name, a
 * length, a value.
 */
#include <string.h>

#include "fuzz.h"
#include "http/conn.h"
#include "http/token.h"

enum { MAX = 2000 };

static bool is_clean(sio_bytes value) {
  for (size_t i = 0; i < value.len; i++)
    if (((unsigned char)value.base[i] < ' ' && value.base[i] != '\t') || value.base[i] == 0x7f)
      return false;
  return true;
}

/* Every line is "Name: value"; returns how many there are. */
static size_t check_lines(const sio_exchange *exchange) {
  sio_bytes text = sio_exchange_headers(exchange);
  size_t count = 0;
  for (; text.len > 0; count++) {
    const char *end = memmem(text.base, text.len, "\r\n", 2);
    CHECK(end != NULL);
    const char *colon = memchr(text.base, ':', (size_t)(end - text.base));
    CHECK(colon != NULL && colon[1] == ' ');
    CHECK(sio_token_is_valid(sio_bytes_of(text.base, (size_t)(colon - text.base))));
    CHECK(is_clean(sio_bytes_of(colon + 2, (size_t)(end - colon) - 2)));
    text = sio_bytes_of(end + 2, text.len - (size_t)(end + 2 - text.base));
  }
  return count;
}

static bool ends_with(sio_bytes text, sio_bytes name, sio_bytes value) {
  size_t len = name.len + 2 + value.len + 2;
  const char *at = text.base + text.len - len;
  return text.len >= len && memcmp(at, name.base, name.len) == 0 &&
         memcmp(at + name.len, ": ", 2) == 0 &&
         (value.len == 0 || memcmp(at + name.len + 2, value.base, value.len) == 0);
}

static bool is_ours(sio_bytes name) { /* the connection's business */
  return sio_bytes_ieq(name, SIO_BYTES("connection")) ||
         sio_bytes_ieq(name, SIO_BYTES("keep-alive")) ||
         sio_bytes_ieq(name, SIO_BYTES("transfer-encoding")) ||
         sio_bytes_ieq(name, SIO_BYTES("content-length"));
}

static void add(sio_exchange *exchange, sio_bytes name, sio_bytes value) {
  size_t before = check_lines(exchange);
  int err = sio_exchange_header(exchange, name, value);
  size_t added = check_lines(exchange) - before;
  if (is_ours(name)) {
    CHECK(added == (err == 0 && sio_bytes_ieq(name, SIO_BYTES("content-length"))));
    return;
  }
  CHECK((err == 0) == (sio_token_is_valid(name) && is_clean(value)));
  CHECK(added == (err == 0));
  CHECK(err != 0 || (ends_with(sio_exchange_headers(exchange), name, value) &&
                     sio_exchange_has_header(exchange, name)));
}

static void drop(sio_exchange *exchange, sio_bytes name) {
  size_t before = check_lines(exchange);
  bool had = sio_exchange_has_header(exchange, name);
  sio_exchange_remove_header(exchange, name);
  CHECK(!sio_exchange_has_header(exchange, name));
  CHECK((check_lines(exchange) < before) == had);
}

static sio_bytes take(sio_bytes *in) {
  size_t len = in->len > 0 ? (unsigned char)*in->base : 0;
  size_t left = in->len > 0 ? in->len - 1 : 0;
  sio_bytes text = sio_bytes_of(in->base + (in->len > 0), len < left ? len : left);
  *in = sio_bytes_of(text.base + text.len, left - text.len);
  return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0 || size > MAX)
    return 0;
  sio_conn conn = {.exchange.promised = -1};
  for (sio_bytes in = {(const char *)data, size}; in.len > 0;) {
    bool is_removal = *in.base++ % 4 == 0;
    in.len--;
    sio_bytes name = take(&in);
    if (is_removal)
      drop(&conn.exchange, name);
    else
      add(&conn.exchange, name, take(&in));
  }
  sio_buf_deinit(&conn.exchange.headers);
  return 0;
}
