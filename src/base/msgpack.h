/*
 * MessagePack, one token at a time, as notepack.io writes it, which is what Socket.IO's parser and
 * adapters are made on: extension type 0 means undefined (one fixed byte), a date (eight) or an
 * ArrayBuffer (any counted number).
 */
#ifndef SIO_BASE_MSGPACK_H
#define SIO_BASE_MSGPACK_H

#include <stdint.h>

#include "base/bytes.h"

enum sio_msgpack_kind {
  SIO_MSGPACK_UNDEFINED,
  SIO_MSGPACK_NIL,
  SIO_MSGPACK_BOOLEAN,
  SIO_MSGPACK_INTEGER,
  SIO_MSGPACK_REAL, /* also an integer above INT64_MAX */
  SIO_MSGPACK_TEXT, /* not checked to be UTF-8 */
  SIO_MSGPACK_BINARY,
  SIO_MSGPACK_DATE,
  SIO_MSGPACK_EXTENSION, /* of another type than 0, or of 2, 4 or 16 fixed bytes */
  SIO_MSGPACK_ARRAY,
  SIO_MSGPACK_MAP
};

typedef struct sio_msgpack {
  enum sio_msgpack_kind kind;
  int8_t extension; /* the type of an EXTENSION */
  union {
    bool boolean;
    int64_t integer; /* of a DATE, ms since 1970 */
    double real;
    sio_bytes bytes; /* of TEXT, BINARY and EXTENSION, borrowed */
    uint32_t count;  /* elements of an ARRAY, or keys of a MAP with a value each, that follow */
  };
} sio_msgpack;

/*
 * Reads the token at the start of [at, end). Returns the first byte after it, or NULL when none is
 * there: the input ends, or the first byte is 0xc1. A count is refused (NULL) when less bytes
 * follow than so many values have at least.
 */
const char *sio_msgpack_read(const char *at, const char *end, sio_msgpack *token);

/* The first byte after the whole value at the start of [at, end), however deep; NULL: malformed. */
const char *sio_msgpack_skip(const char *at, const char *end);

/* --- writing: each returns the number of bytes written, which is the least possible --- */

enum { SIO_MSGPACK_HEAD = 9 }; /* bytes that one may write at most */

size_t sio_msgpack_integer(char *out, int64_t integer);
size_t sio_msgpack_real(char *out, double real); /* always a double */

/* What stands before so many bytes, elements, or keys with their values. */
size_t sio_msgpack_text(char *out, uint32_t len);
size_t sio_msgpack_binary(char *out, uint32_t len);
size_t sio_msgpack_array(char *out, uint32_t count);
size_t sio_msgpack_map(char *out, uint32_t count);

#endif
