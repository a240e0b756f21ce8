#include <time.h>

#include "http/date.h"
#include "unit.h"

static void writes(void **state) {
  (void)state;
  static const int64_t special[] = {0,          86399,      86400,       784111777, 951782399,
                                    951868799,  951868800,  4107542400,  68169599,  1709164800,
                                    1735689599, 1735689600, 253402300799};
  uint64_t seed = 7;
  for (size_t i = 0; i < 20000; i++) {
    time_t at = i < COUNT(special) ? special[i] : (time_t)(next_number(&seed) % 253402300800);
    char text[SIO_HTTP_DATE_LEN + 1] = "", expected[64];
    struct tm tm;
    sio_http_date_write(text, at);
    gmtime_r(&at, &tm);
    strftime(expected, sizeof(expected), "%a, %d %b %Y %H:%M:%S GMT", &tm); /* locale "C" */
    assert_string_equal(text, expected);
    int64_t again;
    assert_true(sio_http_date_read(sio_bytes_str(text), &again));
    assert_int_equal(again, at);
  }
}

static void reads_nothing_else(void **state) {
  (void)state;
  static const char *const cases[] = {
      "",
      "Sun, 06 Nov 1994 08:49:37",
      "Sunday, 06-Nov-94 08:49:37 GMT",
      "Sun Nov  6 08:49:37 1994",
      "Mon, 06 Nov 1994 08:49:37 GMT",
      "Sun, 31 Feb 1994 08:49:37 GMT",
      "Sun, 06 Nov 1994 24:49:37 GMT",
      "Sun, 06 Nov 1994 08:60:37 GMT",
      "Sun, 06 Nov 1994 08:49:60 GMT",
      "Sun, 06 nov 1994 08:49:37 GMT",
      "Sun, 06 Nov 1969 08:49:37 GMT",
      "Sun, -6 Nov 1994 08:49:37 GMT",
      "Sun, 06 Nov 1994 08:49:37 UTC",
  };
  int64_t seconds;
  for (size_t i = 0; i < COUNT(cases); i++)
    assert_false(sio_http_date_read(sio_bytes_str(cases[i]), &seconds));
  assert_false(sio_http_date_read((sio_bytes){0}, &seconds));
  assert_true(sio_http_date_read(SIO_BYTES("Sun, 06 Nov 1994 08:49:37 GMT"), &seconds));
  assert_int_equal(seconds, 784111777);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(writes),
                                     cmocka_unit_test(reads_nothing_else)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
