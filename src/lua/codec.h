/*
 * How a server writes the payloads of its packets, which its option parser decides: the JSON of
 * encode.h and decode.h, the MessagePack of pack.h and unpack.h, or the JSON of functions in Lua.
 */
#ifndef SIO_LUA_CODEC_H
#define SIO_LUA_CODEC_H

#include "lua/decode.h"
#include "lua/encoding.h"
#include "lua/server.h"

/* What frames such payloads. */
const sio_parser *sio_lua_codec_parser(enum sio_lua_codec codec);

/* As sio_lua_encode_args; functions in Lua call the application. [-0, +1, e] */
int sio_lua_codec_encode_args(lua_State *L, const sio_lua_server *server, int first, int last,
                              int number, sio_lua_encoding *encoding);

/* As sio_lua_encode_value, for what a CONNECT_ERROR says. [-0, +1, e] */
int sio_lua_codec_encode_value(lua_State *L, const sio_lua_server *server, int idx,
                               const char *name, sio_lua_encoding *encoding);

/*
 * The object of a CONNECT_ERROR: message, the string at index message, and, unless its index is 0,
 * data; in this order, which is the reference's. As sio_lua_encode_value. [-0, +1, e]
 */
int sio_lua_codec_encode_error(lua_State *L, const sio_lua_server *server, int message, int data,
                               sio_lua_encoding *encoding);

/* As sio_lua_decode_args; functions in Lua call the application. [-0, +n, e] */
int sio_lua_codec_decode_args(lua_State *L, const sio_lua_server *server, const sio_incoming *in,
                              sio_lua_fault *fault);

/* As sio_lua_decode_value, for what a CONNECT says. [-0, +1, m] */
int sio_lua_codec_decode_value(lua_State *L, const sio_lua_server *server, sio_bytes payload,
                               sio_lua_fault *fault);

#endif
