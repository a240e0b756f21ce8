/*
 * JSON in and out of Lua. Whatever is accepted goes out as JSON that comes in as the same values
 * again, and no byte is read beyond the text. The first byte is the number of attachments.
 */
#include <math.h>
#include <string.h>

#include <lauxlib.h>

#include "base/error.h"
#include "lua/decode.h"
#include "lua/encode.h"
#include "lua/values.h"
#include "same.h"

enum { MAX_ATTACHMENTS = 3 };

static const sio_bytes attachments[MAX_ATTACHMENTS] = {{"a", 1}, {"", 0}, {"b\0c", 3}};

/* A value that JSON has no word for went out as null. */
static bool is_infinite(lua_State *L, int idx) {
  return lua_type(L, idx) == LUA_TNUMBER && isinf(lua_tonumber(L, idx));
}

static bool is_same_leaf(lua_State *L, int a, int b) {
  if (is_infinite(L, a))
    return lua_isnil(L, b) || sio_lua_is_null(L, b);
  if (lua_isinteger(L, a) != lua_isinteger(L, b))
    return false;
  return lua_compare(L, a, b, LUA_OPEQ);
}

/* Decodes, encodes, and decodes again, with everything at a fixed place of the stack. */
static void round_trip(lua_State *L, sio_bytes text, size_t count) {
  sio_lua_fault fault;
  int values = sio_lua_decode_args(L, text, attachments, count, &fault);
  if (values < 0) {
    CHECK(lua_gettop(L) == 0 && fault.at <= text.len && fault.reason != NULL);
    return;
  }
  CHECK(lua_gettop(L) == values && lua_checkstack(L, values + 8));
  sio_lua_encoding *out = sio_lua_encoding_take(L);
  if (sio_lua_encode_args(L, 1, values, 1, out) != 0)
    abort();
  sio_bytes again = sio_buf_bytes(&out->text);
  int second = sio_lua_decode_args(L, again, out->attachments, out->count, &fault);
  CHECK(second == values);
  for (int i = 1; i <= values; i++)
    CHECK(is_same(L, i, values + 2 + i, is_same_leaf));
}

/* Arguments are an array, which as a value would be a level more; as a value it may be any other.
 */
static void compare_with_value(lua_State *L, sio_bytes text) {
  sio_lua_fault fault;
  int err = sio_lua_decode_value(L, text, &fault);
  bool is_array = err == 0 && lua_istable(L, -1) && lua_getmetatable(L, -1);
  lua_settop(L, 0);
  int values = sio_lua_decode_args(L, text, NULL, 0, &fault);
  CHECK(values < 0 ? !is_array || values == SIO_ELIMIT : is_array || err == SIO_ELIMIT);
  lua_settop(L, 0);
}

static int run(lua_State *L) {
  const sio_bytes *input = lua_touserdata(L, 1);
  lua_settop(L, 0);
  compare_with_value(L, sio_bytes_of(input->base + 1, input->len - 1));
  round_trip(L, sio_bytes_of(input->base + 1, input->len - 1),
             (unsigned char)input->base[0] % (MAX_ATTACHMENTS + 1));
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static lua_State *L;
  if (size == 0)
    return 0;
  if (L == NULL)
    CHECK((L = luaL_newstate()) != NULL);
  sio_bytes input = sio_bytes_of((const char *)data, size);
  lua_pushcfunction(L, run);
  lua_pushlightuserdata(L, &input);
  CHECK(lua_pcall(L, 1, 0, 0) == LUA_OK);
  lua_gc(L, LUA_GCCOLLECT); /* what is left would be taken for a leak, and looked for */
  return 0;
}
