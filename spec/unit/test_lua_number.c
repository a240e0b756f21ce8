#include "lua/number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

#include "lua/powers.h"
#include "unit.h"

/* ---- an oracle for the table: natural numbers of any size, 32 bits a limb ---- */

enum { LIMBS = 80 };

typedef struct big {
  uint32_t limb[LIMBS];
} big;

static void big_multiply(big *n, uint32_t factor) {
  uint64_t carry = 0;
  for (size_t i = 0; i < LIMBS; i++) {
    carry += (uint64_t)n->limb[i] * factor;
    n->limb[i] = (uint32_t)carry;
    carry >>= 32;
  }
  assert_int_equal(carry, 0);
}

static int big_compare(const big *a, const big *b) {
  for (size_t i = LIMBS; i-- > 0;)
    if (a->limb[i] != b->limb[i])
      return a->limb[i] < b->limb[i] ? -1 : 1;
  return 0;
}

static void big_subtract(big *a, const big *b) {
  int64_t borrow = 0;
  for (size_t i = 0; i < LIMBS; i++) {
    borrow += (int64_t)a->limb[i] - b->limb[i];
    a->limb[i] = (uint32_t)borrow;
    borrow >>= 32;
  }
}

static int big_bits(const big *n) {
  for (int i = LIMBS; i-- > 0;)
    if (n->limb[i] != 0)
      return i * 32 + 32 - __builtin_clz(n->limb[i]);
  return 0;
}

static void big_double(big *n, int times) {
  for (; times > 0; times--)
    big_multiply(n, 2);
}

/* ceil(a / b * 2^shift) for the shift that gives 128 bits; *log2 becomes floor(log2(a / b)). */
static sio_power quotient(big a, big b, int *log2) {
  int shift = big_bits(&b) - big_bits(&a);
  if (shift > 0)
    big_double(&a, shift);
  else
    big_double(&b, -shift);
  if (big_compare(&a, &b) < 0) {
    big_double(&a, 1);
    shift++;
  }
  *log2 = -shift;
  sio_power result = {0};
  for (int i = 0; i < 128; i++) {
    bool bit = big_compare(&a, &b) >= 0;
    if (bit)
      big_subtract(&a, &b);
    result.high = result.high << 1 | result.low >> 63;
    result.low = result.low << 1 | bit;
    big_double(&a, 1);
  }
  if (big_bits(&a) > 0 && ++result.low == 0)
    result.high++;
  return result;
}

static void powers_are_what_they_say(void **state) {
  (void)state;
  for (int k = SIO_POWER_MIN; k <= SIO_POWER_MAX; k++) {
    big power = {{1}};
    for (int i = 0; i < (k < 0 ? -k : k); i++)
      big_multiply(&power, 10);
    big one = {{1}};
    int log2;
    sio_power expected = k < 0 ? quotient(one, power, &log2) : quotient(power, one, &log2);
    sio_power found = sio_powers[k - SIO_POWER_MIN];
    assert_true(found.high == expected.high && found.low == expected.low);
    assert_int_equal(sio_power_log2(k), log2);
  }
}

/* ---- writing ---- */

static void assert_written(double real, const char *expected) {
  char text[SIO_NUMBER_SIZE + 1];
  text[sio_real_write(text, real)] = '\0';
  assert_string_equal(text, expected);
}

static void writes_as_javascript_does(void **state) {
  (void)state;
  static const struct {
    double real;
    const char *text;
  } cases[] = {
      {0, "0"},
      {-0.0, "0"},
      {1, "1"},
      {-1, "-1"},
      {0.1, "0.1"},
      {-2.5, "-2.5"},
      {0.1 + 0.2, "0.30000000000000004"},
      {1.0 / 3, "0.3333333333333333"},
      {123456.789, "123456.789"},
      {1e-6, "0.000001"},
      {1.5e-6, "0.0000015"},
      {1e-7, "1e-7"},
      {1.25e-7, "1.25e-7"},
      {1e20, "100000000000000000000"},
      {123456789012345680000.0, "123456789012345680000"},
      {1e21, "1e+21"},
      {1.5e300, "1.5e+300"},
      {0x1p53, "9007199254740992"},
      {0x1p53 + 2, "9007199254740994"},
      {0x1p63, "9223372036854776000"},
      {-0x1p63, "-9223372036854776000"},
      {5e-324, "5e-324"},
      {DBL_MIN, "2.2250738585072014e-308"},
      {0x0.fffffffffffffp-1022, "2.225073858507201e-308"},
      {DBL_MAX, "1.7976931348623157e+308"},
      {-1.2345678901234568e-300, "-1.2345678901234568e-300"},
      {-0.0000012345678901234567, "-0.0000012345678901234567"},
      /* The interval of a power of two reaches further up than down. */
      {0x1p275, "6.070840288205404e+82"},
      {9007199254740993.0, "9007199254740992"},
      {2e23, "2e+23"},
      {9.5367431640625e-7, "9.5367431640625e-7"},
  };
  for (size_t i = 0; i < COUNT(cases); i++)
    assert_written(cases[i].real, cases[i].text);
}

