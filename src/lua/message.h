/* From Lua values on the stack to a message ready to be sent. */
#ifndef SIO_LUA_MESSAGE_H
#define SIO_LUA_MESSAGE_H

#include <lua.h>

#include "lua/server.h"

/* Event names that nobody may send, because they mean something else to clients and servers. */
bool sio_lua_is_reserved(sio_bytes event);
/* Pushes a set of all of them. May raise. */
void sio_lua_push_reserved(lua_State *L);

/*
 * Encodes the values first..top of the stack as the payload of packet (whose type, nsp and id are
 * set; of an event the first value is the name) and makes the message, which the caller deinits.
 * plain: its frames are never compressed. Returns true, or false with an error message on top of
 * the stack. When Lua raises nothing is owned.
 */
bool sio_lua_message(lua_State *L, const sio_lua_server *server, sio_packet *packet, int first,
                     bool plain, sio_message *message);

#endif
