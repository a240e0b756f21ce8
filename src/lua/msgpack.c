#include "lua/msgpack.h"

#include <lauxlib.h>

#include "lua/pack.h"
#include "lua/unpack.h"

int sio_lua_msgpack_pack(lua_State *L) {
  luaL_checkany(L, 1);
  lua_settop(L, 1);
  sio_lua_encoding *encoding = sio_lua_encoding_take(L);
  if (sio_lua_pack_value(L, 1, "value", encoding) != 0)
    return lua_error(L);
  lua_pushlstring(L, encoding->text.base, encoding->text.len);
  sio_lua_encoding_give(L, 2);
  return 1;
}

int sio_lua_msgpack_unpack(lua_State *L) {
  sio_bytes bytes;
  bytes.base = luaL_checklstring(L, 1, &bytes.len);
  sio_lua_fault fault;
  if (sio_lua_unpack_value(L, bytes, &fault) == 0)
    return 1;
  lua_pushnil(L);
  lua_pushfstring(L, "byte %I: %s", (LUAI_UACINT)fault.at + 1, fault.reason);
  return 2;
}
