/* The handle of a socket, and the function that acknowledges one of its client's events. */
#include "lua/socket.h"

#include "base/error.h"
#include "lua/codec.h"
#include "lua/handle.h"
#include "lua/loop.h"
#include "lua/message.h"

typedef struct socket_handle {
  sio_lua_server *server; /* lives while the socket is not disconnected, and is not touched later */
  sio_socket *socket;     /* NULL: finalised; finalisers of the application may still call */
  int64_t issued;         /* when the client asked for it: ms since 1970 */
  int object;             /* reference in the registry: the Lua object, once that owns the handle */
  bool is_filtered;       /* it has catch-all listeners or middlewares */
  bool is_watched;        /* it has listeners to what goes out */
} socket_handle;

static const sio_lua_type socket_type;

void sio_lua_push_socket(lua_State *L, sio_lua_server *server, sio_socket *socket) {
  socket_handle *handle = sio_lua_new(L, &socket_type, sizeof *handle, 0);
  handle->server = server;
  handle->socket = sio_socket_ref(socket);
  handle->issued = sio_lua_date();
}

static socket_handle *check_any(lua_State *L) {
  return sio_lua_check(L, 1, &socket_type);
}

static socket_handle *check(lua_State *L) {
  socket_handle *handle = check_any(L);
  if (handle->socket == NULL)
    luaL_error(L, "this socket is gone");
  return handle;
}

static bool is_gone(const socket_handle *handle) {
  return handle->socket == NULL || sio_socket_get_state(handle->socket) == SIO_SOCKET_DISCONNECTED;
}

static sio_bytes check_bytes(lua_State *L, int arg) {
  sio_bytes bytes;
  bytes.base = luaL_checklstring(L, arg, &bytes.len);
  return bytes;
}

static int fail(lua_State *L, int status) {
  if (status == SIO_ENOMEM)
    return luaL_error(L, "not enough memory");
  return 0;
}

/* --- sending --- */

/* Sends and frees the message; raises when out of memory. The core may tell that it is sent. */
static int send(lua_State *L, const socket_handle *handle, sio_message *message, bool is_volatile) {
  lua_State *before = sio_lua_enter(handle->server->state, L);
  int status = sio_socket_send(handle->socket, message, is_volatile);
  sio_lua_leave(handle->server->state, before);
  sio_message_deinit(message);
  return fail(L, status);
}

/* emit(volatile, compress, id or nil, event, ...) -> nothing, or why a value cannot be sent */
static int emit(lua_State *L) {
  socket_handle *handle = check_any(L);
  bool is_volatile = lua_toboolean(L, 2);
  bool plain = lua_isboolean(L, 3) && !lua_toboolean(L, 3);
  if (is_gone(handle))
    return 0;
  sio_packet packet = {.type = SIO_EVENT,
                       .nsp = sio_nsp_name(sio_socket_nsp(handle->socket)),
                       .id = luaL_optinteger(L, 4, SIO_NO_ACK)};
  sio_message message;
  if (!sio_lua_message(L, handle->server, &packet, 5, plain, &message))
    return 1;
  return send(L, handle, &message, is_volatile);
}

/* deliver(message): sends what the namespace's handle has encoded */
static int deliver(lua_State *L) {
  socket_handle *handle = check_any(L);
  const sio_message *message = sio_lua_check_message(L, 2);
  if (is_gone(handle))
    return 0;
  lua_State *before = sio_lua_enter(handle->server->state, L);
  int status = sio_socket_send(handle->socket, message, false);
  sio_lua_leave(handle->server->state, before);
  return fail(L, status);
}

/* Is this what the C path of emit handles? The stack is: socket, event, arguments. */
static bool is_plain_emit(lua_State *L) {
  if (lua_type(L, 2) != LUA_TSTRING || lua_type(L, -1) == LUA_TFUNCTION)
    return false;
  sio_bytes event;
  event.base = lua_tolstring(L, 2, &event.len);
  lua_pushvalue(L, lua_upvalueindex(4));
  bool has_flags = lua_rawget(L, 1) != LUA_TNIL;
  lua_pop(L, 1);
  return !has_flags && !sio_lua_is_reserved(event);
}

