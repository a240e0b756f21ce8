#include "lua/server.h"

#include <string.h>

#include "base/error.h"
#include "lua/admission.h"
#include "lua/handle.h"
#include "lua/http.h"
#include "lua/options.h"
#include "lua/socket.h"

static const sio_lua_type server_type;

sio_lua_server *sio_lua_check_server(lua_State *L) {
  sio_lua_server *server = sio_lua_check(L, 1, &server_type);
  if (server->server == NULL)
    luaL_error(L, "this server is gone");
  return server;
}

/* --- the objects behind the core's pointers --- */

void sio_lua_push_slot(lua_State *L, const sio_lua_server *server, enum sio_lua_slot slot) {
  if (sio_lua_remembered(L, server) != LUA_TUSERDATA)
    return; /* it is being finalised, and finalisers of the application run: nil */
  lua_getiuservalue(L, -1, SIO_SERVER_SLOTS);
  lua_rawgeti(L, -1, slot);
  lua_replace(L, -3);
  lua_pop(L, 1);
}

/* Every event asks for an object, so the map is remembered itself; this is its key. */
static const void *objects_key(const sio_lua_server *server) {
  return &server->server;
}

static void make_objects(lua_State *L, const sio_lua_server *server) {
  lua_newtable(L);
  lua_pushvalue(L, -1);
  sio_lua_remember(L, objects_key(server));
  lua_setiuservalue(L, -2, SIO_SERVER_OBJECTS);
}

int sio_lua_push_object(lua_State *L, const sio_lua_server *server, const void *pointer) {
  if (sio_lua_remembered(L, objects_key(server)) == LUA_TNIL)
    return LUA_TNIL;
  int type = lua_rawgetp(L, -1, pointer);
  lua_replace(L, -2);
  return type;
}

void sio_lua_set_object(lua_State *L, const sio_lua_server *server, const void *pointer) {
  if (sio_lua_remembered(L, objects_key(server)) == LUA_TNIL) {
    lua_pop(L, 2);
    return;
  }
  lua_insert(L, -2);
  lua_rawsetp(L, -2, pointer);
  lua_pop(L, 1);
}

/* --- how long it lives --- */

static int anchor_protected(lua_State *L) {
  const sio_lua_server *server = lua_touserdata(L, 1);
  sio_lua_remembered(L, server);
  sio_lua_anchor(L, server);
  return 0;
}

static int release_protected(lua_State *L) {
  sio_lua_release(L, lua_touserdata(L, 1));
  return 0;
}

void sio_lua_server_hold(sio_lua_server *server) {
  if (server->sessions++ == 0)
    sio_lua_call(server->state, anchor_protected, server);
}

void sio_lua_server_drop(sio_lua_server *server) {
  if (--server->sessions == 0)
    sio_lua_call(server->state, release_protected, server);
}

/* --- making one --- */

/* Does the application allow this origin? Asked through the slot ORIGIN. */
typedef struct origin_question {
  sio_lua_server *server;
  sio_bytes origin;
  bool allowed;
} origin_question;

static int ask_origin(lua_State *L) {
  origin_question *question = lua_touserdata(L, 1);
  sio_lua_push_slot(L, question->server, SIO_SLOT_ORIGIN);
  if (question->origin.base != NULL)
    lua_pushlstring(L, question->origin.base, question->origin.len);
  else
    lua_pushnil(L);
  lua_call(L, 1, 1);
  question->allowed = lua_toboolean(L, -1);
  return 0;
}

static bool allows_origin(void *ctx, sio_bytes origin) {
  origin_question question = {ctx, origin, false};
  sio_lua_call(question.server->state, ask_origin, &question);
  return question.allowed;
}

