/* The core's hooks: each enters Lua once, protected, with its arguments as Lua values. */
#include <string.h>

#include "base/error.h"
#include "lua/binary.h"
#include "lua/codec.h"
#include "lua/message.h"
#include "lua/request.h"
#include "lua/server.h"
#include "lua/socket.h"
#include "lua/task.h"

typedef struct call { /* one entry into Lua */
  sio_lua_server *server;
  enum sio_lua_slot slot;
  const void *pointer; /* the socket or session it is about */
  union {
    sio_bytes bytes;
    const sio_incoming *in;
  };
  sio_bytes name; /* of an unknown namespace */
  const char *reason;
  const char *detail;
  int status;
  bool flag;
} call;

static int enter(sio_lua_server *server, lua_CFunction fn, call *c) {
  int status = sio_lua_call(server->state, fn, c);
  if (status == SIO_ENOMEM)
    return SIO_ENOMEM;
  return c->status; /* other errors were reported: the client is not to blame */
}

static void push_text(lua_State *L, const char *text) {
  if (text != NULL)
    lua_pushstring(L, text);
  else
    lua_pushnil(L);
}

/* --- connect --- */

/* Pushes what the client sent with its CONNECT: a table, or nil. False when it is malformed. */
static bool push_auth(lua_State *L, call *c) {
  const sio_session *session = sio_socket_session((const sio_socket *)c->pointer);
  if (sio_session_protocol(session) == 3) {
    sio_lua_push_query(L, c->bytes);
    return true;
  }
  if (c->bytes.len == 0) {
    lua_pushnil(L);
    return true;
  }
  sio_lua_fault fault;
  c->status = sio_lua_codec_decode_value(L, c->server, c->bytes, &fault);
  return c->status >= 0;
}

static int connect_protected(lua_State *L) {
  call *c = lua_touserdata(L, 1);
  sio_socket *socket = (sio_socket *)c->pointer;
  sio_lua_push_slot(L, c->server, c->slot);
  sio_lua_push_socket(L, c->server, socket);
  if (c->slot == SIO_SLOT_CONNECT)
    sio_lua_push_object(L, c->server, sio_socket_nsp(socket));
  else
    lua_pushlstring(L, c->name.base, c->name.len);
  if (push_auth(L, c))
    lua_call(L, 3, 0);
  return 0;
}

static int on_connect(void *ctx, sio_socket *socket, sio_bytes auth) {
  call c = {.server = ctx, .slot = SIO_SLOT_CONNECT, .pointer = socket, .bytes = auth};
  return enter(ctx, connect_protected, &c);
}

static int on_unknown(void *ctx, sio_socket *socket, sio_bytes name, sio_bytes auth) {
  call c = {
      .server = ctx, .slot = SIO_SLOT_UNKNOWN, .pointer = socket, .bytes = auth, .name = name};
  return enter(ctx, connect_protected, &c);
}

/* --- events and acknowledgements --- */

/* Is the first of the n values on top of the stack an event's name? A number becomes its text. */
static bool check_name(lua_State *L, int n) {
  if (n == 0)
    return false;
  int type = lua_type(L, -n);
  if (type != LUA_TSTRING && type != LUA_TNUMBER)
    return false;
  sio_bytes name;
  name.base = lua_tolstring(L, -n, &name.len);
  return !sio_lua_is_reserved(name);
}

static int decode(lua_State *L, call *c) {
  sio_lua_fault fault;
  int n = sio_lua_codec_decode_args(L, c->server, c->in, &fault);
  if (n < 0) {
    c->status = n;
    c->reason = fault.reason;
  }
  return n;
}

/* An event, and the task that it is from its first byte on. */
typedef struct event {
  sio_lua_entry entry;
  call c;
  bool is_plain; /* its socket has neither catch-all listeners nor middlewares */
} event;

/* Where what belongs to an event stands in its coroutine; the arguments follow the name. */
enum { EVENT = 1, SOCKET, FREE, NAME };

/* Pushes the key under which its socket keeps what listens to it (see events.lua). */
static void push_key(lua_State *L) {
  char key[64] = {'\0'};
  sio_bytes name;
  name.base = lua_tolstring(L, NAME, &name.len);
  if (name.len < sizeof key) {
    memcpy(key + 1, name.base, name.len);
    lua_pushlstring(L, key, 1 + name.len);
  } else {
    lua_pushlstring(L, key, 1);
    lua_pushvalue(L, NAME);
    lua_concat(L, 2);
  }
}

