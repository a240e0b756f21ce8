/* HTTP servers and exchanges as Lua sees them; lua/socketio/http.lua wraps the handles. */
#ifndef SIO_LUA_HTTP_H
#define SIO_LUA_HTTP_H

#include <lua.h>

#include "http/server.h"
#include "lua/state.h"

void sio_lua_open_http(lua_State *L);
void sio_lua_open_exchange(lua_State *L);

/* The HTTP server behind the handle at index arg; raises when it is another value. */
sio_http_server *sio_lua_check_http(lua_State *L, int arg);

/* The handle at index http keeps the value at index arg alive. May raise. */
void sio_lua_http_keep(lua_State *L, int http, int arg);

/* Pushes the handle of an exchange; it is anchored until the answer is complete or the client gone.
 */
void sio_lua_push_exchange(lua_State *L, sio_lua *state, sio_exchange *exchange);

/* The exchange behind the handle at index arg, which is over by that; NULL if it was. The caller
 * owns it then. */
sio_exchange *sio_lua_take_exchange(lua_State *L, int arg);

/* Headers of the answer to come. The value at index at + 1 is a string, a list of strings for as
 * many lines, or nil, which removes those of the name at index at; false if one cannot be sent. */
bool sio_lua_set_header(lua_State *L, sio_exchange *exchange, int at);
/* Into the table on top of the stack: name to value, or to a list of values. */
void sio_lua_push_headers(lua_State *L, const sio_exchange *exchange);

#endif
