/*
 * Lua values to MessagePack as notepack.io writes it for the same value, by the rules of encode.h
 * save that bytes stand where they are met and every number has a form:
 *
 *   nil, socketio.null     nil
 *   integer                the shortest integer
 *   float                  the same if it has no fraction and 64 bits hold it, else a double
 *   Binary                 bin
 *   table                  an array, or a map whose keys are strings
 */
#ifndef SIO_LUA_PACK_H
#define SIO_LUA_PACK_H

#include <lua.h>

#include "lua/encoding.h"

/* As sio_lua_encode_args and sio_lua_encode_value. There are no attachments, so one value may be or
 * hold a Binary, too. */
int sio_lua_pack_args(lua_State *L, int first, int last, int number, sio_lua_encoding *encoding);
int sio_lua_pack_value(lua_State *L, int idx, const char *name, sio_lua_encoding *encoding);

#endif
