/* The handle of a session: what socket.conn and io.engine show. */
#include "base/error.h"
#include "engine/packet.h"
#include "lua/binary.h"
#include "lua/handle.h"
#include "lua/request.h"
#include "lua/socket.h"

typedef struct session_handle {
  sio_lua *state;
  sio_session *session; /* NULL: finalised */
} session_handle;

static const sio_lua_type session_type;

void sio_lua_push_conn(lua_State *L, sio_lua_server *server, sio_session *session) {
  if (sio_lua_push_object(L, server, session) != LUA_TNIL)
    return;
  lua_pop(L, 1);
  sio_lua_push_slot(L, server, SIO_SLOT_CONN);
  if (lua_isnil(L, -1))
    return;
  session_handle *handle = sio_lua_new(L, &session_type, sizeof *handle, 0);
  handle->state = sio_lua_get(L);
  handle->session = sio_session_ref(session);
  lua_call(L, 1, 1);
  if (sio_session_get_state(session) == SIO_CLOSED)
    return; /* nothing will be told about it any more */
  lua_pushvalue(L, -1);
  sio_lua_set_object(L, server, session);
}

static session_handle *check(lua_State *L) {
  session_handle *handle = sio_lua_check(L, 1, &session_type);
  if (handle->session == NULL)
    luaL_error(L, "this connection is gone");
  return handle;
}

static int get_id(lua_State *L) {
  sio_bytes id = sio_session_id(check(L)->session);
  lua_pushlstring(L, id.base, id.len);
  return 1;
}

static int get_protocol(lua_State *L) {
  lua_pushinteger(L, sio_session_protocol(check(L)->session));
  return 1;
}

static int get_transport(lua_State *L) {
  lua_pushstring(L, sio_session_transport(check(L)->session));
  return 1;
}

static int get_state(lua_State *L) {
  static const char *const names[] = {"opening", "open", "closing", "closed"};
  lua_pushstring(L, names[sio_session_get_state(check(L)->session)]);
  return 1;
}

static int is_upgrading(lua_State *L) {
  lua_pushboolean(L, sio_session_is_upgrading(check(L)->session));
  return 1;
}

static int get_request(lua_State *L) {
  sio_session *session = check(L)->session;
  sio_request **request = sio_lua_new_request(L);
  *request = sio_session_request(session);
  if (*request == NULL)
    return luaL_error(L, "not enough memory");
  sio_lua_share_request(L);
  return 1;
}

static int get_buffered(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)sio_session_buffered(check(L)->session));
  return 1;
}

/* watch(): from now on the slots packet, packetCreate, drain and upgrading are called */
static int watch(lua_State *L) {
  sio_session_watch(check(L)->session);
  return 0;
}

/* send(text or Binary, plain) -> whether it was queued; plain: not compressed in a poll */
static int send_message(lua_State *L) {
  session_handle *handle = check(L);
  sio_bytes data;
  bool binary = sio_lua_binary_test(L, 2, &data);
  if (!binary)
    data.base = luaL_checklstring(L, 2, &data.len);
  sio_frame *frame = binary ? sio_message_binary(data) : sio_packet_frame(SIO_PACKET_MESSAGE, data);
  if (frame == NULL)
    return luaL_error(L, "not enough memory");
  frame->plain = lua_toboolean(L, 3);
  lua_State *before = sio_lua_enter(handle->state, L);
  int status = sio_session_send(handle->session, frame);
  sio_lua_leave(handle->state, before);
  sio_frame_unref(frame);
  lua_pushboolean(L, status == 0);
  return 1;
}

/* close(discard) */
static int close_session(lua_State *L) {
  session_handle *handle = check(L);
  lua_State *before = sio_lua_enter(handle->state, L);
  sio_session_close(handle->session, lua_toboolean(L, 2));
  sio_lua_leave(handle->state, before);
  return 0;
}

static int free_session(lua_State *L) {
  session_handle *handle = lua_touserdata(L, 1);
  sio_session_unref(handle->session);
  handle->session = NULL;
  return 0;
}

static const luaL_Reg methods[] = {
    {"id", get_id},
    {"protocol", get_protocol},
    {"transport", get_transport},
    {"isUpgrading", is_upgrading},
    {"state", get_state},
    {"request", get_request},
    {"buffered", get_buffered},
    {"watch", watch},
    {"send", send_message},
    {"close", close_session},
    {NULL, NULL},
};

static const sio_lua_type session_type = {"socketio.SessionHandle", methods, free_session};

void sio_lua_open_session(lua_State *L) {
  sio_lua_register(L, &session_type);
}
