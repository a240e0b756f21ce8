#include "lua/bind.h"

#include <lauxlib.h>

static int done(lua_State *L, int status, lua_KContext context) {
  (void)status;
  (void)context;
  return lua_gettop(L);
}

/* socketio.null may be given wherever nil may: methods need not tell the two apart. */
static void forget_nulls(lua_State *L) {
  for (int i = lua_gettop(L); i > 0; i--) {
    if (!lua_islightuserdata(L, i) || lua_touserdata(L, i) != NULL)
      continue;
    lua_pushnil(L);
    lua_replace(L, i);
  }
}

/* upvalues: the object, the method */
static int call_bound(lua_State *L) {
  forget_nulls(L);
  if (lua_gettop(L) == 0 || !lua_rawequal(L, 1, lua_upvalueindex(1))) {
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
  }
  lua_pushvalue(L, lua_upvalueindex(2));
  lua_insert(L, 1);
  lua_callk(L, lua_gettop(L) - 1, LUA_MULTRET, 0, done);
  return done(L, LUA_OK, 0);
}

static int bind(lua_State *L) {
  luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_settop(L, 2);
  lua_pushcclosure(L, call_bound, 2);
  return 1;
}

/* upvalues: the methods, the getters; as __index */
static int index_briefly(lua_State *L) {
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) == LUA_TFUNCTION) {
    lua_replace(L, 2);
    lua_pushcclosure(L, call_bound, 2);
    return 1;
  }
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(2)) != LUA_TFUNCTION)
    return 0;
  lua_pushvalue(L, 1);
  lua_call(L, 1, 1);
  return 1;
}

/* briefIndex(methods, getters) -> the function __index of a class whose objects keep nothing */
static int brief_index(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  lua_pushcclosure(L, index_briefly, 2);
  return 1;
}

void sio_lua_open_bind(lua_State *L) {
  static const luaL_Reg functions[] = {{"bind", bind}, {"briefIndex", brief_index}, {NULL, NULL}};
  luaL_setfuncs(L, functions, 0);
}
