/*
 * Numbers of JSON as JavaScript reads and writes them: correctly rounded, the shortest digits that
 * read back the same, and indifferent to the locale. Knows no Lua.
 */
#ifndef SIO_LUA_NUMBER_H
#define SIO_LUA_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct sio_number {
  bool is_integer; /* no fraction, and 64 bits hold it: 1.0 and 1e3 are, -0 is 0 */
  union {
    int64_t integer;
    double real; /* infinite when the text is beyond the range of double */
  };
} sio_number;

/*
 * Reads the number (RFC 8259, section 6) at the start of the text. Returns the first byte after it,
 * or NULL when no number is there. What follows is the caller's to check.
 */
const char *sio_number_read(const char *at, const char *end, sio_number *number);

enum { SIO_NUMBER_SIZE = 32 }; /* room for any number written */

/* All decimal digits. Returns the number of characters written; no NUL. */
size_t sio_integer_write(char *out, int64_t integer);

/* As JavaScript's Number::toString does; real must be finite. Negative zero is written "0". */
size_t sio_real_write(char *out, double real);

#endif
