/*
 * Writing is Schubfach: Raffaello Giulietti, "The Schubfach way to render doubles" (2020). Reading
 * multiplies the digits by a 128-bit power of ten and looks whether the error of that power could
 * change the rounding; if so, and for what is very long or near the ends of the range, strtod
 * decides.
 */
#include "lua/number.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "lua/powers.h"

enum {
  FRACTION = DBL_MANT_DIG - 1, /* explicit bits of a double's mantissa */
  BIAS = 1023 + FRACTION,      /* of the exponent, when the mantissa counts as an integer */
  MAX_BIASED = 2046,
};

#define HIDDEN (1ull << FRACTION)

/* A compiler extension that gcc and clang share; __extension__ keeps -Wpedantic quiet. */
__extension__ typedef unsigned __int128 uint128;

static inline sio_power power_of_ten(int k) {
  return sio_powers[k - SIO_POWER_MIN];
}

/* ---- reading ---- */

enum {
  MAX_DIGITS = 19,     /* that a uint64_t holds, whatever they are */
  SLOW_DIGITS = 780,   /* more cannot change the rounding, save by not being zero */
  FAR_EXPONENT = 99999 /* beyond any double, whatever the digits kept */
};

typedef struct literal {
  const char *digits, *end; /* of the mantissa, point included */
  bool is_negative;
  bool is_whole;     /* mantissa holds all significant digits, not only the first MAX_DIGITS */
  uint64_t mantissa; /* all digits taken as an integer */
  int64_t exponent;  /* of ten, for that integer */
} literal;

static inline bool is_digit(const char *at, const char *end) {
  return at < end && (unsigned char)(*at - '0') < 10;
}

/* Digits go into the mantissa until it is full; significant counts them without leading zeros. */
static const char *scan_digits(const char *at, const char *end, uint64_t *mantissa,
                               size_t *significant) {
  for (; is_digit(at, end); at++) {
    unsigned digit = (unsigned)(*at - '0');
    *significant += *significant > 0 || digit > 0;
    if (*significant <= MAX_DIGITS)
      *mantissa = *mantissa * 10 + digit;
  }
  return at;
}

/* Adds to *exponent. */
static const char *scan_exponent(const char *at, const char *end, int64_t *exponent) {
  bool is_negative = at < end && *at == '-';
  if (at < end && (*at == '-' || *at == '+'))
    at++;
  if (!is_digit(at, end))
    return NULL;
  int64_t value = 0;
  for (; is_digit(at, end); at++)
    if (value < INT64_MAX / 100)
      value = value * 10 + (*at - '0');
  *exponent += is_negative ? -value : value;
  return at;
}

/* The grammar. Returns the end of the number or NULL. */
static const char *scan(const char *at, const char *end, literal *number) {
  *number = (literal){.is_negative = at < end && *at == '-'};
  at += number->is_negative;
  if (!is_digit(at, end))
    return NULL;
  size_t significant = 0;
  number->digits = at;
  if (*at == '0')
    at++; /* whatever digit follows is left to the caller, who expects none */
  else
    at = scan_digits(at, end, &number->mantissa, &significant);
  if (at < end && *at == '.') {
    const char *fraction = ++at;
    if (!is_digit(at, end))
      return NULL;
    at = scan_digits(at, end, &number->mantissa, &significant);
    number->exponent = fraction - at;
  }
  number->end = at;
  number->is_whole = significant <= MAX_DIGITS;
  if (at < end && (*at | 0x20) == 'e')
    at = scan_exponent(at + 1, end, &number->exponent);
  return at;
}

/* strtod on all digits (not all are zero), handed over without a point, which a locale could spell
 * otherwise. */
static double convert_slowly(const literal *number) {
  char text[SLOW_DIGITS + 1 + SIO_NUMBER_SIZE];
  size_t len = 0;
  int64_t dropped = 0;
  bool rest = false; /* a dropped digit was not zero */
  for (const char *at = number->digits; at < number->end; at++) {
    if (*at == '.' || (len == 0 && *at == '0'))
      continue;
    if (len < SLOW_DIGITS) {
      text[len++] = *at;
    } else {
      rest |= *at != '0';
      dropped++;
    }
  }
  if (rest) {
    text[len++] = '1';
    dropped--;
  }
  int64_t exponent = number->exponent + dropped;
  exponent = exponent > FAR_EXPONENT ? FAR_EXPONENT : exponent;
  exponent = exponent < -FAR_EXPONENT ? -FAR_EXPONENT : exponent;
  text[len++] = 'e';
  len += sio_integer_write(text + len, exponent);
  text[len] = '\0';
  return strtod(text, NULL);
}

static inline double double_of_bits(uint64_t bits) {
  double real;
  memcpy(&real, &bits, sizeof(real));
  return real;
}

