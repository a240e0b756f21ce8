#include "lua/unpack.h"

#include <math.h>
#include <stdio.h>

#include <lauxlib.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/msgpack.h"
#include "base/utf8.h"
#include "lua/binary.h"
#include "lua/number.h"
#include "lua/values.h"

enum {
  SLOTS = 8,  /* of Lua's stack that a level needs */
  BATCH = 64, /* elements that a table is made for; a larger one grows as Lua tables do */
};

typedef struct unpacker {
  lua_State *L;
  const char *at, *end;
  int array_mt; /* on the stack */
  int depth;
  const char *reason;
} unpacker;

static int read_value(unpacker *u);

static int fail(unpacker *u, int code, const char *reason) {
  u->reason = reason;
  return code;
}

static int read_token(unpacker *u, sio_msgpack *token) {
  const char *next = sio_msgpack_read(u->at, u->end, token);
  if (next == NULL)
    return fail(u, SIO_EPARSE, "malformed MessagePack");
  u->at = next;
  return 0;
}

/* ---- scalars ---- */

static int push_text(unpacker *u, sio_bytes text) {
  if (!sio_utf8_is_valid(text))
    return fail(u, SIO_EUTF8, "invalid UTF-8");
  lua_pushlstring(u->L, text.base, text.len);
  return 0;
}

static int push_real(unpacker *u, double real) {
  if (real >= -0x1p63 && real < 0x1p63 && floor(real) == real)
    lua_pushinteger(u->L, (lua_Integer)real);
  else
    lua_pushnumber(u->L, real);
  return 0;
}

/* Of a day since 1970 in the Gregorian calendar, whose years begin here with March. */
static void civil(int64_t day, int *year, int *month, int *date) {
  enum {
    ERA = 146097,
    CENTURY = 36524,
    FOUR_YEARS = 1460
  };             /* days; the last of each has one more */
  day += 719468; /* since March of the year 0 */
  int64_t era = (day >= 0 ? day : day - ERA + 1) / ERA;
  int of_era = (int)(day - era * ERA);
  int years = (of_era - of_era / FOUR_YEARS + of_era / CENTURY - of_era / (ERA - 1)) / 365;
  int of_year = of_era - (365 * years + years / 4 - years / 100);
  int from_march = (5 * of_year + 2) / 153;
  *date = of_year - (153 * from_march + 2) / 5 + 1;
  *month = from_march < 10 ? from_march + 3 : from_march - 9;
  *year = years + (int)era * 400 + (*month <= 2);
}

/* As JavaScript's toJSON. */
static int push_date(unpacker *u, int64_t ms) {
  static const int64_t most = INT64_C(8640000000000000), a_day = 86400000;
  if (ms < -most || ms > most) {
    sio_lua_null_push(u->L);
    return 0;
  }
  int64_t day = (ms >= 0 ? ms : ms - a_day + 1) / a_day;
  int rest = (int)(ms - day * a_day);
  int year, month, date;
  civil(day, &year, &month, &date);
  char text[32];
  snprintf(text, sizeof(text),
           year >= 0 && year <= 9999 ? "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ"
                                     : "%+07d-%02d-%02dT%02d:%02d:%02d.%03dZ",
           year, month, date, rest / 3600000, rest / 60000 % 60, rest / 1000 % 60, rest % 1000);
  lua_pushstring(u->L, text);
  return 0;
}

/* ---- arrays and maps ---- */

static int enter(unpacker *u) {
  if (u->depth == SIO_MAX_DEPTH)
    return fail(u, SIO_ELIMIT, "too deep");
  if (!lua_checkstack(u->L, SLOTS))
    return fail(u, SIO_ENOMEM, "out of memory");
  u->depth++;
  return 0;
}

static int batch(uint32_t count) {
  return count < BATCH ? (int)count : BATCH;
}

static void push_array(unpacker *u, uint32_t count) {
  lua_createtable(u->L, batch(count), 0);
  lua_pushvalue(u->L, u->array_mt);
  lua_setmetatable(u->L, -2);
}

static int read_array(unpacker *u, uint32_t count) {
  int err = enter(u);
  if (err != 0)
    return err;
  push_array(u, count);
  for (uint32_t i = 1; i <= count; i++) {
    if ((err = read_value(u)) != 0)
      return err;
    if (lua_isnil(u->L, -1)) {
      lua_pop(u->L, 1);
      sio_lua_null_push(u->L);
    }
    lua_rawseti(u->L, -2, (lua_Integer)i);
  }
  u->depth--;
  return 0;
}

static int push_numeric_key(unpacker *u, const sio_msgpack *token) {
  char text[SIO_NUMBER_SIZE];
  size_t len;
  if (token->kind == SIO_MSGPACK_INTEGER)
    len = sio_integer_write(text, token->integer);
  else if (isfinite(token->real))
    len = sio_real_write(text, token->real);
  else
    return fail(u, SIO_EPARSE, "malformed key");
  lua_pushlstring(u->L, text, len);
  return 0;
}

