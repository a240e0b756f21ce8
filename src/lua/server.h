/*
 * A Socket.IO server as Lua sees it, and the way from the core's hooks to the Lua classes.
 *
 * The userdata lives as long as the application refers to it, it has sessions, or an HTTP server
 * that it is attached to lives. It keeps the functions that the hooks call, by slot; the options;
 * and a table that maps the core's pointers (namespaces, sessions) to the Lua objects that
 * wrap them. All of these refer to it in turn, so none of them stands in the registry.
 */
#ifndef SIO_LUA_SERVER_H
#define SIO_LUA_SERVER_H

#include "http/cors.h"
#include "lua/state.h"
#include "socketio/server.h"

enum { SIO_SERVER_SLOTS = 1, SIO_SERVER_OPTIONS, SIO_SERVER_OBJECTS, SIO_SERVER_USER_VALUES = 3 };

enum sio_lua_codec { /* how arguments are written (codec.h) */
                     SIO_CODEC_JSON,
                     SIO_CODEC_MSGPACK,
                     SIO_CODEC_PLUGGED /* by the slots ENCODE and DECODE */
};

typedef struct sio_lua_server {
  sio_lua *state;
  sio_server *server; /* NULL once the userdata was finalised */
  size_t sessions;    /* that it has to live for */
  sio_cors cors;      /* its strings are anchored by the options */
  sio_policy policy;
  enum sio_lua_codec codec;
  sio_exchange *answering; /* while its headers are shown */
} sio_lua_server;

enum sio_lua_slot {
  SIO_SLOT_CONNECT = 1,
  SIO_SLOT_EVENT,
  SIO_SLOT_ACK,
  SIO_SLOT_DISCONNECTING,
  SIO_SLOT_DISCONNECT,
  SIO_SLOT_ERROR,
  SIO_SLOT_ROOM,
  SIO_SLOT_CONN,
  SIO_SLOT_UPGRADE,
  SIO_SLOT_SESSION_CLOSE,
  SIO_SLOT_ORIGIN,
  SIO_SLOT_UNKNOWN,
  SIO_SLOT_MESSAGE,
  SIO_SLOT_SHARE,
  SIO_SLOT_REQUEST,
  SIO_SLOT_HANDSHAKE,
  SIO_SLOT_ID,
  SIO_SLOT_REFUSED,
  SIO_SLOT_HEADERS,
  SIO_SLOT_COOKIE,
  SIO_SLOT_SESSION,
  SIO_SLOT_PACKET,
  SIO_SLOT_PACKET_CREATE,
  SIO_SLOT_DRAIN,
  SIO_SLOT_UPGRADING,
  SIO_SLOT_ENCODE,
  SIO_SLOT_DECODE,
  SIO_SLOT_COUNT
};

void sio_lua_open_server(lua_State *L);

/* The hooks that call the slots; ctx is the sio_lua_server. */
extern const sio_hooks sio_lua_hooks;

/* The server behind the handle at index 1; raises when it is another value, or gone. */
sio_lua_server *sio_lua_check_server(lua_State *L);

/* A session has come; one is gone. While it has any, nothing else need refer to it. */
void sio_lua_server_hold(sio_lua_server *server);
void sio_lua_server_drop(sio_lua_server *server);

/* Pushes the function of a slot (nil when it was not given, or the server is finalised). */
void sio_lua_push_slot(lua_State *L, const sio_lua_server *server, enum sio_lua_slot slot);

/* Pushes the Lua object that stands for a pointer of the core, or nil. */
int sio_lua_push_object(lua_State *L, const sio_lua_server *server, const void *pointer);

/* Makes the value on top of the stack (popped; nil: none) the object of that pointer. May raise. */
void sio_lua_set_object(lua_State *L, const sio_lua_server *server, const void *pointer);

#endif
