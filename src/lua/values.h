/*
 * The conventions that Lua needs to say what JSON says: null, and tables that are arrays. Those of
 * lua-cjson are understood too, without loading it.
 */
#ifndef SIO_LUA_VALUES_H
#define SIO_LUA_VALUES_H

#include <stdbool.h>

#include <lua.h>

/* socketio.null is the light userdata NULL, and so is cjson.null. [-0, +1, -] */
static inline void sio_lua_null_push(lua_State *L) {
  lua_pushlightuserdata(L, NULL);
}

static inline bool sio_lua_is_null(lua_State *L, int idx) {
  return lua_islightuserdata(L, idx) && lua_touserdata(L, idx) == NULL;
}

/* Pushes socketio.array_mt, the metatable of arrays. [-0, +1, m] */
void sio_lua_array_mt_push(lua_State *L);

/* The addresses (lua_topointer) of what marks an array; NULL where there is no such mark. */
typedef struct sio_lua_marks {
  const void *array_mt;    /* of tables that are arrays, ours or empty */
  const void *cjson_mt;    /* the same in OpenResty's fork of lua-cjson */
  const void *cjson_empty; /* there, of tables that are arrays if they are empty */
  const void *cjson_value; /* there, a light userdata that stands for an empty array */
  bool has_cjson;          /* the last three have been looked up */
} sio_lua_marks;

/* Looks up array_mt. [-0, +0, m] */
void sio_lua_marks_init(lua_State *L, sio_lua_marks *marks);

/* Looks up the rest in what package.loaded has, unless that was done. [-0, +0, m] */
void sio_lua_marks_add_cjson(lua_State *L, sio_lua_marks *marks);

/*
 * Sets the fields null, array, array_mt, binary, isBinary, and the codecs' encode, decode,
 * encodeArgs, decodeArgs, pack and unpack, in the table on top of the stack. [-0, +0, m]
 */
void sio_lua_open_values(lua_State *L);

#endif
