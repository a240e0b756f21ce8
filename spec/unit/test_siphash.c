#include "base/siphash.h"

#include "unit.h"

/* Computed with CPython 3.11, whose bytes hash is SipHash-1-3, over the bytes 0, 1, 2, ... */
typedef struct vector {
  size_t len;
  uint64_t hash;
} vector;

static void check(const uint64_t key[2], const vector *vectors, size_t n) {
  char text[63];
  for (size_t i = 0; i < sizeof(text); i++)
    text[i] = (char)i;
  for (size_t i = 0; i < n; i++)
    assert_true(sio_siphash(key, sio_bytes_of(text, vectors[i].len)) == vectors[i].hash);
}

static void agrees_with_another_implementation(void **state) {
  (void)state;
  const uint64_t zero[2] = {0};
  const vector under_zero[] = {
      {1, 0x68a914128e01e473},  {7, 0x2f098ab0c751325a},  {8, 0xead411e67ebe2eea},
      {9, 0x75927f9d95124362},  {15, 0xf30eb725bb91c9ea}, {16, 0x8972188433a5c5b7},
      {63, 0x385d3e39e5f37359},
  };
  check(zero, under_zero, COUNT(under_zero));
  const uint64_t other[2] = {0xdc504fd368cd90af, 0xb920bb9ffe99e9c1};
  const vector under_other[] = {
      {1, 0xce880c366bcf3489},  {7, 0xce280fabc397fbda},  {8, 0x60866c3c108c6afb},
      {9, 0x68814005f7469e03},  {15, 0x94ace24d68c18cf8}, {16, 0x339176f3ac59ce05},
      {63, 0x06e24d6f0d014c37},
  };
  check(other, under_other, COUNT(under_other));
}

static void sees_length_beside_content(void **state) {
  (void)state;
  const uint64_t key[2] = {1, 2};
  const char zeros[8] = {0};
  for (size_t i = 0; i < sizeof(zeros); i++)
    for (size_t j = 0; j < i; j++)
      assert_true(sio_siphash(key, sio_bytes_of(zeros, i)) !=
                  sio_siphash(key, sio_bytes_of(zeros, j)));
  assert_true(sio_siphash(key, sio_bytes_of(NULL, 0)) == sio_siphash(key, SIO_BYTES("")));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(agrees_with_another_implementation),
      cmocka_unit_test(sees_length_beside_content),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
