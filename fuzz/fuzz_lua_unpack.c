/*
 * MessagePack in and out of Lua. Whatever is accepted goes out as MessagePack that comes in as the
 * same values again, and no byte is read beyond the input.
 */
#include <math.h>
#include <string.h>

#include <lauxlib.h>

#include "base/error.h"
#include "lua/encoding.h"
#include "lua/pack.h"
#include "lua/unpack.h"
#include "same.h"

static bool is_same_leaf(lua_State *L, int a, int b) {
  if (lua_type(L, a) != lua_type(L, b) || lua_isinteger(L, a) != lua_isinteger(L, b))
    return false;
  if (lua_type(L, a) == LUA_TNUMBER && isnan(lua_tonumber(L, a)))
    return isnan(lua_tonumber(L, b));
  return lua_compare(L, a, b, LUA_OPEQ);
}

static sio_bytes pack(lua_State *L, int last) {
  sio_lua_encoding *out = sio_lua_encoding_take(L);
  if (sio_lua_pack_args(L, 1, last, 1, out) != 0)
    abort();
  return sio_buf_bytes(&out->text);
}

static void round_trip(lua_State *L, sio_bytes bytes) {
  sio_lua_fault fault;
  int values = sio_lua_unpack_args(L, bytes, &fault);
  if (values < 0) {
    CHECK(lua_gettop(L) == 0 && fault.at <= bytes.len && fault.reason != NULL);
    return;
  }
  CHECK(lua_gettop(L) == values && lua_checkstack(L, values + 8));
  sio_bytes again = pack(L, values);
  int before = lua_gettop(L);
  CHECK(sio_lua_unpack_args(L, again, &fault) == values);
  for (int i = 1; i <= values; i++)
    CHECK(is_same(L, i, before + i, is_same_leaf));
}

/* Arguments are an array, which as a value would be a level more. */
static void compare_with_value(lua_State *L, sio_bytes bytes) {
  sio_lua_fault fault;
  int err = sio_lua_unpack_value(L, bytes, &fault);
  CHECK(lua_gettop(L) == (err == 0));
  bool is_array = err == 0 && lua_istable(L, -1) && lua_getmetatable(L, -1);
  lua_settop(L, 0);
  int values = sio_lua_unpack_args(L, bytes, &fault);
  if (values >= 0)
    CHECK(is_array || err == SIO_ELIMIT);
  lua_settop(L, 0);
}

static int run(lua_State *L) {
  const sio_bytes *input = lua_touserdata(L, 1);
  lua_settop(L, 0);
  compare_with_value(L, *input);
  round_trip(L, *input);
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static lua_State *L;
  if (L == NULL)
    CHECK((L = luaL_newstate()) != NULL);
  char *copy = malloc(size > 0 ? size : 1); /* so that a byte too many is seen */
  CHECK(copy != NULL);
  if (size > 0)
    memcpy(copy, data, size);
  sio_bytes input = sio_bytes_of(copy, size);
  lua_pushcfunction(L, run);
  lua_pushlightuserdata(L, &input);
  CHECK(lua_pcall(L, 1, 0, 0) == LUA_OK);
  lua_gc(L, LUA_GCCOLLECT); /* what is left would be taken for a leak, and looked for */
  free(copy);
  return 0;
}
