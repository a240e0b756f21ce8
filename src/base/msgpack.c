#include "base/msgpack.h"

/* --- reading --- */

/* What the first bytes from 0xc0 to 0xdf say. */
typedef struct form {
  enum shape {
    UNUSED,
    NIL,
    FALSE,
    TRUE,
    BIN,
    EXT,
    FLOAT,
    UINT,
    INT,
    FIXEXT,
    STR,
    ARRAY,
    MAP
  } shape;
  uint8_t width; /* bytes of the number that follows: the value, a length or a count */
} form;

static const form forms[32] = {
    {NIL, 0},    {UNUSED, 0}, {FALSE, 0},  {TRUE, 0},   {BIN, 1},   {BIN, 2},  {BIN, 4},
    {EXT, 1},    {EXT, 2},    {EXT, 4},    {FLOAT, 4},  {FLOAT, 8}, {UINT, 1}, {UINT, 2},
    {UINT, 4},   {UINT, 8},   {INT, 1},    {INT, 2},    {INT, 4},   {INT, 8},  {FIXEXT, 0},
    {FIXEXT, 0}, {FIXEXT, 0}, {FIXEXT, 0}, {FIXEXT, 0}, {STR, 1},   {STR, 2},  {STR, 4},
    {ARRAY, 2},  {ARRAY, 4},  {MAP, 2},    {MAP, 4},
};

static uint64_t big_endian(const char *at, size_t width) {
  uint64_t n = 0;
  for (size_t i = 0; i < width; i++)
    n = n << 8 | (unsigned char)at[i];
  return n;
}

static double real_of(uint64_t bits, size_t width) {
  double wide;
  float narrow;
  uint32_t low = (uint32_t)bits;
  memcpy(&wide, &bits, sizeof(wide));
  memcpy(&narrow, &low, sizeof(narrow));
  return width == sizeof(narrow) ? (double)narrow : wide;
}

static int64_t signed_of(uint64_t bits, size_t width) {
  switch (width) {
  case 1:
    return (int8_t)bits;
  case 2:
    return (int16_t)bits;
  case 4:
    return (int32_t)bits;
  default:
    return (int64_t)bits;
  }
}

static const char *take_integer(const char *at, int64_t integer, sio_msgpack *token) {
  token->kind = SIO_MSGPACK_INTEGER;
  token->integer = integer;
  return at;
}

static const char *take_real(const char *at, double real, sio_msgpack *token) {
  token->kind = SIO_MSGPACK_REAL;
  token->real = real;
  return at;
}

static const char *take_boolean(const char *at, bool boolean, sio_msgpack *token) {
  token->kind = SIO_MSGPACK_BOOLEAN;
  token->boolean = boolean;
  return at;
}

static const char *take_bytes(const char *at, const char *end, enum sio_msgpack_kind kind,
                              uint64_t len, sio_msgpack *token) {
  if (len > (size_t)(end - at))
    return NULL;
  token->kind = kind;
  token->bytes = sio_bytes_of(at, (size_t)len);
  return at + len;
}

/* size: bytes that one of them has at least. */
static const char *take_count(const char *at, const char *end, enum sio_msgpack_kind kind,
                              uint64_t count, size_t size, sio_msgpack *token) {
  if (count > (size_t)(end - at) / size)
    return NULL;
  token->kind = kind;
  token->count = (uint32_t)count;
  return at;
}

static const char *take_extension(const char *at, const char *end, uint64_t len, bool is_fixed,
                                  sio_msgpack *token) {
  if (at == end)
    return NULL;
  token->extension = (int8_t)*at++;
  const char *next = take_bytes(at, end, SIO_MSGPACK_EXTENSION, len, token);
  if (next == NULL || token->extension != 0)
    return next;
  if (!is_fixed) {
    token->kind = SIO_MSGPACK_BINARY;
  } else if (len == 1) {
    token->kind = SIO_MSGPACK_UNDEFINED;
  } else if (len == 8) {
    token->kind = SIO_MSGPACK_DATE;
    token->integer = (int64_t)big_endian(at, 8);
  }
  return next;
}

