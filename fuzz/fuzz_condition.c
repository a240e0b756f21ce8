/*
 * Conditions, ranges and dates of requests. The first byte says which headers there are, the second
 * how large the thing is; their values follow, by lines.
 */
#include <string.h>

#include "fuzz.h"
#include "http/condition.h"
#include "http/date.h"

enum { MAX = 4096 };

static const char *const names[] = {"range",    "if-range",          "if-none-match",
                                    "if-match", "if-modified-since", "if-unmodified-since"};
enum { NAMES = sizeof(names) / sizeof(*names) };

static sio_bytes next_line(sio_bytes *text) {
  const char *end = memchr(text->base, '\n', text->len);
  size_t len = end != NULL ? (size_t)(end - text->base) : text->len;
  sio_bytes line = sio_bytes_of(text->base, len);
  size_t used = end != NULL ? len + 1 : len;
  *text = sio_bytes_of(text->base + used, text->len - used);
  return line;
}

/* A date that is understood is written as it was read. */
static void check_date(sio_bytes text) {
  int64_t seconds;
  char again[SIO_HTTP_DATE_LEN];
  if (!sio_http_date_read(text, &seconds))
    return;
  CHECK(seconds >= 0);
  sio_http_date_write(again, seconds);
  CHECK(sio_bytes_eq(text, sio_bytes_of(again, sizeof(again))));
}

static void check_range(const sio_request *request, const sio_version *version, int64_t size) {
  sio_range range = {-1, -1};
  int status = sio_range_check(request, version, size, &range);
  bool asked = sio_request_header(request, "range").base != NULL;
  CHECK(status == 200 || (asked && (status == 206 || status == 416)));
  if (status != 206) {
    CHECK(range.from == -1 && range.len == -1);
    return;
  }
  CHECK(range.from >= 0 && range.len > 0 && range.from < size && range.len <= size - range.from);
}

static void check_condition(const sio_request *request, const sio_version *version, bool any) {
  int status = sio_condition_check(request, version);
  CHECK(status == 200 || (any && (status == 304 || status == 412)));
  sio_bytes known = sio_request_header(request, "if-none-match");
  if (status == 304 && known.base != NULL)
    CHECK(sio_bytes_eq(known, SIO_BYTES("*")) ||
          memmem(known.base, known.len, version->etag.base, version->etag.len) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2 || size > MAX)
    return 0;
  const sio_version version = {.etag = SIO_BYTES("\"a-1\""), .modified = 784111777};
  sio_bytes text = {(const char *)data + 2, size - 2};
  sio_header headers[NAMES];
  sio_request request = {.headers = headers};
  for (unsigned i = 0; i < NAMES; i++) {
    if ((data[0] & 1u << i) == 0)
      continue;
    headers[request.header_count++] = (sio_header){sio_bytes_str(names[i]), next_line(&text)};
    check_date(headers[request.header_count - 1].value);
  }
  int64_t large = data[1] < 128 ? data[1] : INT64_MAX - data[1];
  check_range(&request, &version, large);
  check_condition(&request, &version, (data[0] & 0x3c) != 0);
  return 0;
}
