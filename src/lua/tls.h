/* TLS as Lua sees it; lua/socketio/http.lua keeps the handles. */
#ifndef SIO_LUA_TLS_H
#define SIO_LUA_TLS_H

#include <lua.h>

#include "net/tls.h"

void sio_lua_open_tls(lua_State *L);

/* What the handle at index arg holds, NULL for nil; raises when it is another value. */
sio_tls *sio_lua_opt_tls(lua_State *L, int arg);

#endif
