/*
 * MessagePack to Lua values, in one pass. What notepack.io reads is read the same, save more than
 * SIO_MAX_DEPTH levels, strings that are not UTF-8, and keys of maps that are neither string nor
 * number, which are refused.
 *
 *   nil                      socketio.null
 *   undefined                the same in an array; in a map its key is absent
 *   number                   an integer if it has no fraction and 64 bits hold it, else a float
 *   bin, ext of type 0       a Binary
 *   date                     a string as JSON has it, "2026-11-23T01:00:00.000Z"; null: out of
 * range ext of another type      an array of the type and a Binary array                    a table
 * with array_mt map                      a table; keys that are numbers become strings
 */
#ifndef SIO_LUA_UNPACK_H
#define SIO_LUA_UNPACK_H

#include <lua.h>

#include "lua/decode.h"

/* As sio_lua_decode_args and sio_lua_decode_value, without attachments. As an argument undefined is
 * nil, as null is; as the one value it is socketio.null. */
int sio_lua_unpack_args(lua_State *L, sio_bytes bytes, sio_lua_fault *fault);
int sio_lua_unpack_value(lua_State *L, sio_bytes bytes, sio_lua_fault *fault);

#endif
