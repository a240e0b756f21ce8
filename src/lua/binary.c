#include "lua/binary.h"

#include <lauxlib.h>

static const char class_key; /* its address names the metatable in the registry */

static sio_bytes bytes_of(lua_State *L, int idx) {
  return sio_bytes_of(lua_touserdata(L, idx), (size_t)lua_rawlen(L, idx));
}

bool sio_lua_binary_test(lua_State *L, int idx, sio_bytes *bytes) {
  if (lua_type(L, idx) != LUA_TUSERDATA || !lua_getmetatable(L, idx))
    return false;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &class_key);
  bool is_binary = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  if (is_binary && bytes != NULL)
    *bytes = bytes_of(L, idx);
  return is_binary;
}

static sio_bytes check(lua_State *L, int arg) {
  sio_bytes bytes = {0};
  if (!sio_lua_binary_test(L, arg, &bytes))
    luaL_typeerror(L, arg, "Binary");
  return bytes;
}

static int to_string(lua_State *L) {
  sio_bytes bytes = check(L, 1);
  lua_pushlstring(L, bytes.base, bytes.len);
  return 1;
}

static int length(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)check(L, 1).len);
  return 1;
}

static int equal(lua_State *L) {
  sio_bytes a, b;
  lua_pushboolean(L, sio_lua_binary_test(L, 1, &a) && sio_lua_binary_test(L, 2, &b) &&
                         sio_bytes_eq(a, b));
  return 1;
}

static void push_class(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"__tostring", to_string}, {"__len", length}, {"__eq", equal}, {NULL, NULL}};
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &class_key) == LUA_TTABLE)
    return;
  lua_pop(L, 1);
  luaL_newlib(L, methods);
  lua_pushliteral(L, "socketio.Binary");
  lua_setfield(L, -2, "__name");
  lua_pushliteral(L, "socketio.Binary");
  lua_setfield(L, -2, "__metatable");
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &class_key);
}

void sio_lua_binary_push(lua_State *L, sio_bytes bytes) {
  void *copy = lua_newuserdatauv(L, bytes.len, 0);
  if (bytes.len > 0)
    memcpy(copy, bytes.base, bytes.len);
  push_class(L);
  lua_setmetatable(L, -2);
}

int sio_lua_binary(lua_State *L) {
  if (sio_lua_binary_test(L, 1, NULL)) {
    lua_settop(L, 1);
    return 1;
  }
  luaL_checktype(L, 1, LUA_TSTRING);
  size_t len;
  const char *base = lua_tolstring(L, 1, &len);
  sio_lua_binary_push(L, sio_bytes_of(base, len));
  return 1;
}

int sio_lua_is_binary(lua_State *L) {
  lua_pushboolean(L, sio_lua_binary_test(L, 1, NULL));
  return 1;
}