static int read_key(unpacker *u) {
  sio_msgpack token;
  int err = read_token(u, &token);
  if (err != 0)
    return err;
  switch (token.kind) {
  case SIO_MSGPACK_TEXT:
    return push_text(u, token.bytes);
  case SIO_MSGPACK_INTEGER:
  case SIO_MSGPACK_REAL:
    return push_numeric_key(u, &token);
  default:
    return fail(u, SIO_EPARSE, "malformed key");
  }
}

/* Of equal keys the last wins, also if its value is undefined. */
static int read_map(unpacker *u, uint32_t count) {
  int err = enter(u);
  if (err != 0)
    return err;
  lua_createtable(u->L, 0, batch(count));
  for (; count > 0; count--) {
    if ((err = read_key(u)) != 0 || (err = read_value(u)) != 0)
      return err;
    lua_rawset(u->L, -3);
  }
  u->depth--;
  return 0;
}

static int push_extension(unpacker *u, const sio_msgpack *token) {
  int err = enter(u);
  if (err != 0)
    return err;
  push_array(u, 2);
  lua_pushinteger(u->L, token->extension);
  lua_rawseti(u->L, -2, 1);
  sio_lua_binary_push(u->L, token->bytes);
  lua_rawseti(u->L, -2, 2);
  u->depth--;
  return 0;
}

/* Pushes the value that comes next; undefined as nil. The entry points drop what a failure leaves
 * on the stack. */
static int read_value(unpacker *u) {
  sio_msgpack token;
  int err = read_token(u, &token);
  if (err != 0)
    return err;
  switch (token.kind) {
  case SIO_MSGPACK_UNDEFINED:
    lua_pushnil(u->L);
    return 0;
  case SIO_MSGPACK_NIL:
    sio_lua_null_push(u->L);
    return 0;
  case SIO_MSGPACK_BOOLEAN:
    lua_pushboolean(u->L, token.boolean);
    return 0;
  case SIO_MSGPACK_INTEGER:
    lua_pushinteger(u->L, (lua_Integer)token.integer);
    return 0;
  case SIO_MSGPACK_REAL:
    return push_real(u, token.real);
  case SIO_MSGPACK_TEXT:
    return push_text(u, token.bytes);
  case SIO_MSGPACK_BINARY:
    sio_lua_binary_push(u->L, token.bytes);
    return 0;
  case SIO_MSGPACK_DATE:
    return push_date(u, token.integer);
  case SIO_MSGPACK_EXTENSION:
    return push_extension(u, &token);
  case SIO_MSGPACK_ARRAY:
    return read_array(u, token.count);
  default:
    return read_map(u, token.count);
  }
}

/* ---- entry points ---- */

static void start(unpacker *u, lua_State *L, sio_bytes bytes) {
  luaL_checkstack(L, SLOTS, "to decode");
  *u = (unpacker){.L = L, .at = bytes.base, .end = bytes.base + bytes.len};
  sio_lua_array_mt_push(L);
  u->array_mt = lua_gettop(L);
}

/* Removes the metatable from below the values, or all there is. */
static int finish(unpacker *u, sio_bytes bytes, int err, sio_lua_fault *fault) {
  if (err == 0 && u->at != u->end)
    err = fail(u, SIO_EPARSE, "trailing bytes");
  if (err != 0) {
    *fault = (sio_lua_fault){.reason = u->reason, .at = (size_t)(u->at - bytes.base)};
    lua_settop(u->L, u->array_mt - 1);
    return err;
  }
  lua_remove(u->L, u->array_mt);
  return 0;
}

static int read_argument(unpacker *u) {
  if (!lua_checkstack(u->L, SLOTS))
    return fail(u, SIO_ENOMEM, "out of memory");
  int err = read_value(u);
  if (err == 0 && sio_lua_is_null(u->L, -1)) {
    lua_pop(u->L, 1);
    lua_pushnil(u->L);
  }
  return err;
}

static int read_arguments(unpacker *u, int *values) {
  sio_msgpack list;
  int err = read_token(u, &list);
  if (err != 0)
    return err;
  if (list.kind != SIO_MSGPACK_ARRAY)
    return fail(u, SIO_EPARSE, "invalid payload");
  if (list.count > SIO_MAX_ARGUMENTS)
    return fail(u, SIO_ELIMIT, "too many arguments");
  *values = (int)list.count;
  for (uint32_t i = 0; err == 0 && i < list.count; i++)
    err = read_argument(u);
  return err;
}

int sio_lua_unpack_args(lua_State *L, sio_bytes bytes, sio_lua_fault *fault) {
  unpacker u;
  int values = 0;
  start(&u, L, bytes);
  int err = finish(&u, bytes, read_arguments(&u, &values), fault);
  return err != 0 ? err : values;
}

int sio_lua_unpack_value(lua_State *L, sio_bytes bytes, sio_lua_fault *fault) {
  unpacker u;
  start(&u, L, bytes);
  int err = read_value(&u);
  if (err == 0 && lua_isnil(L, -1)) {
    lua_pop(L, 1);
    sio_lua_null_push(L);
  }
  return finish(&u, bytes, err, fault);
}
