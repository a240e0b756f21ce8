/* The engine's policy (engine/admission.h) decided by Lua: lua/socketio/engine.lua. */
#ifndef SIO_LUA_ADMISSION_H
#define SIO_LUA_ADMISSION_H

#include "lua/server.h"

/* What a server's policy is at first: nothing is asked, sessions that are watched are told of. */
void sio_lua_policy_init(sio_policy *policy, sio_lua_server *server);

/* Methods of the handle of a server. */
extern const luaL_Reg sio_lua_admission_methods[];

#endif
