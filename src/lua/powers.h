/* Powers of ten, for the exact conversion of numbers (number.c). */
#ifndef SIO_LUA_POWERS_H
#define SIO_LUA_POWERS_H

#include <stdint.h>

enum { SIO_POWER_MIN = -292, SIO_POWER_MAX = 324 };

typedef struct sio_power {
  uint64_t high, low;
} sio_power;

extern const sio_power sio_powers[SIO_POWER_MAX - SIO_POWER_MIN + 1];

/* floor(log2(10^k)), right for |k| <= 1000. */
static inline int sio_power_log2(int k) {
  return (int)(((int64_t)k * 1741647) >> 19);
}

#endif
