/* A request's head as Lua sees it: fields read from the compact block when somebody looks. */
#ifndef SIO_LUA_REQUEST_H
#define SIO_LUA_REQUEST_H

#include <lua.h>

#include "http/request.h"

void sio_lua_open_request(lua_State *L);

/* Pushes a table of what the query says, decoded. */
void sio_lua_push_query(lua_State *L, sio_bytes query);

/*
 * Pushes a request (shared): method, url, path, query (table, decoded), headers (table, lower-case
 * names), remoteAddress, secure, upgrade. The tables are made once, on first use. The same request
 * has the same handle, as long as anybody keeps it.
 */
void sio_lua_push_request(lua_State *L, sio_request *request);

/*
 * The same in two steps, for a request that the caller owns: pushes a handle without one, and
 * returns where to put it; then has the handle replaced by the one that others have, if any. So
 * the request is freed also if something raises.
 */
sio_request **sio_lua_new_request(lua_State *L);
void sio_lua_share_request(lua_State *L);

#endif
