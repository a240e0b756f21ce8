/*
 * The MessagePack codec's face in Lua.
 *
 *   pack(value) -> bytes              raises for what cannot be encoded
 *   unpack(bytes) -> value | nil, message
 */
#ifndef SIO_LUA_MSGPACK_H
#define SIO_LUA_MSGPACK_H

#include <lua.h>

int sio_lua_msgpack_pack(lua_State *L);
int sio_lua_msgpack_unpack(lua_State *L);

#endif