static void send_event(lua_State *L, const socket_handle *handle) {
  sio_packet packet = {
      .type = SIO_EVENT, .nsp = sio_nsp_name(sio_socket_nsp(handle->socket)), .id = SIO_NO_ACK};
  sio_message message;
  if (!sio_lua_message(L, handle->server, &packet, 2, false, &message))
    luaL_error(L, "%s", lua_tostring(L, -1));
  send(L, handle, &message, false);
}

/* upvalues: the socket, its handle, the method emit of its class, for what is not plain; "_flags"
 */
static int emit_bound(lua_State *L) {
  const socket_handle *handle = lua_touserdata(L, lua_upvalueindex(2));
  if (lua_gettop(L) == 0 || !lua_rawequal(L, 1, lua_upvalueindex(1))) {
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
  }
  luaL_checkstack(L, 8, NULL);
  if (handle->is_watched || !is_plain_emit(L)) {
    lua_pushvalue(L, lua_upvalueindex(3));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, 1);
    return 1;
  }
  if (!is_gone(handle))
    send_event(L, handle);
  lua_pushboolean(L, 1);
  return 1;
}

/* emitter(socket, method) -> the bound method emit: the most used, so the plain case stays in C */
static int emitter(lua_State *L) {
  check_any(L);
  luaL_checktype(L, 3, LUA_TFUNCTION);
  lua_pushvalue(L, 2);
  lua_pushvalue(L, 1);
  lua_pushvalue(L, 3);
  lua_pushliteral(L, "_flags");
  lua_pushcclosure(L, emit_bound, 4);
  return 1;
}

/*
 * upvalues: the handle (nil once it was called), the id. Encoding may call the application, and
 * that this very function: the handle stays on the stack, and whoever is first answers.
 */
static int acknowledge(lua_State *L) {
  const socket_handle *handle = lua_touserdata(L, lua_upvalueindex(1));
  if (handle == NULL || is_gone(handle))
    return 0;
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  sio_packet packet = {.type = SIO_ACK,
                       .nsp = sio_nsp_name(sio_socket_nsp(handle->socket)),
                       .id = lua_tointeger(L, lua_upvalueindex(2))};
  sio_message message;
  if (!sio_lua_message(L, handle->server, &packet, 2, false, &message))
    return luaL_error(L, "%s", lua_tostring(L, -1));
  if (lua_isnil(L, lua_upvalueindex(1))) {
    sio_message_deinit(&message);
    return 0;
  }
  lua_pushnil(L);
  lua_replace(L, lua_upvalueindex(1));
  return send(L, handle, &message, false);
}

void sio_lua_push_ack(lua_State *L, int index, int64_t id) {
  lua_pushliteral(L, "_handle");
  lua_rawget(L, index);
  lua_pushinteger(L, (lua_Integer)id);
  lua_pushcclosure(L, acknowledge, 2);
}

/* --- life --- */

/* own(object): the Lua object that the hooks speak of from now on */
static int own(lua_State *L) {
  socket_handle *handle = check(L);
  luaL_checkany(L, 2);
  lua_settop(L, 2);
  handle->object = luaL_ref(L, LUA_REGISTRYINDEX);
  sio_socket_set_data(handle->socket, handle);
  return 0;
}

int sio_lua_socket_reference(const sio_socket *socket, bool *is_plain) {
  const socket_handle *handle = sio_socket_data(socket);
  *is_plain = handle != NULL && !handle->is_filtered;
  return handle != NULL ? handle->object : LUA_REFNIL;
}

void sio_lua_push_socket_object(lua_State *L, const sio_socket *socket) {
  bool is_plain;
  lua_rawgeti(L, LUA_REGISTRYINDEX, sio_lua_socket_reference(socket, &is_plain));
}

