#include "lua/values.h"

#include <lauxlib.h>

#include "lua/binary.h"
#include "lua/json.h"
#include "lua/msgpack.h"

static const char array_key; /* its address names array_mt in the registry */

void sio_lua_array_mt_push(lua_State *L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &array_key) == LUA_TTABLE)
    return;
  lua_pop(L, 1);
  lua_createtable(L, 0, 1);
  lua_pushliteral(L, "socketio.array");
  lua_setfield(L, -2, "__name");
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &array_key);
}

void sio_lua_marks_init(lua_State *L, sio_lua_marks *marks) {
  sio_lua_array_mt_push(L);
  *marks = (sio_lua_marks){.array_mt = lua_topointer(L, -1)};
  lua_pop(L, 1);
}

static const void *field_address(lua_State *L, int table, const char *name) {
  lua_pushstring(L, name);
  lua_rawget(L, table);
  const void *address = lua_topointer(L, -1); /* NULL for nil */
  lua_pop(L, 1);
  return address;
}

/* From the module on top of the stack, if it is a table. */
static void add_module(lua_State *L, sio_lua_marks *marks) {
  if (!lua_istable(L, -1))
    return;
  int module = lua_gettop(L);
  marks->cjson_mt = field_address(L, module, "array_mt");
  marks->cjson_empty = field_address(L, module, "empty_array_mt");
  marks->cjson_value = field_address(L, module, "empty_array");
}

void sio_lua_marks_add_cjson(lua_State *L, sio_lua_marks *marks) {
  static const char *const names[] = {"cjson", "cjson.safe"}; /* with the same marks */
  if (marks->has_cjson)
    return;
  marks->has_cjson = true;
  lua_pushliteral(L, LUA_LOADED_TABLE);
  if (lua_rawget(L, LUA_REGISTRYINDEX) == LUA_TTABLE)
    for (size_t i = 0; i < sizeof(names) / sizeof(*names) && marks->cjson_mt == NULL; i++) {
      lua_pushstring(L, names[i]);
      lua_rawget(L, -2);
      add_module(L, marks);
      lua_pop(L, 1);
    }
  lua_pop(L, 1);
}

/* socketio.array([t]): marks t, or makes an empty array. */
static int array(lua_State *L) {
  if (lua_isnoneornil(L, 1)) {
    lua_settop(L, 0);
    lua_newtable(L);
  }
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  sio_lua_array_mt_push(L);
  lua_setmetatable(L, 1);
  return 1;
}

void sio_lua_open_values(lua_State *L) {
  static const luaL_Reg functions[] = {{"array", array},
                                       {"binary", sio_lua_binary},
                                       {"isBinary", sio_lua_is_binary},
                                       {"encode", sio_lua_json_encode},
                                       {"encodeArgs", sio_lua_json_encode_args},
                                       {"decode", sio_lua_json_decode},
                                       {"decodeArgs", sio_lua_json_decode_args},
                                       {"pack", sio_lua_msgpack_pack},
                                       {"unpack", sio_lua_msgpack_unpack},
                                       {NULL, NULL}};
  luaL_setfuncs(L, functions, 0);
  sio_lua_null_push(L);
  lua_setfield(L, -2, "null");
  sio_lua_array_mt_push(L);
  lua_setfield(L, -2, "array_mt");
}
