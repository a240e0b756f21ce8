/* The handle of an exchange: a request's body and its answer. */
#include <string.h>

#include "base/error.h"
#include "http/static.h"
#include "lua/handle.h"
#include "lua/http.h"
#include "net/timer.h"

/* Anchored until the exchange is over. User values: the functions to call. */
enum slot { ON_BODY = 1, ON_GONE, ON_DRAIN, SLOTS = ON_DRAIN };

typedef struct exchange_handle {
  sio_lua *state;
  sio_exchange *exchange; /* NULL: over */
  sio_timer *timer;       /* until the answer begins; or NULL */
} exchange_handle;

static const sio_lua_type exchange_type;

static void stop_timer(exchange_handle *handle) {
  if (handle->timer != NULL)
    sio_timer_stop(handle->timer);
  handle->timer = NULL;
}

/* Over: the answer is complete, or there is nobody to answer. */
static void finish(lua_State *L, exchange_handle *handle) {
  handle->exchange = NULL;
  stop_timer(handle);
  sio_lua_release(L, handle);
}

/* --- events --- */

typedef struct news {
  exchange_handle *handle;
  sio_bytes body;
  const char *error; /* instead of a body */
  enum slot slot;
} news;

static int tell(lua_State *L) {
  news *n = lua_touserdata(L, 1);
  sio_lua_anchored(L, n->handle);
  if (n->slot == ON_GONE)
    finish(L, n->handle); /* the stack still holds it */
  if (lua_getiuservalue(L, -1, (int)n->slot) != LUA_TFUNCTION)
    return 0;
  if (n->error != NULL) {
    lua_pushnil(L);
    lua_pushstring(L, n->error);
  } else {
    lua_pushlstring(L, n->body.base != NULL ? n->body.base : "", n->body.len);
    lua_pushnil(L);
  }
  lua_call(L, 2, 0);
  return 0;
}

static void on_body(void *owner, sio_exchange *exchange, sio_bytes body) {
  (void)exchange;
  exchange_handle *handle = owner;
  news n = {.handle = handle, .body = body, .slot = ON_BODY};
  sio_lua_call(handle->state, tell, &n);
}

static void on_too_large(void *owner, sio_exchange *exchange) {
  (void)exchange;
  exchange_handle *handle = owner;
  news n = {.handle = handle, .error = "the body is too large", .slot = ON_BODY};
  sio_lua_call(handle->state, tell, &n);
}

static void tell_gone(exchange_handle *handle) {
  news n = {.handle = handle, .error = "the client has gone", .slot = ON_GONE};
  sio_lua_call(handle->state, tell, &n);
  handle->exchange = NULL; /* even if Lua could not be told */
}

static void on_abort(void *owner, sio_exchange *exchange) {
  (void)exchange;
  tell_gone(owner);
}

static void on_drain(void *owner, sio_exchange *exchange) {
  (void)exchange;
  exchange_handle *handle = owner;
  news n = {.handle = handle, .slot = ON_DRAIN};
  sio_lua_call(handle->state, tell, &n);
}

static const sio_exchange_events events = {
    .on_body = on_body, .on_too_large = on_too_large, .on_abort = on_abort, .on_drain = on_drain};

/* Nothing was answered in time. */
static void on_late(void *owner) {
  exchange_handle *handle = owner;
  sio_exchange *exchange = handle->exchange;
  stop_timer(handle);
  sio_exchange_destroy(exchange);
  tell_gone(handle);
}

void sio_lua_push_exchange(lua_State *L, sio_lua *state, sio_exchange *exchange) {
  exchange_handle *handle = sio_lua_new(L, &exchange_type, sizeof *handle, SLOTS);
  handle->state = state;
  lua_pushvalue(L, -1);
  sio_lua_anchor(L, handle);
  handle->exchange = exchange;
  sio_exchange_set_owner(exchange, &events, handle);
}

sio_exchange *sio_lua_take_exchange(lua_State *L, int arg) {
  exchange_handle *handle = sio_lua_check(L, arg, &exchange_type);
  sio_exchange *exchange = handle->exchange;
  if (exchange == NULL)
    return NULL;
  finish(L, handle);
  sio_exchange_set_owner(exchange, NULL, NULL);
  return exchange;
}

/* --- methods --- */

static exchange_handle *check(lua_State *L) {
  return sio_lua_check(L, 1, &exchange_type);
}

static sio_bytes opt_bytes(lua_State *L, int arg) {
  sio_bytes bytes;
  bytes.base = luaL_optlstring(L, arg, "", &bytes.len);
  return bytes;
}

/* isOver() -> whether nothing can be sent any more */
static int is_over(lua_State *L) {
  lua_pushboolean(L, check(L)->exchange == NULL);
  return 1;
}

/* header(name, value, list of values, or nil: removes it) -> false when it cannot be sent */
static int set_header(lua_State *L) {
  sio_exchange *exchange = check(L)->exchange;
  lua_settop(L, 3);
  lua_pushboolean(L, exchange == NULL || sio_lua_set_header(L, exchange, 2));
  return 1;
}

