#include "base/error.h"

#include "unit.h"

static void every_code_is_negative_and_has_its_own_text(void **state) {
  (void)state;
  const int codes[] = {
#define X(name, code, text) code,
      SIO_ERRORS(X)
#undef X
  };
  for (size_t i = 0; i < COUNT(codes); i++) {
    assert_true(codes[i] < 0);
    assert_string_not_equal(sio_strerror(codes[i]), "unknown error");
    for (size_t j = 0; j < i; j++) {
      assert_int_not_equal(codes[i], codes[j]);
      assert_string_not_equal(sio_strerror(codes[i]), sio_strerror(codes[j]));
    }
  }
  assert_string_equal(sio_strerror(SIO_ENOMEM), "out of memory");
}

static void other_numbers_have_a_text_too(void **state) {
  (void)state;
  assert_string_equal(sio_strerror(0), "success");
  assert_string_equal(sio_strerror(1), "unknown error");
  assert_string_equal(sio_strerror(-1000), "unknown error");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_code_is_negative_and_has_its_own_text),
      cmocka_unit_test(other_numbers_have_a_text_too),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
