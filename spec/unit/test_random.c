#include "base/random.h"

#include "base/base64.h"
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

static void ids_are_for_urls_and_differ(void **state) {
  (void)state;
  enum { MANY = 2000 };
  static char ids[MANY][SIO_ID_LEN];
  for (size_t i = 0; i < MANY; i++) {
    unsigned counter = 0; /* the random part alone must do */
    assert_int_equal(sio_random_id(ids[i], &counter), 0);
    for (size_t at = 0; at < SIO_ID_LEN; at++)
      assert_non_null(memchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
                             ids[i][at], 64));
    for (size_t j = 0; j < i; j++)
      if (memcmp(ids[i], ids[j], SIO_ID_LEN) == 0)
        fail_msg("id %zu repeats id %zu", i, j);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fills_exactly_what_was_asked),
      cmocka_unit_test(leaves_no_hole),
      cmocka_unit_test(an_id_ends_in_the_counter),
      cmocka_unit_test(ids_are_for_urls_and_differ),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