/* send(status, content type, body): the whole answer */
static int send_answer(lua_State *L) {
  exchange_handle *handle = check(L);
  int status = (int)luaL_checkinteger(L, 2);
  sio_bytes type = opt_bytes(L, 3), body = opt_bytes(L, 4);
  sio_exchange *exchange = handle->exchange;
  if (exchange == NULL)
    return 0;
  finish(L, handle);
  sio_exchange_send(exchange, status, type, body);
  return 0;
}

/* sendFile(path, status): the whole answer, 404 when it is not there */
static int send_file(lua_State *L) {
  exchange_handle *handle = check(L);
  const char *path = luaL_checkstring(L, 2);
  int status = (int)luaL_checkinteger(L, 3);
  sio_exchange *exchange = handle->exchange;
  if (exchange == NULL)
    return 0;
  finish(L, handle);
  sio_static_send_file(exchange, path, status);
  return 0;
}

/* start(status, content type), write(piece), finish(): the answer in pieces. start tells whether it
 * worked, write how many bytes wait to be sent; or nil, and whether it was more than Content-Length
 * says */
static int start_answer(lua_State *L) {
  exchange_handle *handle = check(L);
  int status = (int)luaL_checkinteger(L, 2);
  sio_bytes type = opt_bytes(L, 3);
  stop_timer(handle);
  lua_pushboolean(L, handle->exchange != NULL &&
                         sio_exchange_start(handle->exchange, status, type) == 0);
  return 1;
}

static int write_piece(lua_State *L) {
  exchange_handle *handle = check(L);
  sio_bytes piece = opt_bytes(L, 2);
  int err = handle->exchange != NULL ? sio_exchange_write(handle->exchange, piece) : SIO_ECLOSED;
  if (err == 0) {
    lua_pushinteger(L, (lua_Integer)sio_stream_queued(sio_exchange_stream(handle->exchange)));
    return 1;
  }
  lua_pushnil(L);
  lua_pushboolean(L, err == SIO_EINVAL);
  return 2;
}

static int finish_answer(lua_State *L) {
  exchange_handle *handle = check(L);
  sio_exchange *exchange = handle->exchange;
  if (exchange == NULL)
    return 0;
  finish(L, handle);
  sio_exchange_end(exchange);
  return 0;
}

/* destroy(): closes the connection, without a further word */
static int destroy(lua_State *L) {
  exchange_handle *handle = check(L);
  sio_exchange *exchange = handle->exchange;
  if (exchange == NULL)
    return 0;
  finish(L, handle);
  sio_exchange_destroy(exchange);
  return 0;
}

/* readBody(limit, fn): fn(body) or fn(nil, why), later or at once */
static int read_body(lua_State *L) {
  exchange_handle *handle = check(L);
  lua_Integer limit = luaL_checkinteger(L, 2);
  luaL_checktype(L, 3, LUA_TFUNCTION);
  lua_settop(L, 3);
  lua_setiuservalue(L, 1, 1);
  if (handle->exchange == NULL)
    return 0;
  lua_State *before = sio_lua_enter(handle->state, L);
  sio_exchange_read_body(handle->exchange, limit < 0 ? 0 : (size_t)limit);
  sio_lua_leave(handle->state, before);
  return 0;
}

static int keep(lua_State *L, enum slot slot) {
  check(L);
  luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_settop(L, 2);
  lua_setiuservalue(L, 1, (int)slot);
  return 0;
}

/* onGone(fn): fn(nil, why) when the client goes before the answer is complete */
static int on_gone(lua_State *L) {
  return keep(L, ON_GONE);
}

/* onDrain(fn): fn() whenever all that was written has been sent */
static int set_drain(lua_State *L) {
  return keep(L, ON_DRAIN);
}

/* limit(ms): the connection is closed unless the answer begins in that time */
static int limit(lua_State *L) {
  exchange_handle *handle = check(L);
  lua_Number ms = luaL_checknumber(L, 2);
  stop_timer(handle);
  if (handle->exchange == NULL)
    return 0;
  uint64_t length = ms < 1e15 ? (uint64_t)ms : (uint64_t)1e15;
  handle->timer = sio_timer_start(handle->state->loop, length, 0, on_late, handle);
  return handle->timer != NULL ? 0 : luaL_error(L, "not enough memory");
}

static int free_exchange(lua_State *L) {
  stop_timer(lua_touserdata(L, 1));
  return 0;
}

static const luaL_Reg methods[] = {
    {"isOver", is_over},
    {"header", set_header},
    {"send", send_answer},
    {"sendFile", send_file},
    {"start", start_answer},
    {"write", write_piece},
    {"finish", finish_answer},
    {"destroy", destroy},
    {"readBody", read_body},
    {"onGone", on_gone},
    {"onDrain", set_drain},
    {"limit", limit},
    {NULL, NULL},
};

static const sio_lua_type exchange_type = {"socketio.ExchangeHandle", methods, free_exchange};

void sio_lua_open_exchange(lua_State *L) {
  sio_lua_register(L, &exchange_type);
}