static void writes_every_integer_whole(void **state) {
  (void)state;
  static const struct {
    int64_t integer;
    const char *text;
  } cases[] = {
      {0, "0"},
      {9, "9"},
      {10, "10"},
      {99, "99"},
      {100, "100"},
      {-12345, "-12345"},
      {INT64_C(9007199254740993), "9007199254740993"},
      {INT64_MAX, "9223372036854775807"},
      {INT64_MIN, "-9223372036854775808"},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    char text[SIO_NUMBER_SIZE + 1];
    text[sio_integer_write(text, cases[i].integer)] = '\0';
    assert_string_equal(text, cases[i].text);
  }
  int64_t power = 1;
  for (size_t digits = 1; digits <= 18; digits++, power *= 10) {
    char text[SIO_NUMBER_SIZE];
    assert_int_equal(sio_integer_write(text, power), digits);
    assert_int_equal(sio_integer_write(text, power * 10 - 1), digits);
  }
}

/* ---- reading ---- */

static sio_number read_all(const char *text) {
  sio_number number;
  const char *end = sio_number_read(text, text + strlen(text), &number);
  assert_ptr_equal(end, text + strlen(text));
  return number;
}

static void reads_integers_exactly(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t integer;
  } cases[] = {
      {"0", 0},
      {"-0", 0},
      {"-0.0", 0},
      {"-0e5", 0},
      {"0e99999999999999999999", 0},
      {"42", 42},
      {"1.0", 1},
      {"1e3", 1000},
      {"1E+3", 1000},
      {"1200e-2", 12},
      {"100000000000000000000e-20", 1},
      {"9007199254740993", INT64_C(9007199254740993)},
      {"123456789012345678", INT64_C(123456789012345678)},
      {"1234567890123456789", INT64_C(1234567890123456789)},
      {"9223372036854775807", INT64_MAX},
      {"-9223372036854775808", INT64_MIN},
      {"1e18", INT64_C(1000000000000000000)},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    sio_number number = read_all(cases[i].text);
    assert_true(number.is_integer);
    assert_true(number.integer == cases[i].integer);
  }
}

static void reads_what_is_no_integer_as_real(void **state) {
  (void)state;
  static const struct {
    const char *text;
    double real;
  } cases[] = {
      {"0.5", 0.5},
      {"-1.5e-3", -0.0015},
      {"9223372036854775808", 0x1p63},
      {"-9223372036854775809", -0x1p63},
      {"-9223372036854776000", -0x1p63},
      {"12345678901234567890", 12345678901234567890.0},
      {"1e400", INFINITY},
      {"-1e400", -INFINITY},
      {"1e99999999999999999999", INFINITY},
      {"1.7976931348623157e308", DBL_MAX},
      {"1.7976931348623158e308", DBL_MAX},
      {"1.7976931348623159e308", INFINITY},
      {"4.9e-324", 5e-324},
      {"2.4703282292062327e-324", 0},
      {"2.4703282292062328e-324", 5e-324},
      {"2.2250738585072011e-308", 0x0.fffffffffffffp-1022},
      {"0.1e-6", 1e-7},
      /* Half way between two doubles, and a digit more. */
      {"9007199254740993.00000000000000000000", 0x1p53},
      {"9007199254740993.00000000000000000001", 0x1p53 + 2},
      {"0.500000000000000166533453693773481063544750213623046875", 0.5000000000000002},
      {"1e-400", 0},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    sio_number number = read_all(cases[i].text);
    double real = number.is_integer ? (double)number.integer : number.real;
    assert_true(real == cases[i].real);
    assert_true(number.is_integer == (fabs(real) < 0x1p63 && real == trunc(real)));
  }
}