/*
 * mantissa * 10^exponent; false when it cannot tell. With the power of ten rounded up by less than
 * one, the true product lies within one unit of top on either side: only a top that is exactly half
 * way between two doubles leaves the rounding open.
 */
static bool scale(uint64_t mantissa, int exponent, double *real) {
  int zeros = __builtin_clzll(mantissa);
  sio_power power = power_of_ten(exponent);
  uint64_t factor = mantissa << zeros;
  uint128 top = (uint128)factor * power.high + (uint64_t)((uint128)factor * power.low >> 64);

  int shift = (int)(top >> 127) + 127 - DBL_MANT_DIG;
  uint128 half = (uint128)1 << (shift - 1);
  uint128 below = top & ((half << 1) - 1);
  if (below == half)
    return false;
  uint64_t rounded = (uint64_t)(top >> shift) + (below > half);
  int biased = sio_power_log2(exponent) - 127 - zeros + 64 + shift + BIAS;
  if (rounded == HIDDEN << 1) {
    rounded >>= 1;
    biased++;
  }
  if (biased < 1 || biased > MAX_BIASED)
    return false;
  *real = double_of_bits((uint64_t)biased << FRACTION | (rounded & (HIDDEN - 1)));
  return true;
}

static double convert(const literal *number) {
  static const double exact_powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                        1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                        1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  enum { EXACT = 22 };
  if (!number->is_whole)
    return convert_slowly(number);
  if (number->mantissa == 0)
    return 0;
  if (number->mantissa <= HIDDEN << 1 && number->exponent >= -EXACT && number->exponent <= EXACT) {
    double digits = (double)number->mantissa; /* exact, so the one operation rounds correctly */
    return number->exponent < 0 ? digits / exact_powers[-number->exponent]
                                : digits * exact_powers[number->exponent];
  }
  double real;
  if (number->exponent >= SIO_POWER_MIN && number->exponent <= SIO_POWER_MAX &&
      scale(number->mantissa, (int)number->exponent, &real))
    return real;
  return convert_slowly(number);
}

/* Most numbers: an integer of so few digits that nothing can go wrong. NULL: something else. */
static const char *read_short(const char *at, const char *end, int64_t *integer) {
  enum { SHORT = 18 };
  bool is_negative = at < end && *at == '-';
  const char *first = at + is_negative;
  const char *limit = end - first > SHORT ? first + SHORT : end;
  int64_t value = 0;
  for (at = first; is_digit(at, limit); at++)
    value = value * 10 + (*at - '0');
  bool is_canonical = at > first && (*first != '0' || at == first + 1);
  if (!is_canonical || (at < end && (*at == '.' || (*at | 0x20) == 'e' || is_digit(at, end))))
    return NULL;
  *integer = is_negative ? -value : value;
  return at;
}

const char *sio_number_read(const char *at, const char *end, sio_number *number) {
  const char *after = read_short(at, end, &number->integer);
  if (after != NULL) {
    number->is_integer = true;
    return after;
  }
  literal text;
  at = scan(at, end, &text);
  if (at == NULL)
    return NULL;
  if (text.exponent == 0 && text.is_whole &&
      text.mantissa <= (uint64_t)INT64_MAX + text.is_negative) {
    uint64_t bits = text.is_negative ? 0 - text.mantissa : text.mantissa;
    *number = (sio_number){.is_integer = true, .integer = (int64_t)bits};
    return at;
  }
  double real = convert(&text);
  if (text.is_negative)
    real = -real;
  if (real > -0x1p63 && real < 0x1p63 && real == (double)(int64_t)real)
    *number = (sio_number){.is_integer = true, .integer = (int64_t)real};
  else
    *number = (sio_number){.real = real};
  return at;
}

/* ---- writing ---- */

static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233"
                            "34353637383940414243444546474849505152535455565758596061626364656667"
                            "6869707172737475767778798081828384858687888990919293949596979899";

static size_t count_digits(uint64_t n) {
  static const uint64_t powers[] = {0,
                                    10,
                                    100,
                                    1000,
                                    10000,
                                    100000,
                                    1000000,
                                    10000000,
                                    100000000,
                                    1000000000,
                                    10000000000,
                                    100000000000,
                                    1000000000000,
                                    10000000000000,
                                    100000000000000,
                                    1000000000000000,
                                    10000000000000000,
                                    100000000000000000,
                                    1000000000000000000,
                                    10000000000000000000u};
  size_t guess = (size_t)(64 - __builtin_clzll(n | 1)) * 1233 >> 12; /* log10(2) = 1233 / 4096 */
  return guess + (n >= powers[guess]);
}

