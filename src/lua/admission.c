#include "lua/admission.h"

#include <string.h>

#include "base/error.h"
#include "engine/packet.h"
#include "lua/binary.h"
#include "lua/http.h"
#include "lua/options.h"
#include "lua/request.h"
#include "lua/socket.h"

typedef struct news { /* one entry into Lua */
  sio_lua_server *server;
  enum sio_lua_slot slot;
  sio_exchange *exchange;
  const void *handle; /* that stands for it in Lua */
  sio_request *request;
  const sio_refusal *refusal;
  sio_session *session;
  const char *type; /* of a packet */
  sio_bytes data;
  sio_buf *out; /* where what Lua returns goes */
  bool has_value;
  bool binary;
} news;

static void push_bytes(lua_State *L, sio_bytes bytes) {
  lua_pushlstring(L, bytes.base != NULL ? bytes.base : "", bytes.len);
}

static void push_text(lua_State *L, const char *text) {
  if (text != NULL)
    lua_pushstring(L, text);
  else
    lua_pushnil(L);
}

/* --- questions --- */

/* slot(exchange, request): Lua takes the exchange */
static int ask_protected(lua_State *L) {
  news *n = lua_touserdata(L, 1);
  sio_lua_push_slot(L, n->server, n->slot);
  sio_request *request = sio_exchange_request(n->exchange);
  sio_lua_push_exchange(L, n->server->state, n->exchange);
  n->handle = lua_touserdata(L, -1);
  sio_lua_push_request(L, request);
  lua_call(L, 2, 0);
  return 0;
}

/* Lua failed: an exchange that it has taken and not passed on would never be answered. */
static int give_up_protected(lua_State *L) {
  const news *n = lua_touserdata(L, 1);
  if (sio_lua_anchored(L, n->handle) == LUA_TUSERDATA)
    sio_exchange_destroy(sio_lua_take_exchange(L, 2));
  return 0;
}

static void ask(void *ctx, enum sio_lua_slot slot, sio_exchange *exchange) {
  sio_lua_server *server = ctx;
  news n = {.server = server, .slot = slot, .exchange = exchange};
  if (sio_lua_call(server->state, ask_protected, &n) == 0)
    return;
  if (n.handle == NULL)
    sio_exchange_destroy(exchange);
  else
    sio_lua_call(server->state, give_up_protected, &n);
}

static void on_origin(void *ctx, sio_exchange *exchange) {
  ask(ctx, SIO_SLOT_SHARE, exchange);
}

static void on_request(void *ctx, sio_exchange *exchange) {
  ask(ctx, SIO_SLOT_REQUEST, exchange);
}

static void on_handshake(void *ctx, sio_exchange *exchange) {
  ask(ctx, SIO_SLOT_HANDSHAKE, exchange);
}

static void on_id(void *ctx, sio_exchange *exchange) {
  ask(ctx, SIO_SLOT_ID, exchange);
}

/* --- news --- */

/* slot(request, code, message, name, transport of its session) */
static int refused_protected(lua_State *L) {
  const news *n = lua_touserdata(L, 1);
  const sio_session *session = n->refusal->session;
  sio_lua_push_slot(L, n->server, SIO_SLOT_REFUSED);
  sio_lua_push_request(L, n->request);
  lua_pushinteger(L, n->refusal->fault);
  push_bytes(L, n->refusal->message);
  push_text(L, n->refusal->name);
  push_text(L, session != NULL ? sio_session_transport(session) : NULL);
  lua_call(L, 5, 0);
  return 0;
}

static void on_refused(void *ctx, sio_request *request, const sio_refusal *refusal) {
  sio_lua_server *server = ctx;
  news n = {.server = server, .request = request, .refusal = refusal};
  sio_lua_call(server->state, refused_protected, &n);
}

/* slot(request), while the methods headers and header work on the answer */
static int headers_protected(lua_State *L) {
  const news *n = lua_touserdata(L, 1);
  sio_lua_push_slot(L, n->server, SIO_SLOT_HEADERS);
  sio_lua_push_request(L, sio_exchange_request(n->exchange));
  lua_call(L, 1, 0);
  return 0;
}

static void on_headers(void *ctx, sio_exchange *exchange) {
  sio_lua_server *server = ctx;
  sio_exchange *before = server->answering;
  news n = {.server = server, .exchange = exchange};
  server->answering = exchange;
  sio_lua_call(server->state, headers_protected, &n);
  server->answering = before;
}

