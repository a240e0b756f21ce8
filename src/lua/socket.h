/* Handles of sockets, namespaces and sessions, which the classes in lua/socketio wrap. */
#ifndef SIO_LUA_SOCKET_H
#define SIO_LUA_SOCKET_H

#include "lua/server.h"

void sio_lua_open_socket(lua_State *L);
void sio_lua_open_namespace(lua_State *L);
void sio_lua_open_session(lua_State *L);

/* Each pushes a handle, which shares what it stands for. */
void sio_lua_push_socket(lua_State *L, sio_lua_server *server, sio_socket *socket);
void sio_lua_push_namespace(lua_State *L, sio_lua_server *server, sio_nsp *nsp);

/* Pushes the Lua object of a socket, or nil. */
void sio_lua_push_socket_object(lua_State *L, const sio_socket *socket);

/* The reference in the registry of the Lua object of a socket, or LUA_REFNIL. Plain: there is one,
 * and it has neither catch-all listeners nor middlewares. */
int sio_lua_socket_reference(const sio_socket *socket, bool *is_plain);

/* The core has done with a socket: its object is not kept any longer. */
void sio_lua_disown_socket(lua_State *L, sio_socket *socket);

/* The namespace behind the handle at index arg; raises when it is another value. */
sio_nsp *sio_lua_check_namespace(lua_State *L, int arg);

/* What is behind the userdata at index arg, which the method encode of a namespace's handle made;
 * raises when it is another value. Borrows. */
const sio_message *sio_lua_check_message(lua_State *L, int arg);

/* Pushes the Lua object of a session, made by the slot CONN on first use; nil when it has none and
 * the server is gone. */
void sio_lua_push_conn(lua_State *L, sio_lua_server *server, sio_session *session);

/* Pushes the function that acknowledges event id of the socket whose Lua object is at index: any
 * arguments, once. */
void sio_lua_push_ack(lua_State *L, int index, int64_t id);

#endif
