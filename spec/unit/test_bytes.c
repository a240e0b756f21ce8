#include "base/bytes.h"

#include <ctype.h>

#include "unit.h"

static const sio_bytes none = {NULL, 0};

static void eq_compares_length_and_content(void **state) {
  (void)state;
  assert_true(sio_bytes_eq(SIO_BYTES("a\0b"), sio_bytes_of("a\0bc", 3)));
  assert_false(sio_bytes_eq(SIO_BYTES("a\0b"), SIO_BYTES("a\0c")));
  assert_false(sio_bytes_eq(SIO_BYTES("ab"), SIO_BYTES("abc")));
  assert_true(sio_bytes_eq(none, SIO_BYTES("")));
  assert_true(sio_bytes_eq(none, none));
  assert_false(sio_bytes_eq(none, SIO_BYTES("a")));
}

static void ieq_folds_ascii_letters_only(void **state) {
  (void)state;
  assert_true(sio_bytes_ieq(SIO_BYTES("Sec-WebSocket-Key"), SIO_BYTES("sec-websocket-kEY")));
  assert_false(sio_bytes_ieq(SIO_BYTES("abc"), SIO_BYTES("abcd")));
  assert_true(sio_bytes_ieq(none, SIO_BYTES("")));
  for (int a = 0; a < 256; a++)
    for (int b = 0; b < 256; b++) {
      char first = (char)a, second = (char)b;
      bool same = a == b || (a < 128 && b < 128 && isalpha(a) && tolower(a) == tolower(b));
      assert_int_equal(sio_bytes_ieq(sio_bytes_of(&first, 1), sio_bytes_of(&second, 1)), same);
    }
}

static void starts_looks_no_further_than_the_prefix(void **state) {
  (void)state;
  assert_true(sio_bytes_starts(SIO_BYTES("/socket.io/"), SIO_BYTES("/socket")));
  assert_true(sio_bytes_starts(SIO_BYTES("a"), SIO_BYTES("a")));
  assert_false(sio_bytes_starts(SIO_BYTES("a"), SIO_BYTES("ab")));
  assert_false(sio_bytes_starts(SIO_BYTES("ba"), SIO_BYTES("a")));
  assert_true(sio_bytes_starts(SIO_BYTES("a"), none));
  assert_true(sio_bytes_starts(none, none));
}

static void str_measures_a_c_string(void **state) {
  (void)state;
  assert_int_equal(sio_bytes_str("").len, 0);
  assert_true(sio_bytes_eq(sio_bytes_str("abc"), SIO_BYTES("abc")));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(eq_compares_length_and_content),
      cmocka_unit_test(ieq_folds_ascii_letters_only),
      cmocka_unit_test(starts_looks_no_further_than_the_prefix),
      cmocka_unit_test(str_measures_a_c_string),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
