#include "http/condition.h"
#include "unit.h"

static const sio_version version = {.etag = SIO_BYTES("\"a\""), .modified = 784111777};
#define THEN "Sun, 06 Nov 1994 08:49:37 GMT"
#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"

static sio_request request_of(sio_header *headers, const char *const *lines) {
  sio_request request = {.headers = headers};
  for (; lines[request.header_count * 2] != NULL; request.header_count++) {
    const char *const *line = &lines[request.header_count * 2];
    headers[request.header_count] = (sio_header){sio_bytes_str(line[0]), sio_bytes_str(line[1])};
  }
  return request;
}

static void conditions(void **state) {
  (void)state;
  static const struct {
    int status;
    const char *lines[9];
  } cases[] = {
      {200, {NULL}},
      {304, {"if-none-match", "\"a\""}},
      {304, {"if-none-match", "W/\"a\""}},
      {304, {"if-none-match", "\"x\" ,,\tW/\"y\", \"a\""}},
      {304, {"if-none-match", "*"}},
      {200, {"if-none-match", "a"}},
      {200, {"if-none-match", "\"a"}},
      {200, {"if-none-match", "\"\"a\"\""}},
      {200, {"if-none-match", "x, \"a\""}}, /* what comes after no tag is none */
      {200, {"if-none-match", ""}},
      {200, {"if-none-match", "W/"}},
      {200, {"if-none-match", "w/\"a\""}},
      {200, {"if-none-match", "\"b\"", "if-modified-since", THEN}},
      {304, {"if-modified-since", THEN}},
      {200, {"if-modified-since", BEFORE}},
      {200, {"if-modified-since", "now"}},
      {200, {"if-match", "\"a\""}},
      {200, {"if-match", "*"}},
      {412, {"if-match", "W/\"a\""}},
      {412, {"if-match", ""}},
      {412, {"if-match", "\"b\"", "if-none-match", "\"a\""}},
      {304, {"if-match", "\"a\"", "if-none-match", "\"a\""}},
      {200, {"if-match", "\"a\"", "if-unmodified-since", BEFORE}},
      {412, {"if-unmodified-since", BEFORE}},
      {200, {"if-unmodified-since", THEN}},
      {200, {"if-unmodified-since", "now"}},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    sio_header headers[4];
    sio_request request = request_of(headers, cases[i].lines);
    if (sio_condition_check(&request, &version) != cases[i].status)
      fail_msg("case %zu", i);
  }
}

static void ranges(void **state) {
  (void)state;
  static const struct {
    int status;
    const char *lines[5];
    int64_t size, from, len;
  } cases[] = {
      {206, {"range", "bytes=0-0"}, 10, 0, 1},
      {206, {"range", "bytes=3-"}, 10, 3, 7},
      {206, {"range", "bytes=-3"}, 10, 7, 3},
      {206, {"range", "bytes=-9223372036854775807"}, 10, 0, 10},
      {206, {"range", "bytes=9-9223372036854775807"}, 10, 9, 1},
      {200, {"range", "bytes=9-9223372036854775808"}, 10, 0, 0},
      {200, {"range", "bytes=99999999999999999999-"}, 10, 0, 0},
      {416, {"range", "bytes=10-"}, 10, 0, 0},
      {416, {"range", "bytes=-0"}, 10, 0, 0},
      {416, {"range", "bytes=0-"}, 0, 0, 0},
      {416, {"range", "bytes=-1"}, 0, 0, 0},
      {200, {"range", "bytes=0-1,3-4"}, 10, 0, 0},
      {200, {"range", "bytes=2-1"}, 10, 0, 0},
      {200, {"range", "bytes=-"}, 10, 0, 0},
      {200, {"range", "bytes= 0-1"}, 10, 0, 0},
      {200, {"range", "Bytes=0-1"}, 10, 0, 0},
      {206, {"range", "bytes=0-1", "if-range", "\"a\""}, 10, 0, 2},
      {206, {"range", "bytes=0-1", "if-range", THEN}, 10, 0, 2},
      {200, {"range", "bytes=0-1", "if-range", BEFORE}, 10, 0, 0},
      {200, {"range", "bytes=0-1", "if-range", "W/\"a\""}, 10, 0, 0},
      {200, {"range", "bytes=0-1", "if-range", ""}, 10, 0, 0},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    sio_header headers[2];
    sio_range range = {0};
    sio_request request = request_of(headers, cases[i].lines);
    int status = sio_range_check(&request, &version, cases[i].size, &range);
    if (status != cases[i].status || range.from != cases[i].from || range.len != cases[i].len)
      fail_msg("case %zu: %d %lld+%lld", i, status, (long long)range.from, (long long)range.len);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(conditions), cmocka_unit_test(ranges)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
