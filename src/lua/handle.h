/*
 * Handles: full userdata with a metatable that is found by the address of its key, not by a name.
 * The Lua classes wrap them; applications never see one.
 */
#ifndef SIO_LUA_HANDLE_H
#define SIO_LUA_HANDLE_H

#include <lauxlib.h>
#include <lua.h>

typedef struct sio_lua_type { /* one static constant a kind; its address is the key */
  const char *name;           /* __name, for error messages */
  const luaL_Reg *methods;
  lua_CFunction gc; /* or NULL */
} sio_lua_type;

/* Makes the metatable of a kind. Once for each Lua state. */
void sio_lua_register(lua_State *L, const sio_lua_type *type);

/* Pushes a zeroed userdata of that kind; its finaliser must accept it in that state. */
void *sio_lua_new(lua_State *L, const sio_lua_type *type, size_t size, int user_values);

/* The userdata at index arg; raises when it is of another kind. */
void *sio_lua_check(lua_State *L, int arg, const sio_lua_type *type);

#endif