void sio_lua_disown_socket(lua_State *L, sio_socket *socket) {
  const socket_handle *handle = sio_socket_data(socket);
  if (handle == NULL)
    return;
  sio_socket_set_data(socket, NULL);
  luaL_unref(L, LUA_REGISTRYINDEX, handle->object);
}

/* listen(filtered, watched): whether it has listeners or middlewares for every event that comes in,
 * and for those that go out; without, events take the short way */
static int listen(lua_State *L) {
  socket_handle *handle = check_any(L);
  handle->is_filtered = lua_toboolean(L, 2);
  handle->is_watched = lua_toboolean(L, 3);
  return 0;
}

/* enter(namespace handle) -> whether it is in that namespace now, to be accepted or refused */
static int enter_namespace(lua_State *L) {
  socket_handle *handle = check(L);
  lua_pushboolean(L, sio_socket_enter(handle->socket, sio_lua_check_namespace(L, 2)) == 0);
  return 1;
}

/* restore(id) -> whether it has that id now, of a socket that has disconnected */
static int restore(lua_State *L) {
  lua_pushboolean(L, sio_socket_restore(check(L)->socket, check_bytes(L, 2)) == 0);
  return 1;
}

/* accept(pid or nil) -> whether it is connected now */
static int accept_socket(lua_State *L) {
  socket_handle *handle = check(L);
  sio_bytes pid;
  pid.base = luaL_optlstring(L, 2, NULL, &pid.len);
  if (is_gone(handle)) {
    lua_pushboolean(L, 0);
    return 1;
  }
  lua_State *before = sio_lua_enter(handle->server->state, L);
  int status = sio_socket_accept(handle->socket, pid);
  sio_lua_leave(handle->server->state, before);
  lua_pushboolean(L, status == 0);
  return 1;
}

/* The encoding at index at is the payload of CONNECT_ERROR, or its message on top of the stack says
 * why it is none. */
static int refuse_with(lua_State *L, const socket_handle *handle, int at, int status) {
  sio_lua *state = handle->server->state;
  const sio_lua_encoding *encoding = lua_touserdata(L, at);
  if (status == 0) {
    lua_State *before = sio_lua_enter(state, L);
    sio_socket_refuse(handle->socket, sio_buf_bytes(&encoding->text));
    sio_lua_leave(state, before);
  }
  sio_lua_encoding_give(L, at);
  return status < 0;
}

/* refuse(message, data or nil) -> nothing, or why it cannot be sent */
static int refuse(lua_State *L) {
  const socket_handle *handle = check(L);
  luaL_checkstring(L, 2);
  if (is_gone(handle))
    return 0;
  lua_settop(L, 3);
  sio_lua_encoding *encoding = sio_lua_encoding_take(L);
  int data = lua_isnil(L, 3) ? 0 : 3;
  return refuse_with(L, handle, 4,
                     sio_lua_codec_encode_error(L, handle->server, 2, data, encoding));
}

/* refuseOld(value): the same for clients of protocol 3, who are sent one value */
static int refuse_old(lua_State *L) {
  const socket_handle *handle = check(L);
  if (is_gone(handle))
    return 0;
  lua_settop(L, 2);
  sio_lua_encoding *encoding = sio_lua_encoding_take(L);
  return refuse_with(L, handle, 3,
                     sio_lua_codec_encode_value(L, handle->server, 2, "error", encoding));
}

static int disconnect(lua_State *L) {
  socket_handle *handle = check_any(L);
  if (is_gone(handle))
    return 0;
  lua_State *before = sio_lua_enter(handle->server->state, L);
  sio_socket_disconnect(handle->socket, lua_toboolean(L, 2));
  sio_lua_leave(handle->server->state, before);
  return 0;
}

static int get_id(lua_State *L) {
  sio_bytes id = sio_socket_id(check(L)->socket);
  lua_pushlstring(L, id.base, id.len);
  return 1;
}