/* Pushes what listens to it: a function, a list or nil. */
static int push_listener(lua_State *L) {
  push_key(L);
  return lua_rawget(L, SOCKET);
}

static int returned(lua_State *L, int status, lua_KContext context) {
  (void)L;
  (void)status;
  (void)context;
  return 0;
}

/* Calls the function on top of the stack in the place of the name, which stays where it was free:
 * should the listener fail or wait, the name tells of it. */
static int call_listener(lua_State *L, event *e, int nargs) {
  lua_copy(L, NAME, FREE);
  lua_replace(L, NAME);
  lua_settop(L, NAME + nargs);
  e->entry.event.base = lua_tolstring(L, FREE, &e->entry.event.len);
  e->entry.is_told = true;
  lua_callk(L, nargs, 0, 0, returned);
  return 0;
}

/* slot(socket, name, arguments) */
static int call_slot(lua_State *L, const call *c, int nargs) {
  lua_settop(L, NAME + nargs);
  lua_copy(L, SOCKET, FREE);
  sio_lua_push_slot(L, c->server, c->slot);
  lua_replace(L, SOCKET);
  lua_call(L, 2 + nargs, 0);
  return 0;
}

/* One listener of a plain socket is called from here; the rest is the business of the slot. */
static int dispatch(lua_State *L, event *e) {
  int nargs = lua_gettop(L) - NAME;
  int type = e->is_plain ? push_listener(L) : LUA_TTABLE;
  if (type == LUA_TFUNCTION)
    return call_listener(L, e, nargs);
  return type != LUA_TNIL ? call_slot(L, &e->c, nargs) : 0;
}

/* An event has come: decodes it and calls who listens. */
static int run_event(lua_State *L) {
  event *e = lua_touserdata(L, EVENT);
  int64_t id = e->c.in->packet->id;
  lua_pushnil(L);
  int n = decode(L, &e->c);
  if (n < 0)
    return 0;
  if (!check_name(L, n)) {
    e->c.reason = "invalid payload";
    e->c.status = SIO_EPARSE;
    return 0;
  }
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  if (id != SIO_NO_ACK)
    sio_lua_push_ack(L, SOCKET, id);
  return dispatch(L, e);
}

static int ack_protected(lua_State *L) {
  call *c = lua_touserdata(L, 1);
  sio_lua_push_slot(L, c->server, c->slot);
  sio_lua_push_socket_object(L, c->pointer);
  lua_pushinteger(L, (lua_Integer)c->in->packet->id);
  int n = decode(L, c);
  if (n >= 0)
    lua_call(L, n + 2, 0);
  return 0;
}

static int on_event(void *ctx, sio_socket *socket, const sio_incoming *in, const char **reason) {
  sio_lua_server *server = ctx;
  event e = {.entry = {.fn = run_event}};
  e.c = (call){.server = server, .slot = SIO_SLOT_EVENT, .in = in};
  e.entry.scope = sio_lua_socket_reference(socket, &e.is_plain);
  int status = sio_lua_begin_task(server->state, &e.entry);
  *reason = e.c.reason;
  return status == SIO_ENOMEM ? SIO_ENOMEM : e.c.status;
}

static int on_ack(void *ctx, sio_socket *socket, const sio_incoming *in, const char **reason) {
  if (in->packet->id == SIO_NO_ACK)
    return 0;
  call c = {.server = ctx, .slot = SIO_SLOT_ACK, .pointer = socket, .in = in};
  int status = enter(ctx, ack_protected, &c);
  *reason = c.reason;
  return status;
}

/* --- what happens to sockets and sessions --- */

/* Calls the slot on top of the stack with the object above it, which may be nil: then nothing is
 * told. */
static int tell_object(lua_State *L, const call *c) {
  if (lua_isnil(L, -1))
    return 0;
  push_text(L, c->reason);
  push_text(L, c->detail);
  lua_call(L, 3, 0);
  return 0;
}

/* slot(socket, reason, detail) */
static int tell_socket_protected(lua_State *L) {
  const call *c = lua_touserdata(L, 1);
  sio_lua_push_slot(L, c->server, c->slot);
  sio_lua_push_socket_object(L, c->pointer);
  return tell_object(L, c);
}

