#include "base/random.h"

#include <ctype.h>

#include "unit.h"

static void fills_exactly_what_was_asked(void **state) {
  (void)state;
  const size_t sizes[] = {0, 1, 16, 255, 256, 257, 1000};
  for (size_t i = 0; i < COUNT(sizes); i++) {
    unsigned char out[1001] = {0};
    assert_int_equal(sio_random(out, sizes[i]), 0);
    for (size_t at = sizes[i]; at < sizeof(out); at++)
      assert_int_equal(out[at], 0);
  }
}

/* Of 1000 random bytes some 4 are zero; over 50 never happens by chance. */
static void leaves_no_hole(void **state) {
  (void)state;
  unsigned char out[1000] = {0};
  size_t zeros = 0;
  assert_int_equal(sio_random(out, sizeof(out)), 0);
  for (size_t i = 0; i < sizeof(out); i++)
    zeros += out[i] == 0;
  assert_true(zeros < 50);
}

static void an_id_ends_in_the_counter(void **state) {
  (void)state;
  char id[SIO_ID_LEN + 1] = {0};
  unsigned counter = 0x010203;
  assert_int_equal(sio_random_id(id, &counter), 0);
  assert_int_equal(counter, 0x010204);
  assert_int_equal(strlen(id), SIO_ID_LEN);
  assert_string_equal(id + 16, "AQID");
  counter = 0xffffffff;
  assert_int_equal(sio_random_id(id, &counter), 0);
  assert_int_equal(counter, 0);
  assert_string_equal(id + 16, "____");
}

/* Of 4000 ids every one of the 64 characters stands at every place, but for a chance of 10^-25. */
static void all_else_of_an_id_is_random(void **state) {
  (void)state;
  enum { MANY = 4000, PLACES = 16 };
  bool seen[PLACES][256] = {{0}};
  for (size_t i = 0; i < MANY; i++) {
    char id[SIO_ID_LEN];
    unsigned counter = 0;
    assert_int_equal(sio_random_id(id, &counter), 0);
    for (size_t at = 0; at < PLACES; at++)
      seen[at][(unsigned char)id[at]] = true;
  }
  for (size_t at = 0; at < PLACES; at++)
    for (int c = 0; c < 256; c++)
      assert_int_equal(seen[at][c], isalnum(c) || c == '-' || c == '_');
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fills_exactly_what_was_asked),
      cmocka_unit_test(leaves_no_hole),
      cmocka_unit_test(an_id_ends_in_the_counter),
      cmocka_unit_test(all_else_of_an_id_is_random),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