static void reads_thousands_of_digits(void **state) {
  (void)state;
  enum { DIGITS = 5000 };
  static char text[DIGITS + 32];
  static const char one[] = "1.";
  memcpy(text, one, 2);
  memset(text + 2, '0', DIGITS);
  strcpy(text + 2 + DIGITS, "1");
  assert_true(read_all(text).integer == 1);
  memcpy(text, "0.", 2);
  sprintf(text + 3 + DIGITS, "e%d", DIGITS + 1);
  assert_true(read_all(text).integer == 1);
  memset(text, '0', 1);
  sprintf(text + 3 + DIGITS, "e%d", DIGITS);
  assert_true(read_all(text).real == 0.1);
  /* What stands beyond all digits that are kept still breaks the tie. */
  static const char tie[] = "9007199254740993.";
  memcpy(text, tie, sizeof(tie) - 1);
  memset(text + sizeof(tie) - 1, '0', DIGITS);
  strcpy(text + sizeof(tie) - 1 + DIGITS, "1");
  assert_true(read_all(text).integer == INT64_C(9007199254740994));
}

static void stops_where_the_number_ends(void **state) {
  (void)state;
  static const struct {
    const char *text;
    ptrdiff_t len; /* -1: no number */
  } cases[] = {
      {"1,2", 1},   {"-1]", 2}, {"01", 1},   {"00", 1},  {"1.5.5", 3}, {"1e5e5", 3}, {"1-2", 1},
      {"0x10", 1},  {"1 ", 1},  {"", -1},    {"-", -1},  {"+1", -1},   {".5", -1},   {"1.", -1},
      {"1.e5", -1}, {"1e", -1}, {"1e+", -1}, {"-a", -1}, {"e5", -1},   {"NaN", -1},  {"--1", -1},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    const char *text = cases[i].text;
    sio_number number;
    const char *end = sio_number_read(text, text + strlen(text), &number);
    if (cases[i].len < 0)
      assert_null(end);
    else
      assert_int_equal(end - text, cases[i].len);
  }
}

/* ---- both ---- */

static double real_of_bits(uint64_t bits) {
  double real;
  memcpy(&real, &bits, sizeof(real));
  return real;
}

/* What is written reads back the same, and no decimal with a digit less does. */
static void round_trips_the_shortest(void **state) {
  (void)state;
  enum { RUNS = 200000 };
  uint64_t seed = 88172645463325252u;
  for (int i = 0; i < RUNS; i++) {
    uint64_t bits = next_number(&seed);
    if (i % 4 == 1) /* a power of two */
      bits &= 0xfff0000000000000;
    if (i % 64 == 2) /* subnormal */
      bits &= 0x800fffffffffffff;
    double real = real_of_bits(bits);
    if (!isfinite(real))
      continue;
    if (i % 4 == 3) /* a few decimals */
      real = (double)(bits >> 32) / pow(10, (double)(bits % 12));
    char text[SIO_NUMBER_SIZE + 1];
    text[sio_real_write(text, real)] = '\0';
    assert_true(strtod(text, NULL) == real);
    sio_number number = read_all(text);
    assert_true((number.is_integer ? (double)number.integer : number.real) == real);
    size_t digits = 0;
    bool is_leading = true;
    for (const char *c = text; *c != '\0' && *c != 'e'; c++) {
      is_leading &= *c < '1' || *c > '9';
      digits += !is_leading && *c != '.';
    }
    if (digits > 1 && strchr(text, 'e') != NULL) {
      char shorter[64];
      sprintf(shorter, "%.*e", (int)digits - 2, real);
      assert_true(strtod(shorter, NULL) != real);
    }
  }
}

static void reads_as_strtod_does(void **state) {
  (void)state;
  enum { RUNS = 200000 };
  uint64_t seed = 42;
  for (int i = 0; i < RUNS; i++) {
    char text[128];
    uint64_t bits = next_number(&seed);
    int exponent = (int)(next_number(&seed) % 700) - 350;
    if (i % 3 == 0)
      sprintf(text, "%llu.%llue%d", (unsigned long long)bits,
              (unsigned long long)next_number(&seed), exponent);
    else if (i % 3 == 1)
      sprintf(text, "%lluE%d", (unsigned long long)bits >> (bits & 63), exponent);
    else /* close to the middle of two doubles */
      sprintf(text, "%.*Le", (int)(bits % 40) + 17,
              ((long double)(bits >> 11) + 0.5L) * powl(10, exponent % 30));
    sio_number number = read_all(text);
    assert_true((number.is_integer ? (double)number.integer : number.real) == strtod(text, NULL));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(powers_are_what_they_say),
      cmocka_unit_test(writes_as_javascript_does),
      cmocka_unit_test(writes_every_integer_whole),
      cmocka_unit_test(reads_integers_exactly),
      cmocka_unit_test(reads_what_is_no_integer_as_real),
      cmocka_unit_test(reads_thousands_of_digits),
      cmocka_unit_test(stops_where_the_number_ends),
      cmocka_unit_test(round_trips_the_shortest),
      cmocka_unit_test(reads_as_strtod_does),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
