/*
 * Reading option tables that lua/socketio/options.lua has checked and completed: every field is
 * there, of the right type.
 */
#ifndef SIO_LUA_OPTIONS_H
#define SIO_LUA_OPTIONS_H

#include <lua.h>

#include "http/cors.h"
#include "http/server.h"
#include "lua/server.h"

enum sio_lua_codec sio_lua_codec_option(lua_State *L, int index);

/* The table is at index; strings borrow from it, so it is kept while the options are in use. */
void sio_lua_server_options(lua_State *L, int index, sio_server_options *options);
/* The field initialPacket, a string or a Binary, as a message; NULL if there is none. Returns
 * owned; raises when out of memory. */
sio_frame *sio_lua_initial_packet(lua_State *L, int index);
void sio_lua_http_options(lua_State *L, int index, sio_http_options *options);

/* From the table at index: see lua/socketio/cors.lua. */
void sio_lua_cors_options(lua_State *L, int index, sio_cors *cors);

#endif