/* slot(id) -> the value, or nil */
static int cookie_protected(lua_State *L) {
  news *n = lua_touserdata(L, 1);
  sio_lua_push_slot(L, n->server, SIO_SLOT_COOKIE);
  push_bytes(L, n->data);
  lua_call(L, 1, 1);
  sio_bytes value;
  value.base = lua_tolstring(L, -1, &value.len);
  n->has_value = value.base != NULL && sio_buf_add(n->out, value) == 0;
  return 0;
}

static bool on_cookie(void *ctx, sio_bytes id, sio_buf *out) {
  sio_lua_server *server = ctx;
  news n = {.server = server, .data = id, .out = out};
  sio_lua_call(server->state, cookie_protected, &n);
  return n.has_value;
}

/* slot(conn) */
static int session_protected(lua_State *L) {
  const news *n = lua_touserdata(L, 1);
  sio_lua_push_slot(L, n->server, n->slot);
  sio_lua_push_conn(L, n->server, n->session);
  lua_call(L, 1, 0);
  return 0;
}

static void on_session(void *ctx, sio_session *session) {
  sio_lua_server *server = ctx;
  news n = {.server = server, .slot = SIO_SLOT_SESSION, .session = session};
  sio_lua_call(server->state, session_protected, &n);
}

static void on_drain(void *ctx, sio_session *session) {
  sio_lua_server *server = ctx;
  news n = {.server = server, .slot = SIO_SLOT_DRAIN, .session = session};
  sio_lua_call(server->state, session_protected, &n);
}

static void on_upgrading(void *ctx, sio_session *session) {
  sio_lua_server *server = ctx;
  news n = {.server = server, .slot = SIO_SLOT_UPGRADING, .session = session};
  sio_lua_call(server->state, session_protected, &n);
}

/* slot(conn, type, data) */
static int packet_protected(lua_State *L) {
  const news *n = lua_touserdata(L, 1);
  sio_lua_push_slot(L, n->server, n->slot);
  if (sio_lua_push_object(L, n->server, n->session) == LUA_TNIL)
    return 0;
  lua_pushstring(L, n->type);
  if (n->binary)
    sio_lua_binary_push(L, n->data);
  else
    push_bytes(L, n->data);
  lua_call(L, 3, 0);
  return 0;
}

static void tell_packet(news *n, int type) {
  static const char *const names[] = {"open",    "close",   "ping", "pong",
                                      "message", "upgrade", "noop"};
  n->type = type < 0 ? "error" : names[type];
  if (type < 0)
    n->data = SIO_BYTES("parser error");
  sio_lua_call(n->server->state, packet_protected, n);
}

static void on_packet(void *ctx, sio_session *session, const sio_packet_in *packet) {
  news n = {.server = ctx, .slot = SIO_SLOT_PACKET, .session = session, .binary = packet->binary};
  n.data = sio_bytes_of(packet->data, packet->len);
  tell_packet(&n, packet->type);
}

static void on_packet_create(void *ctx, sio_session *session, const sio_frame *frame) {
  news n = {.server = ctx, .slot = SIO_SLOT_PACKET_CREATE, .session = session};
  n.binary = frame->binary;
  n.data = sio_frame_payload(frame);
  int type = SIO_PACKET_MESSAGE;
  if (!n.binary) {
    type = *n.data.base - '0';
    n.data = sio_bytes_of(n.data.base + 1, n.data.len - 1);
  }
  tell_packet(&n, type);
}

void sio_lua_policy_init(sio_policy *policy, sio_lua_server *server) {
  *policy = (sio_policy){.ctx = server,
                         .on_packet = on_packet,
                         .on_packet_create = on_packet_create,
                         .on_drain = on_drain,
                         .on_upgrading = on_upgrading};
}

/* --- methods --- */

/* listen(slot): from now on that slot is called: "share", "request", "handshake", "id", "refused",
 * "headers", "cookie" or "session" */
static int listen(lua_State *L) {
  sio_policy *policy = &sio_lua_check_server(L)->policy;
  const char *slot = luaL_checkstring(L, 2);
  if (strcmp(slot, "share") == 0)
    policy->on_origin = on_origin;
  else if (strcmp(slot, "request") == 0)
    policy->on_request = on_request;
  else if (strcmp(slot, "handshake") == 0)
    policy->on_handshake = on_handshake;
  else if (strcmp(slot, "id") == 0)
    policy->on_id = on_id;
  else if (strcmp(slot, "refused") == 0)
    policy->on_refused = on_refused;
  else if (strcmp(slot, "headers") == 0)
    policy->on_headers = on_headers;
  else if (strcmp(slot, "cookie") == 0)
    policy->on_cookie = on_cookie;
  else
    policy->on_session = on_session;
  return 0;
}