static size_t write_unsigned(char *out, uint64_t n) {
  size_t len = count_digits(n);
  char *first = out + len;
  while (n >= 100) {
    memcpy(first -= 2, pairs + n % 100 * 2, 2);
    n /= 100;
  }
  if (n >= 10)
    memcpy(first - 2, pairs + n * 2, 2);
  else
    first[-1] = (char)('0' + n);
  return len;
}

size_t sio_integer_write(char *out, int64_t integer) {
  if (integer >= 0)
    return write_unsigned(out, (uint64_t)integer);
  *out = '-';
  return 1 + write_unsigned(out + 1, 0 - (uint64_t)integer);
}

typedef struct decimal {
  uint64_t digits;
  int exponent; /* of ten */
} decimal;

/* power * factor without its lowest 128 bits, but odd if any of those was set. */
static uint64_t multiply_to_odd(sio_power power, uint64_t factor) {
  uint128 low = (uint128)power.low * factor;
  uint128 sum = (uint128)power.high * factor + (uint64_t)(low >> 64);
  return (uint64_t)(sum >> 64) | ((uint64_t)sum > 1);
}

/*
 * The shortest decimal in the interval that rounds to mantissa * 2^exponent, the nearest to it if
 * there are several. Names and factor four (quarters, so that the interval's ends are integers) as
 * in the paper, section 9.
 */
static decimal shortest(uint64_t mantissa, int exponent, bool is_lower_closer) {
  bool is_even = mantissa % 2 == 0; /* then the ends round to it as well */
  int k = (int)(((int64_t)exponent * 1262611 - (is_lower_closer ? 524031 : 0)) >> 22);
  int shift = exponent + sio_power_log2(-k) + 1;
  sio_power power = power_of_ten(-k);
  uint64_t lower = multiply_to_odd(power, (4 * mantissa - 2 + is_lower_closer) << shift) + !is_even;
  uint64_t value = multiply_to_odd(power, (4 * mantissa) << shift);
  uint64_t upper = multiply_to_odd(power, (4 * mantissa + 2) << shift) - !is_even;

  uint64_t s = value / 4;
  uint64_t tens = s / 10;
  if (tens > 0) {
    bool is_down_inside = lower <= 40 * tens;
    bool is_up_inside = 40 * tens + 40 <= upper;
    if (is_down_inside != is_up_inside)
      return (decimal){tens + is_up_inside, k + 1};
  }
  bool is_down_inside = lower <= 4 * s;
  bool is_up_inside = 4 * s + 4 <= upper;
  if (is_down_inside != is_up_inside)
    return (decimal){s + is_up_inside, k};
  uint64_t middle = 4 * s + 2;
  return (decimal){s + (value > middle || (value == middle && s % 2 == 1)), k};
}

/* ECMA-262, Number::toString: how the digits are laid out, for a point after n of len digits. */
static size_t lay_out(char *out, const char *digits, size_t len, int n) {
  char *at = out;
  if (n > 0 && n <= 21) {
    size_t whole = (size_t)n < len ? (size_t)n : len;
    memcpy(at, digits, whole);
    memset(at + whole, '0', (size_t)n - whole);
    at += n;
    if (whole < len)
      *at++ = '.';
    memcpy(at, digits + whole, len - whole);
    return (size_t)(at - out) + len - whole;
  }
  if (n > -6 && n <= 0) {
    memcpy(at, "0.00000", (size_t)(2 - n));
    memcpy(at + 2 - n, digits, len);
    return (size_t)(2 - n) + len;
  }
  *at++ = digits[0];
  if (len > 1)
    *at++ = '.';
  memcpy(at, digits + 1, len - 1);
  at += len - 1;
  *at++ = 'e';
  if (n > 0)
    *at++ = '+';
  return (size_t)(at - out) + sio_integer_write(at, n - 1);
}

static size_t write_fraction(char *out, uint64_t bits) {
  uint64_t fraction = bits & (HIDDEN - 1);
  int biased = (int)(bits >> FRACTION);
  decimal best = biased == 0
                     ? shortest(fraction, 1 - BIAS, false)
                     : shortest(fraction | HIDDEN, biased - BIAS, fraction == 0 && biased > 1);
  char digits[20];
  size_t len = write_unsigned(digits, best.digits);
  int point = (int)len + best.exponent;
  while (len > 1 && digits[len - 1] == '0')
    len--;
  return lay_out(out, digits, len, point);
}

size_t sio_real_write(char *out, double real) {
  if (real > -0x1p53 && real < 0x1p53 && real == (double)(int64_t)real)
    return sio_integer_write(out, (int64_t)real);
  uint64_t bits;
  memcpy(&bits, &real, sizeof(bits));
  bool is_negative = bits >> 63;
  *out = '-';
  return is_negative + write_fraction(out + is_negative, bits & (UINT64_MAX >> 1));
}
