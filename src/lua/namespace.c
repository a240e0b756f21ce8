/* The handle of a namespace: broadcasts, selections, rooms. */
#include <string.h>

#include "base/error.h"
#include "lua/handle.h"
#include "lua/message.h"
#include "lua/socket.h"

typedef struct nsp_handle { /* user value 1: the server's userdata */
  sio_lua_server *server;
  sio_nsp *nsp; /* shared, also when it is gone: a broadcast may just be under way */
  bool is_gone;
} nsp_handle;

static const sio_lua_type nsp_type;

void sio_lua_push_namespace(lua_State *L, sio_lua_server *server, sio_nsp *nsp) {
  nsp_handle *handle = sio_lua_new(L, &nsp_type, sizeof *handle, 1);
  handle->server = server;
  handle->nsp = sio_nsp_ref(nsp);
}

static nsp_handle *check(lua_State *L, int arg) {
  nsp_handle *handle = sio_lua_check(L, arg, &nsp_type);
  handle->is_gone = handle->is_gone || handle->server->server == NULL;
  return handle;
}

/* The namespace of the handle at index arg; NULL when it is gone: then nothing is done. */
static sio_nsp *find_at(lua_State *L, int arg) {
  nsp_handle *handle = check(L, arg);
  return handle->is_gone ? NULL : handle->nsp;
}

static sio_nsp *find(lua_State *L) {
  return find_at(L, 1);
}

sio_nsp *sio_lua_check_namespace(lua_State *L, int arg) {
  sio_nsp *nsp = find_at(L, arg);
  luaL_argcheck(L, nsp != NULL, arg, "this namespace is gone");
  return nsp;
}

/* own(object, server): the Lua object of this namespace, and the server's userdata, kept alive */
static int own(lua_State *L) {
  const nsp_handle *handle = check(L, 1);
  lua_settop(L, 3);
  lua_setiuservalue(L, 1, 1);
  sio_lua_set_object(L, handle->server, handle->nsp);
  return 0;
}

/* --- targets --- */

enum { FEW_NAMES = 4 }; /* more are kept by a userdata */

/*
 * The strings of the list at index arg (or nil), as an array, which is few or stands in a userdata;
 * one value is left on the stack. They live as long as the list.
 */
static const sio_bytes *check_names(lua_State *L, int arg, sio_bytes few[FEW_NAMES],
                                    size_t *count) {
  *count = 0;
  if (lua_isnoneornil(L, arg)) {
    lua_pushnil(L);
    return NULL;
  }
  luaL_checktype(L, arg, LUA_TTABLE);
  *count = (size_t)lua_rawlen(L, arg);
  sio_bytes *names = few;
  if (*count > FEW_NAMES)
    names = lua_newuserdatauv(L, *count * sizeof *names, 0);
  else
    lua_pushnil(L);
  for (size_t i = 0; i < *count; i++) {
    lua_rawgeti(L, arg, (lua_Integer)i + 1);
    if (lua_type(L, -1) != LUA_TSTRING)
      luaL_argerror(L, arg, "list of strings expected");
    names[i].base = lua_tolstring(L, -1, &names[i].len);
    lua_pop(L, 1);
  }
  return names;
}

typedef struct names {
  sio_bytes rooms[FEW_NAMES], except[FEW_NAMES];
} names;

/* The target given by the lists at arg and arg + 1, which may refer to few; leaves two values on
 * the stack. */
static sio_target check_target(lua_State *L, int arg, names *few) {
  sio_target target;
  target.rooms = check_names(L, arg, few->rooms, &target.room_count);
  target.except = check_names(L, arg + 1, few->except, &target.except_count);
  return target;
}

/* broadcast(rooms, except, volatile, compress, id or nil, event, ...) -> nothing, or why a value
 * cannot be sent */