/* From the options at index 1; false: no CORS that is decided here. */
static bool cors_options(lua_State *L, sio_lua_server *server) {
  bool has = lua_getfield(L, 1, "cors") == LUA_TTABLE;
  if (has) {
    sio_lua_cors_options(L, lua_gettop(L), &server->cors);
    server->cors.ctx = server;
    if (lua_getfield(L, -1, "asks") == LUA_TBOOLEAN)
      server->cors.allows = allows_origin;
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return has;
}

/* The functions of the table at index, in an array by slot, become those of the userdata on top. */
static void keep_slots(lua_State *L, int index) {
  static const char *const names[SIO_SLOT_COUNT] = {
      [SIO_SLOT_CONNECT] = "connect",
      [SIO_SLOT_EVENT] = "event",
      [SIO_SLOT_ACK] = "ack",
      [SIO_SLOT_DISCONNECTING] = "disconnecting",
      [SIO_SLOT_DISCONNECT] = "disconnect",
      [SIO_SLOT_ERROR] = "error",
      [SIO_SLOT_ROOM] = "room",
      [SIO_SLOT_CONN] = "conn",
      [SIO_SLOT_UPGRADE] = "upgrade",
      [SIO_SLOT_SESSION_CLOSE] = "sessionClose",
      [SIO_SLOT_ORIGIN] = "origin",
      [SIO_SLOT_UNKNOWN] = "unknown",
      [SIO_SLOT_MESSAGE] = "message",
      [SIO_SLOT_SHARE] = "share",
      [SIO_SLOT_REQUEST] = "request",
      [SIO_SLOT_HANDSHAKE] = "handshake",
      [SIO_SLOT_ID] = "id",
      [SIO_SLOT_REFUSED] = "refused",
      [SIO_SLOT_HEADERS] = "headers",
      [SIO_SLOT_COOKIE] = "cookie",
      [SIO_SLOT_SESSION] = "session",
      [SIO_SLOT_PACKET] = "packet",
      [SIO_SLOT_PACKET_CREATE] = "packetCreate",
      [SIO_SLOT_DRAIN] = "drain",
      [SIO_SLOT_UPGRADING] = "upgrading",
      [SIO_SLOT_ENCODE] = "encode",
      [SIO_SLOT_DECODE] = "decode",
  };
  lua_createtable(L, SIO_SLOT_COUNT, 0);
  for (int slot = 1; slot < SIO_SLOT_COUNT; slot++) {
    lua_getfield(L, index, names[slot]);
    lua_rawseti(L, -2, slot);
  }
  lua_setiuservalue(L, -2, SIO_SERVER_SLOTS);
}

/* server(options, hooks) -> handle. The tables are described in lua/socketio/options.lua and
 * server.lua. */
static int new_server(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  sio_lua *state = sio_lua_get(L);
  sio_lua_server *server = sio_lua_new(L, &server_type, sizeof *server, SIO_SERVER_USER_VALUES);
  server->state = state;
  server->codec = sio_lua_codec_option(L, 1);
  keep_slots(L, 2);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, 3, SIO_SERVER_OPTIONS);
  make_objects(L, server);
  sio_server_options options;
  sio_lua_server_options(L, 1, &options);
  options.engine.log = &state->log;
  sio_lua_policy_init(&server->policy, server);
  options.engine.policy = &server->policy;
  if (cors_options(L, server))
    options.engine.cors = &server->cors;
  lua_pushvalue(L, 3);
  sio_lua_remember(L, server);
  options.engine.initial = sio_lua_initial_packet(L, 1);
  server->server = sio_server_new(state->loop, &options, &sio_lua_hooks, server);
  sio_frame_unref(options.engine.initial);
  if (server->server == NULL)
    return luaL_error(L, "not enough memory");
  return 1;
}

/* --- methods --- */

/* attach(http handle), which keeps it alive */
static int attach(lua_State *L) {
  const sio_lua_server *server = sio_lua_check_server(L);
  sio_http_server *http = sio_lua_check_http(L, 2);
  sio_lua_http_keep(L, 2, 1);
  if (sio_server_attach(server->server, http) < 0)
    return luaL_error(L, "not enough memory");
  return 0;
}

/* namespace(name) -> handle, made if there was none */
static int get_namespace(lua_State *L) {
  sio_lua_server *server = sio_lua_check_server(L);
  sio_bytes name;
  name.base = luaL_checklstring(L, 2, &name.len);
  sio_nsp *nsp = sio_server_nsp(server->server, name, true);
  if (nsp == NULL)
    return luaL_error(L, "not enough memory");
  sio_lua_push_namespace(L, server, nsp);
  return 1;
}

/* close(): every socket disconnects, every session closes */
static int close_server(lua_State *L) {
  sio_lua_server *server = sio_lua_check_server(L);
  lua_State *before = sio_lua_enter(server->state, L);
  sio_server_close(server->server);
  sio_lua_leave(server->state, before);
  return 0;
}

/* hooks(table): other functions for the hooks from now on */
static int set_hooks(lua_State *L) {
  sio_lua_check_server(L);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  lua_pushvalue(L, 1);
  keep_slots(L, 2);
  return 0;
}

/* bind(options): a raw server speaks Socket.IO from now on */
static int bind_server(lua_State *L) {
  sio_lua_server *server = sio_lua_check_server(L);
  luaL_checktype(L, 2, LUA_TTABLE);
  sio_server_options options;
  sio_lua_server_options(L, 2, &options);
  server->codec = sio_lua_codec_option(L, 2);
  sio_server_bind(server->server, &options);
  return 0;
}

static int reopen(lua_State *L) {
  sio_server_reopen(sio_lua_check_server(L)->server);
  return 0;
}

/* count() -> sessions that are not closed */
static int count(lua_State *L) {
  lua_pushinteger(
      L, (lua_Integer)sio_engine_count(sio_server_engine(sio_lua_check_server(L)->server)));
  return 1;
}

/* Also from the collector, in the middle of whatever allocates: nothing of it is under way then, as
 * its sessions and its HTTP servers would hold it. */
static int free_server(lua_State *L) {
  sio_lua_server *server = lua_touserdata(L, 1);
  if (server->server == NULL)
    return 0;
  lua_State *before = sio_lua_enter(server->state, L);
  server->state->is_silent = true;
  sio_server_free(server->server);
  server->state->is_silent = false;
  server->server = NULL;
  sio_lua_leave(server->state, before);
  return 0;
}

/* free(): a server that was never attached; nothing may refer to it any more */
static int release_server(lua_State *L) {
  sio_lua_check_server(L);
  return free_server(L);
}

static const luaL_Reg methods[] = {
    {"attach", attach},    {"namespace", get_namespace}, {"close", close_server},
    {"bind", bind_server}, {"hooks", set_hooks},         {"reopen", reopen},
    {"count", count},      {"free", release_server},     {NULL, NULL},
};

static const sio_lua_type server_type = {"socketio.ServerHandle", methods, free_server};

void sio_lua_open_server(lua_State *L) {
  static const luaL_Reg functions[] = {{"server", new_server}, {NULL, NULL}};
  sio_lua_register(L, &server_type);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &server_type);
  lua_getfield(L, -1, "__index");
  luaL_setfuncs(L, sio_lua_admission_methods, 0);
  lua_pop(L, 2);
  luaL_setfuncs(L, functions, 0);
}