/* issued() -> when the client asked for it: ms since 1970 */
static int get_issued(lua_State *L) {
  lua_pushinteger(L, check_any(L)->issued);
  return 1;
}

/* state() -> "connecting", "connected" or "disconnected" */
static int get_state(lua_State *L) {
  static const char *const names[] = {"connecting", "connected", "disconnected"};
  const socket_handle *handle = check_any(L);
  lua_pushstring(
      L, names[is_gone(handle) ? SIO_SOCKET_DISCONNECTED : sio_socket_get_state(handle->socket)]);
  return 1;
}

/* conn() -> the object of its session */
static int get_conn(lua_State *L) {
  socket_handle *handle = check(L);
  sio_lua_push_conn(L, handle->server, sio_socket_session(handle->socket));
  return 1;
}

/* --- rooms --- */

static int join(lua_State *L) {
  socket_handle *handle = check_any(L);
  sio_bytes room = check_bytes(L, 2);
  if (is_gone(handle))
    return 0;
  lua_State *before = sio_lua_enter(handle->server->state, L);
  int status = sio_socket_join(handle->socket, room);
  sio_lua_leave(handle->server->state, before);
  return fail(L, status);
}

static int leave(lua_State *L) {
  socket_handle *handle = check_any(L);
  sio_bytes room = check_bytes(L, 2);
  if (is_gone(handle))
    return 0;
  lua_State *before = sio_lua_enter(handle->server->state, L);
  sio_socket_leave(handle->socket, room);
  sio_lua_leave(handle->server->state, before);
  return 0;
}

/* isIn(room) */
static int is_in(lua_State *L) {
  socket_handle *handle = check_any(L);
  sio_bytes room = check_bytes(L, 2);
  lua_pushboolean(L, handle->socket != NULL && sio_socket_is_in(handle->socket, room));
  return 1;
}

static int leave_all(lua_State *L) {
  socket_handle *handle = check_any(L);
  if (is_gone(handle))
    return 0;
  lua_State *before = sio_lua_enter(handle->server->state, L);
  sio_socket_leave_all(handle->socket);
  sio_lua_leave(handle->server->state, before);
  return 0;
}

/* rooms() -> a set of their names; room changes are told to the slot ROOM from now on */
static int rooms(lua_State *L) {
  socket_handle *handle = check(L);
  sio_bytes name;
  lua_newtable(L);
  for (size_t at = 0; (name = sio_socket_next_room(handle->socket, &at)).base != NULL;) {
    lua_pushlstring(L, name.base, name.len);
    lua_pushboolean(L, 1);
    lua_rawset(L, -3);
  }
  sio_socket_watch_rooms(handle->socket);
  return 1;
}

static int free_socket(lua_State *L) {
  socket_handle *handle = lua_touserdata(L, 1);
  if (handle->socket != NULL && sio_socket_data(handle->socket) == handle)
    sio_socket_set_data(handle->socket, NULL);
  sio_socket_unref(handle->socket);
  handle->socket = NULL;
  return 0;
}

static const luaL_Reg methods[] = {
    {"emit", emit},
    {"emitter", emitter},
    {"own", own},
    {"listen", listen},
    {"enter", enter_namespace},
    {"restore", restore},
    {"accept", accept_socket},
    {"deliver", deliver},
    {"refuse", refuse},
    {"refuseOld", refuse_old},
    {"id", get_id},
    {"issued", get_issued},
    {"conn", get_conn},
    {"disconnect", disconnect},
    {"state", get_state},
    {"join", join},
    {"leave", leave},
    {"isIn", is_in},
    {"leaveAll", leave_all},
    {"rooms", rooms},
    {NULL, NULL},
};

static const sio_lua_type socket_type = {"socketio.SocketHandle", methods, free_socket};

void sio_lua_open_socket(lua_State *L) {
  sio_lua_register(L, &socket_type);
}