static int broadcast(lua_State *L) {
  const nsp_handle *handle = check(L, 1);
  sio_lua *state = handle->server->state;
  sio_nsp *nsp = handle->nsp;
  if (handle->is_gone)
    return 0;
  names few;
  sio_target target = check_target(L, 2, &few);
  lua_rotate(L, 2, 2); /* below the values, which end the stack */
  bool plain = lua_isboolean(L, 7) && !lua_toboolean(L, 7);
  sio_packet packet = {
      .type = SIO_EVENT, .nsp = sio_nsp_name(nsp), .id = luaL_optinteger(L, 8, SIO_NO_ACK)};
  sio_message message;
  if (!sio_lua_message(L, handle->server, &packet, 9, plain, &message))
    return 1;
  lua_State *before = sio_lua_enter(state, L);
  sio_nsp_broadcast(nsp, &target, &message, lua_toboolean(L, 6));
  sio_lua_leave(state, before);
  sio_message_deinit(&message);
  return 0;
}

/* --- messages that are kept --- */

static int free_message(lua_State *L) {
  sio_message_deinit(lua_touserdata(L, 1));
  return 0;
}

/* size() -> bytes that it holds */
static int message_size(lua_State *L) {
  const sio_message *message = sio_lua_check_message(L, 1);
  size_t size = sizeof(sio_frame) + message->text->len;
  for (size_t i = 0; i < message->count; i++)
    size += sizeof(sio_frame) + message->attachments[i]->len;
  lua_pushinteger(L, (lua_Integer)size);
  return 1;
}

static const luaL_Reg message_methods[] = {{"size", message_size}, {NULL, NULL}};
static const sio_lua_type message_type = {"socketio.Message", message_methods, free_message};

const sio_message *sio_lua_check_message(lua_State *L, int arg) {
  return sio_lua_check(L, arg, &message_type);
}

/* encode(compress, id or nil, event, ...) -> a message; or nil and why a value cannot be sent; or
 * nothing when the namespace is gone */
static int encode(lua_State *L) {
  sio_nsp *nsp = find(L);
  if (nsp == NULL)
    return 0;
  bool plain = lua_isboolean(L, 2) && !lua_toboolean(L, 2);
  sio_packet packet = {
      .type = SIO_EVENT, .nsp = sio_nsp_name(nsp), .id = luaL_optinteger(L, 3, SIO_NO_ACK)};
  sio_message *message = sio_lua_new(L, &message_type, sizeof *message, 0);
  lua_replace(L, 2);
  if (sio_lua_message(L, check(L, 1)->server, &packet, 4, plain, message)) {
    lua_settop(L, 2);
    return 1;
  }
  lua_pushnil(L);
  lua_insert(L, -2);
  return 2;
}

/* send(rooms, except, volatile, message) */
static int send(lua_State *L) {
  sio_lua *state = check(L, 1)->server->state;
  sio_nsp *nsp = find(L);
  const sio_message *message = sio_lua_check_message(L, 5);
  if (nsp == NULL)
    return 0;
  names few;
  sio_target target = check_target(L, 2, &few);
  lua_State *before = sio_lua_enter(state, L);
  sio_nsp_broadcast(nsp, &target, message, lua_toboolean(L, 4));
  sio_lua_leave(state, before);
  return 0;
}

/* --- the sockets of a target --- */

/* Holds what was selected until the list is made, or Lua raises. */
typedef struct selection {
  sio_socket **sockets;
  size_t count;
} selection;

static int release(lua_State *L) {
  selection *chosen = lua_touserdata(L, 1);
  if (chosen->sockets != NULL)
    sio_nsp_release(chosen->sockets, chosen->count);
  *chosen = (selection){NULL, 0};
  return 0;
}

static const luaL_Reg no_methods[] = {{NULL, NULL}};
static const sio_lua_type selection_type = {"socketio.Selection", no_methods, release};

