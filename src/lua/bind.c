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

void sio_lua_open_bind(lua_State *L) {
  lua_pushcfunction(L, bind);
  lua_setfield(L, -2, "bind");
}