/* Takes an exchange further; arg is what its caller gave. */
typedef void (*step)(sio_engine *engine, sio_exchange *exchange, const void *arg);

/* Does that with what the handle at index 2 stands for; nothing when it is over. Raises before. */
static int go_on(lua_State *L, step next, const void *arg) {
  sio_engine *engine = sio_server_engine(sio_lua_check_server(L)->server);
  sio_exchange *exchange = sio_lua_take_exchange(L, 2);
  if (exchange == NULL)
    return 0;
  sio_lua *state = sio_lua_get(L);
  lua_State *before = sio_lua_enter(state, L);
  next(engine, exchange, arg);
  sio_lua_leave(state, before);
  return 0;
}

static void verify_step(sio_engine *engine, sio_exchange *exchange, const void *arg) {
  (void)arg;
  sio_engine_verify(engine, exchange);
}

/* verify(exchange), allow(exchange): goes on with what follows */
static int verify(lua_State *L) {
  return go_on(L, verify_step, NULL);
}

static void allow_step(sio_engine *engine, sio_exchange *exchange, const void *arg) {
  (void)arg;
  sio_engine_allow(engine, exchange);
}

static int allow(lua_State *L) {
  return go_on(L, allow_step, NULL);
}

static bool allow_none(void *ctx, sio_bytes origin) {
  (void)ctx, (void)origin;
  return false;
}

static void share_step(sio_engine *engine, sio_exchange *exchange, const void *cors) {
  sio_engine_share(engine, exchange, cors);
}

/* share(exchange, what holds for it: see lua/socketio/cors.lua) */
static int share(lua_State *L) {
  sio_cors cors;
  luaL_checktype(L, 3, LUA_TTABLE);
  sio_lua_cors_options(L, 3, &cors);
  lua_getfield(L, 3, "allowed");
  cors.allows = lua_toboolean(L, -1) ? NULL : allow_none;
  return go_on(L, share_step, &cors);
}

static void refuse_step(sio_engine *engine, sio_exchange *exchange, const void *refusal) {
  sio_engine_refuse(engine, exchange, refusal);
}

/* refuse(exchange, code, status or 0, message or "", name or nil) */
static int refuse(lua_State *L) {
  sio_refusal refusal = {.fault = (enum sio_fault)luaL_checkinteger(L, 3),
                         .status = (int)luaL_checkinteger(L, 4)};
  refusal.message.base = luaL_checklstring(L, 5, &refusal.message.len);
  refusal.name = luaL_optstring(L, 6, NULL);
  return go_on(L, refuse_step, &refusal);
}

static void open_step(sio_engine *engine, sio_exchange *exchange, const void *arg) {
  const sio_bytes *id = arg;
  if (sio_engine_open(engine, exchange, *id) != 0)
    sio_engine_refuse(engine, exchange,
                      &(sio_refusal){.fault = SIO_BAD_REQUEST, .name = "ID_GENERATION_ERROR"});
}

/* open(exchange, id): a session under that id, or a refusal when it cannot be one */
static int open_session(lua_State *L) {
  sio_bytes id;
  id.base = luaL_checklstring(L, 3, &id.len);
  return go_on(L, open_step, &id);
}

/* id() -> an id as sessions have them */
static int random_id(lua_State *L) {
  char id[SIO_ID_LEN];
  if (sio_engine_random_id(sio_server_engine(sio_lua_check_server(L)->server), id) != 0)
    return luaL_error(L, "the system gives no random numbers");
  lua_pushlstring(L, id, sizeof id);
  return 1;
}

/* headers() -> name to value, or to a list of values */
static int get_headers(lua_State *L) {
  const sio_exchange *exchange = sio_lua_check_server(L)->answering;
  lua_newtable(L);
  if (exchange != NULL)
    sio_lua_push_headers(L, exchange);
  return 1;
}

/* header(name, value, list of values, or nil) -> false if it cannot be sent */
static int set_header(lua_State *L) {
  sio_exchange *exchange = sio_lua_check_server(L)->answering;
  lua_settop(L, 3);
  lua_pushboolean(L, exchange == NULL || sio_lua_set_header(L, exchange, 2));
  return 1;
}

const luaL_Reg sio_lua_admission_methods[] = {
    {"listen", listen}, {"share", share},       {"verify", verify},       {"allow", allow},
    {"refuse", refuse}, {"open", open_session}, {"headers", get_headers}, {"header", set_header},
    {"id", random_id},  {NULL, NULL},
};