/* select(rooms, except) -> list of the objects of the sockets */
static int select_sockets(lua_State *L) {
  const nsp_handle *handle = check(L, 1);
  if (handle->is_gone) {
    lua_newtable(L);
    return 1;
  }
  lua_settop(L, 3);
  names few;
  sio_target target = check_target(L, 2, &few);
  selection *chosen = sio_lua_new(L, &selection_type, sizeof *chosen, 0);
  chosen->sockets = sio_nsp_select(handle->nsp, &target, &chosen->count);
  if (chosen->sockets == NULL)
    return luaL_error(L, "not enough memory");

  lua_createtable(L, (int)chosen->count, 0);
  for (size_t i = 0; i < chosen->count; i++) {
    sio_lua_push_socket_object(L, chosen->sockets[i]);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  lua_pushcfunction(L, release);
  lua_pushvalue(L, -3);
  lua_call(L, 1, 0);
  return 1;
}

/* --- rooms --- */

/* Each time Lua allocates, a finaliser of the application may change the room, or empty it. */
static void push_members(lua_State *L, const sio_nsp *nsp, sio_bytes name) {
  const sio_socket *socket;
  lua_createtable(L, 0, (int)sio_nsp_room_count(nsp, name));
  for (size_t i = 0; (socket = sio_nsp_room_member(nsp, name, i)) != NULL; i++) {
    sio_bytes id = sio_socket_id(socket);
    lua_pushlstring(L, id.base, id.len);
    lua_pushboolean(L, 1);
    lua_rawset(L, -3);
  }
}

/* room(name) -> set of ids, or nil */
static int get_room(lua_State *L) {
  sio_nsp *nsp = find(L);
  sio_bytes name;
  name.base = luaL_checklstring(L, 2, &name.len);
  if (nsp != NULL && sio_nsp_room_count(nsp, name) > 0)
    push_members(L, nsp, name);
  else
    lua_pushnil(L);
  return 1;
}

/* count(name) -> how many sockets are in it */
static int count_room(lua_State *L) {
  const sio_nsp *nsp = find(L);
  sio_bytes name;
  name.base = luaL_checklstring(L, 2, &name.len);
  lua_pushinteger(L, nsp != NULL ? (lua_Integer)sio_nsp_room_count(nsp, name) : 0);
  return 1;
}

/* rooms() -> list of names */
static int get_rooms(lua_State *L) {
  sio_nsp *nsp = find(L);
  sio_bytes name;
  lua_newtable(L);
  lua_Integer n = 0;
  for (size_t at = 0; nsp != NULL && (name = sio_nsp_next_room(nsp, &at)).base != NULL;) {
    lua_pushlstring(L, name.base, name.len);
    lua_rawseti(L, -2, ++n);
  }
  return 1;
}

/* remove() -> whether it was empty and is gone */
static int remove_namespace(lua_State *L) {
  nsp_handle *handle = check(L, 1);
  bool removed = !handle->is_gone && sio_nsp_remove(handle->nsp);
  if (removed) {
    handle->is_gone = true;
    lua_pushnil(L);
    sio_lua_set_object(L, handle->server, handle->nsp);
  }
  lua_pushboolean(L, removed);
  return 1;
}

static int watch_rooms(lua_State *L) {
  sio_nsp *nsp = find(L);
  if (nsp != NULL)
    sio_nsp_watch_rooms(nsp, lua_toboolean(L, 2));
  return 0;
}

static int next_id(lua_State *L) {
  sio_nsp *nsp = find(L);
  lua_pushinteger(L, nsp != NULL ? (lua_Integer)sio_nsp_next_id(nsp) : 0);
  return 1;
}

static int free_namespace(lua_State *L) {
  nsp_handle *handle = lua_touserdata(L, 1);
  sio_nsp_unref(handle->nsp);
  handle->nsp = NULL;
  handle->is_gone = true;
  return 0;
}

static const luaL_Reg methods[] = {
    {"own", own},          {"broadcast", broadcast},     {"encode", encode},
    {"send", send},        {"select", select_sockets},   {"room", get_room},
    {"count", count_room}, {"rooms", get_rooms},         {"watchRooms", watch_rooms},
    {"nextId", next_id},   {"remove", remove_namespace}, {NULL, NULL},
};

static const sio_lua_type nsp_type = {"socketio.NamespaceHandle", methods, free_namespace};

void sio_lua_open_namespace(lua_State *L) {
  sio_lua_register(L, &nsp_type);
  sio_lua_register(L, &selection_type);
  sio_lua_register(L, &message_type);
}