static const char *read_form(const char *at, const char *end, uint8_t first, sio_msgpack *token) {
  const form *it = &forms[first - 0xc0];
  if (it->width > (size_t)(end - at))
    return NULL;
  uint64_t n = big_endian(at, it->width);
  at += it->width;
  switch (it->shape) {
  case NIL:
    token->kind = SIO_MSGPACK_NIL;
    return at;
  case FALSE:
  case TRUE:
    return take_boolean(at, it->shape == TRUE, token);
  case BIN:
    return take_bytes(at, end, SIO_MSGPACK_BINARY, n, token);
  case EXT:
    return take_extension(at, end, n, false, token);
  case FIXEXT:
    return take_extension(at, end, UINT64_C(1) << (first - 0xd4), true, token);
  case FLOAT:
    return take_real(at, real_of(n, it->width), token);
  case UINT:
    return n > INT64_MAX ? take_real(at, (double)n, token) : take_integer(at, (int64_t)n, token);
  case INT:
    return take_integer(at, signed_of(n, it->width), token);
  case STR:
    return take_bytes(at, end, SIO_MSGPACK_TEXT, n, token);
  case ARRAY:
    return take_count(at, end, SIO_MSGPACK_ARRAY, n, 1, token);
  case MAP:
    return take_count(at, end, SIO_MSGPACK_MAP, n, 2, token);
  default:
    return NULL;
  }
}

const char *sio_msgpack_read(const char *at, const char *end, sio_msgpack *token) {
  if (at == end)
    return NULL;
  uint8_t first = (uint8_t)*at++;
  if (first < 0x80 || first >= 0xe0)
    return take_integer(at, (int8_t)first, token);
  if (first >= 0xc0)
    return read_form(at, end, first, token);
  if (first >= 0xa0)
    return take_bytes(at, end, SIO_MSGPACK_TEXT, first & 0x1f, token);
  if (first >= 0x90)
    return take_count(at, end, SIO_MSGPACK_ARRAY, first & 0x0f, 1, token);
  return take_count(at, end, SIO_MSGPACK_MAP, first & 0x0f, 2, token);
}

/* Each token has a byte at least and asks for less than 2^33 more: missing does not overflow. */
const char *sio_msgpack_skip(const char *at, const char *end) {
  for (uint64_t missing = 1; missing > 0; missing--) {
    sio_msgpack token;
    at = sio_msgpack_read(at, end, &token);
    if (at == NULL)
      return NULL;
    if (token.kind == SIO_MSGPACK_ARRAY)
      missing += token.count;
    else if (token.kind == SIO_MSGPACK_MAP)
      missing += 2 * (uint64_t)token.count;
  }
  return at;
}

/* --- writing --- */

static size_t put(char *out, uint8_t first, uint64_t n, size_t width) {
  out[0] = (char)first;
  for (size_t i = width; i > 0; i--, n >>= 8)
    out[i] = (char)(n & 0xff);
  return 1 + width;
}

static size_t put_natural(char *out, uint64_t n) {
  if (n < 0x80)
    return put(out, (uint8_t)n, 0, 0);
  if (n <= UINT8_MAX)
    return put(out, 0xcc, n, 1);
  if (n <= UINT16_MAX)
    return put(out, 0xcd, n, 2);
  return n <= UINT32_MAX ? put(out, 0xce, n, 4) : put(out, 0xcf, n, 8);
}

size_t sio_msgpack_integer(char *out, int64_t integer) {
  uint64_t bits = (uint64_t)integer;
  if (integer >= 0)
    return put_natural(out, bits);
  if (integer >= -0x20)
    return put(out, (uint8_t)bits, 0, 0);
  if (integer >= INT8_MIN)
    return put(out, 0xd0, bits, 1);
  if (integer >= INT16_MIN)
    return put(out, 0xd1, bits, 2);
  return integer >= INT32_MIN ? put(out, 0xd2, bits, 4) : put(out, 0xd3, bits, 8);
}

size_t sio_msgpack_real(char *out, double real) {
  uint64_t bits;
  memcpy(&bits, &real, sizeof(bits));
  return put(out, 0xcb, bits, 8);
}

size_t sio_msgpack_text(char *out, uint32_t len) {
  if (len < 0x20)
    return put(out, (uint8_t)(0xa0 | len), 0, 0);
  if (len <= UINT8_MAX)
    return put(out, 0xd9, len, 1);
  return len <= UINT16_MAX ? put(out, 0xda, len, 2) : put(out, 0xdb, len, 4);
}

size_t sio_msgpack_binary(char *out, uint32_t len) {
  if (len <= UINT8_MAX)
    return put(out, 0xc4, len, 1);
  return len <= UINT16_MAX ? put(out, 0xc5, len, 2) : put(out, 0xc6, len, 4);
}

size_t sio_msgpack_array(char *out, uint32_t count) {
  if (count < 0x10)
    return put(out, (uint8_t)(0x90 | count), 0, 0);
  return count <= UINT16_MAX ? put(out, 0xdc, count, 2) : put(out, 0xdd, count, 4);
}

size_t sio_msgpack_map(char *out, uint32_t count) {
  if (count < 0x10)
    return put(out, (uint8_t)(0x80 | count), 0, 0);
  return count <= UINT16_MAX ? put(out, 0xde, count, 2) : put(out, 0xdf, count, 4);
}
