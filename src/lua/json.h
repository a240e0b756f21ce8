/*
 * The codec's face in Lua.
 *
 *   encode(value) -> text                      raises for what cannot be encoded
 *   decode(text) -> value | nil, message
 *   encodeArgs(...) -> text, list of Binary    the arguments of an acknowledgement
 *   decodeArgs(text[, list of Binary]) -> ...  raises for what is malformed
 */
#ifndef SIO_LUA_JSON_H
#define SIO_LUA_JSON_H

#include <lua.h>

int sio_lua_json_encode(lua_State *L);
int sio_lua_json_encode_args(lua_State *L);
int sio_lua_json_decode(lua_State *L);
int sio_lua_json_decode_args(lua_State *L);

#endif
