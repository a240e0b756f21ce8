#include "lua/handle.h"

#include <string.h>

void sio_lua_register(lua_State *L, const sio_lua_type *type) {
  lua_createtable(L, 0, 3);
  lua_newtable(L);
  luaL_setfuncs(L, type->methods, 0);
  lua_setfield(L, -2, "__index");
  lua_pushstring(L, type->name);
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, "__name");
  lua_setfield(L, -2, "__metatable"); /* nobody calls our finalisers and fields by hand */
  if (type->gc != NULL) {
    lua_pushcfunction(L, type->gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_rawsetp(L, LUA_REGISTRYINDEX, type);
}

void *sio_lua_new(lua_State *L, const sio_lua_type *type, size_t size, int user_values) {
  void *handle = lua_newuserdatauv(L, size, user_values);
  memset(handle, 0, size);
  lua_rawgetp(L, LUA_REGISTRYINDEX, type);
  lua_setmetatable(L, -2);
  return handle;
}

void *sio_lua_check(lua_State *L, int arg, const sio_lua_type *type) {
  void *handle = lua_touserdata(L, arg);
  if (handle != NULL && lua_getmetatable(L, arg)) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, type);
    int same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    if (same)
      return handle;
  }
  luaL_typeerror(L, arg, type->name);
  return NULL;
}
