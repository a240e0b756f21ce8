#include "http/request.h"
#include "unit.h"

static void expect_query(const char *query, const char *name, const char *value) {
  sio_request request = {.query = sio_bytes_str(query)};
  sio_bytes found = sio_request_query(&request, name);
  if (value == NULL) {
    assert_null(found.base);
    return;
  }
  assert_non_null(found.base);
  assert_int_equal(found.len, strlen(value));
  assert_memory_equal(found.base, value, found.len);
}

static void queries(void **state) {
  (void)state;
  expect_query("EIO=4&transport=polling", "EIO", "4");
  expect_query("EIO=4&transport=polling", "transport", "polling");
  expect_query("EIO=4&transport=polling", "sid", NULL);
  expect_query("EIO=4&EIO=3", "EIO", "3");
  expect_query("a&b=&=c&&d=e=f", "a", "");
  expect_query("a&b=&=c&&d=e=f", "b", "");
  expect_query("a&b=&=c&&d=e=f", "", "c");
  expect_query("a&b=&=c&&d=e=f", "d", "e=f");
  expect_query("ab=1", "a", NULL);
  expect_query("", "a", NULL);
  expect_query("&&&", "", NULL);
}

static void walks(void **state) {
  (void)state;
  sio_bytes name, value;
  size_t at = 0;
  sio_bytes query = SIO_BYTES("&a=1&b&");
  assert_true(sio_query_next(query, &at, &name, &value));
  assert_true(sio_bytes_eq(name, SIO_BYTES("a")) && sio_bytes_eq(value, SIO_BYTES("1")));
  assert_true(sio_query_next(query, &at, &name, &value));
  assert_true(sio_bytes_eq(name, SIO_BYTES("b")) && value.len == 0);
  assert_false(sio_query_next(query, &at, &name, &value));
  assert_false(sio_query_next(query, &at, &name, &value));
}

static void decodes(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"", ""},
      {"abc", "abc"},
      {"%41%6a%4A", "AjJ"},
      {"a+b%2Bc", "a b+c"},
      {"%", "%"},
      {"%4", "%4"},
      {"%zz%4g%g4", "%zz%4g%g4"},
      {"%%41", "%A"},
      {"%c3%a4", "\xc3\xa4"},
      {"100%25", "100%"},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    sio_bytes in = sio_bytes_str(cases[i][0]);
    char *out = malloc(in.len + 1);
    size_t len = sio_query_decode(out, in);
    assert_int_equal(len, strlen(cases[i][1]));
    assert_memory_equal(out, cases[i][1], len);
    free(out);
  }
  char nul[3];
  assert_int_equal(sio_query_decode(nul, SIO_BYTES("%00")), 1);
  assert_int_equal(nul[0], 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(queries), cmocka_unit_test(walks),
                                     cmocka_unit_test(decodes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
