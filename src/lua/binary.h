/*
 * Binary: what Lua sees of a binary attachment. An immutable string of bytes that is not text:
 * tostring gives the bytes, # their number, == compares them.
 */
#ifndef SIO_LUA_BINARY_H
#define SIO_LUA_BINARY_H

#include <lua.h>

#include "base/bytes.h"

/* Pushes a Binary with a copy of the bytes. [-0, +1, m] */
void sio_lua_binary_push(lua_State *L, sio_bytes bytes);

/* Whether idx is a Binary; if so, *bytes borrows from it (NULL: not wanted). [-0, +0, -] */
bool sio_lua_binary_test(lua_State *L, int idx, sio_bytes *bytes);

/* Lua's socketio.binary(string) and socketio.isBinary(value). */
int sio_lua_binary(lua_State *L);
int sio_lua_is_binary(lua_State *L);

#endif