/* slot(conn, reason, detail) */
static int tell_session_protected(lua_State *L) {
  const call *c = lua_touserdata(L, 1);
  sio_lua_push_slot(L, c->server, c->slot);
  sio_lua_push_object(L, c->server, c->pointer);
  return tell_object(L, c);
}

static void tell(void *ctx, enum sio_lua_slot slot, const sio_socket *socket, const char *reason,
                 const char *detail) {
  call c = {.server = ctx, .slot = slot, .pointer = socket, .reason = reason, .detail = detail};
  enter(ctx, tell_socket_protected, &c);
}

static void on_disconnecting(void *ctx, sio_socket *socket, const char *reason,
                             const char *detail) {
  tell(ctx, SIO_SLOT_DISCONNECTING, socket, reason, detail);
}

static void on_disconnect(void *ctx, sio_socket *socket, const char *reason, const char *detail) {
  tell(ctx, SIO_SLOT_DISCONNECT, socket, reason, detail);
}

static void on_error(void *ctx, sio_socket *socket, const char *message) {
  tell(ctx, SIO_SLOT_ERROR, socket, message, NULL);
}

static int forget_socket_protected(lua_State *L) {
  const call *c = lua_touserdata(L, 1);
  sio_lua_disown_socket(L, (sio_socket *)c->pointer);
  return 0;
}

static void on_forget(void *ctx, sio_socket *socket) {
  call c = {.server = ctx, .pointer = socket};
  enter(ctx, forget_socket_protected, &c);
}

/* slot(conn, text or Binary) */
static int message_protected(lua_State *L) {
  call *c = lua_touserdata(L, 1);
  sio_lua_push_slot(L, c->server, c->slot);
  sio_lua_push_conn(L, c->server, (sio_session *)c->pointer);
  if (c->flag)
    sio_lua_binary_push(L, c->bytes);
  else
    lua_pushlstring(L, c->bytes.base, c->bytes.len);
  lua_call(L, 2, 0);
  return 0;
}

static void on_message(void *ctx, sio_session *session, sio_bytes data, bool binary) {
  call c = {
      .server = ctx, .slot = SIO_SLOT_MESSAGE, .pointer = session, .bytes = data, .flag = binary};
  enter(ctx, message_protected, &c);
}

static void on_upgrade(void *ctx, sio_session *session) {
  call c = {.server = ctx, .slot = SIO_SLOT_UPGRADE, .pointer = session};
  enter(ctx, tell_session_protected, &c);
}

static int forget_session_protected(lua_State *L) {
  const call *c = lua_touserdata(L, 1);
  lua_pushnil(L);
  sio_lua_set_object(L, c->server, c->pointer);
  return 0;
}

static void on_session_close(void *ctx, sio_session *session, const char *reason,
                             const char *detail) {
  call c = {.server = ctx, .slot = SIO_SLOT_SESSION_CLOSE, .pointer = session};
  c.reason = reason;
  c.detail = detail;
  enter(ctx, tell_session_protected, &c);
  enter(ctx, forget_session_protected, &c);
  sio_lua_server_drop(ctx); /* the last thing: it may be collected from now on */
}

static void on_session(void *ctx, sio_session *session) {
  (void)session;
  sio_lua_server_hold(ctx);
}

/* --- rooms --- */

static int room_protected(lua_State *L) {
  call *c = lua_touserdata(L, 1);
  sio_lua_push_slot(L, c->server, c->slot);
  sio_lua_push_socket_object(L, c->pointer);
  if (lua_isnil(L, -1))
    return 0;
  lua_pushlstring(L, c->bytes.base, c->bytes.len);
  lua_pushboolean(L, c->flag);
  lua_call(L, 3, 0);
  return 0;
}

static void on_room(void *ctx, sio_socket *socket, sio_bytes room, bool joined) {
  call c = {.server = ctx, .slot = SIO_SLOT_ROOM, .pointer = socket, .bytes = room, .flag = joined};
  enter(ctx, room_protected, &c);
}

const sio_hooks sio_lua_hooks = {
    .on_connect = on_connect,
    .on_unknown = on_unknown,
    .on_event = on_event,
    .on_ack = on_ack,
    .on_disconnecting = on_disconnecting,
    .on_disconnect = on_disconnect,
    .on_error = on_error,
    .on_forget = on_forget,
    .on_room = on_room,
    .on_message = on_message,
    .on_upgrade = on_upgrade,
    .on_session = on_session,
    .on_session_close = on_session_close,
};
