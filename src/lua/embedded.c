/* The whole module from one library: both halves, and nothing to be found on a path. Part of the
 * static library alone (cmake/SioStatic.cmake). */
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "lua/embedded.h"
#include "socketio.h"

int luaopen_socketio_core(lua_State *L);

/* upvalue: the script, a light userdata; returns what the script does */
static int load_script(lua_State *L) {
  const sio_script *script = lua_touserdata(L, lua_upvalueindex(1));
  char name[64];
  snprintf(name, sizeof(name), "=%s", script->name);
  if (luaL_loadbufferx(L, script->base, (size_t)(script->end - script->base), name, "t") != LUA_OK)
    return lua_error(L);
  lua_pushstring(L, script->name);
  lua_call(L, 1, 1);
  return 1;
}

/* Scripts that the state has already, or is to find elsewhere, stay as they are. */
static void offer(lua_State *L, const char *name) {
  if (lua_getfield(L, -2, name) == LUA_TNIL) {
    lua_pushvalue(L, -2);
    lua_setfield(L, -4, name);
  }
  lua_pop(L, 2);
}

static void offer_all(lua_State *L) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_socketio_core);
  offer(L, "socketio.core");
  for (const sio_script *script = sio_scripts; script->name != NULL; script++) {
    if (strcmp(script->name, "socketio") == 0)
      continue;
    lua_pushlightuserdata(L, (void *)script);
    lua_pushcclosure(L, load_script, 1);
    offer(L, script->name);
  }
  lua_pop(L, 1);
}

static const sio_script *find_main(void) {
  const sio_script *script = sio_scripts;
  while (strcmp(script->name, "socketio") != 0)
    script++;
  return script;
}

int luaopen_socketio(lua_State *L) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  if (lua_getfield(L, -1, "socketio") != LUA_TNIL)
    return 1;
  lua_pop(L, 1);
  offer_all(L);
  lua_pushlightuserdata(L, (void *)find_main());
  lua_pushcclosure(L, load_script, 1);
  lua_call(L, 0, 1);
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, "socketio");
  return 1;
}
