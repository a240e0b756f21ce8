/* The handle of an HTTP server: listening, static folders, requests for the application. */
#include "lua/http.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "http/static.h"
#include "lua/handle.h"
#include "lua/options.h"
#include "lua/request.h"
#include "lua/tls.h"

typedef struct folder { /* one static folder */
  struct folder *next;
  sio_static *files;
} folder;

/* User value 1: the function for requests. 2: the function to call when it has closed. 3: a set of
 * what is attached to it. */
typedef struct http_handle {
  sio_lua *state;
  sio_http_server *http;
  sio_http_handler handler; /* of the application, asked last */
  folder *folders;
} http_handle;

static const sio_lua_type http_type;

static http_handle *check(lua_State *L) {
  http_handle *handle = sio_lua_check(L, 1, &http_type);
  if (handle->http == NULL)
    luaL_error(L, "this HTTP server is gone");
  return handle;
}

sio_http_server *sio_lua_check_http(lua_State *L, int arg) {
  http_handle *handle = sio_lua_check(L, arg, &http_type);
  if (handle->http == NULL)
    luaL_error(L, "this HTTP server is gone");
  return handle->http;
}

void sio_lua_http_keep(lua_State *L, int http, int arg) {
  if (lua_getiuservalue(L, http, 3) == LUA_TNIL) {
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setiuservalue(L, http, 3);
    lua_replace(L, -2);
  }
  lua_pushvalue(L, arg);
  lua_pushboolean(L, 1);
  lua_rawset(L, -3);
  lua_pop(L, 1);
}

/* --- requests for the application --- */

typedef struct delivery {
  http_handle *handle;
  sio_exchange *exchange;
  bool taken;
} delivery;

static int deliver(lua_State *L) {
  delivery *d = lua_touserdata(L, 1);
  sio_lua_anchored(L, d->handle);
  if (lua_getiuservalue(L, -1, 1) == LUA_TNIL)
    return 0;
  sio_lua_push_exchange(L, d->handle->state, d->exchange);
  d->taken = true;
  sio_lua_push_request(L, sio_exchange_request(d->exchange));
  lua_call(L, 2, 0);
  return 0;
}

static bool on_request(sio_http_handler *handler, sio_exchange *exchange) {
  http_handle *handle = SIO_OF(handler, http_handle, handler);
  delivery d = {handle, exchange, false};
  if (sio_lua_call(handle->state, deliver, &d) < 0 && !d.taken) {
    sio_exchange_send(exchange, 500, (sio_bytes){"", 0}, (sio_bytes){"", 0});
    return true;
  }
  return d.taken;
}

/* --- methods --- */

static int net_error(lua_State *L, int status) {
  lua_pushnil(L);
  lua_pushstring(L, sio_net_error_text(status));
  lua_pushstring(L, sio_net_error_name(status));
  return 3;
}

/* listen(address[, tls]) -> true, or nil, text, name */
static int listen_http(lua_State *L) {
  http_handle *handle = check(L);
  const char *address = luaL_checkstring(L, 2);
  sio_tls *tls = sio_lua_opt_tls(L, 3);
  lua_pushvalue(L, 1);
  sio_lua_anchor(L, handle);
  int status = sio_http_server_listen(handle->http, address, tls);
  if (status < 0)
    return net_error(L, status);
  lua_pushboolean(L, 1);
  return 1;
}

/* address() -> host, family, port; nothing when it does not listen */
static int address(lua_State *L) {
  sio_address where;
  if (!sio_http_server_address(check(L)->http, &where))
    return 0;
  lua_pushstring(L, where.host);
  lua_pushstring(L, where.family);
  lua_pushinteger(L, where.port);
  return 3;
}

static int closed_protected(lua_State *L) {
  http_handle *handle = lua_touserdata(L, 1);
  sio_address where;
  sio_lua_anchored(L, handle);
  int type = lua_getiuservalue(L, -1, 2);
  lua_pushnil(L);
  lua_setiuservalue(L, -3, 2);
  if (!sio_http_server_address(handle->http, &where)) /* else it listens again already */
    sio_lua_release(L, handle);
  if (type == LUA_TFUNCTION)
    lua_call(L, 0, 0);
  return 0;
}

static void on_closed(void *owner) {
  http_handle *handle = owner;
  sio_lua_call(handle->state, closed_protected, handle);
}

/* close(fn): no new connections; fn() once the last one is gone */
static int close_http(lua_State *L) {
  http_handle *handle = check(L);
  lua_settop(L, 2);
  lua_setiuservalue(L, 1, 2);
  sio_lua_anchor(L, handle);
  lua_State *before = sio_lua_enter(handle->state, L);
  sio_http_server_close(handle->http, on_closed, handle);
  sio_lua_leave(handle->state, before);
  return 0;
}

/* onRequest(fn): fn(exchange, request) for each request that nobody else takes */
static int set_request(lua_State *L) {
  check(L);
  luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_settop(L, 2);
  lua_setiuservalue(L, 1, 1);
  return 0;
}

/* static(prefix, folder) -> true, or nil and why not */
static int add_static(lua_State *L) {
  http_handle *handle = check(L);
  const char *prefix = luaL_checkstring(L, 2);
  const char *path = luaL_checkstring(L, 3);
  folder *entry = sio_calloc(1, sizeof *entry);
  int status = entry == NULL ? SIO_ENOMEM : sio_static_new(prefix, path, &entry->files);
  if (status < 0) {
    sio_free(entry);
    lua_pushnil(L);
    lua_pushstring(L, status == SIO_ENOTFOUND ? "no such folder" : sio_strerror(status));
    return 2;
  }
  entry->next = handle->folders;
  handle->folders = entry;
  sio_http_server_remove(&handle->handler); /* the application stays last */
  sio_http_server_add(handle->http, sio_static_handler(entry->files), false);
  sio_http_server_add(handle->http, &handle->handler, false);
  lua_pushboolean(L, 1);
  return 1;
}

static int free_http(lua_State *L) {
  http_handle *handle = lua_touserdata(L, 1);
  if (handle->http == NULL)
    return 0;
  lua_State *before = sio_lua_enter(handle->state, L);
  sio_http_server_remove(&handle->handler);
  for (folder *entry = handle->folders; entry != NULL;) {
    folder *next = entry->next;
    sio_http_server_remove(sio_static_handler(entry->files));
    sio_static_free(entry->files);
    sio_free(entry);
    entry = next;
  }
  handle->state->is_silent = true;
  sio_http_server_free(handle->http);
  handle->state->is_silent = false;
  handle->http = NULL;
  sio_lua_leave(handle->state, before);
  return 0;
}

/* http(options) -> handle */
static int new_http(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  sio_lua *state = sio_lua_get(L);
  http_handle *handle = sio_lua_new(L, &http_type, sizeof *handle, 3);
  handle->state = state;
  handle->handler.on_request = on_request;
  sio_http_options options;
  sio_lua_http_options(L, 1, &options);
  options.log = &state->log;
  handle->http = sio_http_server_new(state->loop, &options);
  if (handle->http == NULL)
    return luaL_error(L, "not enough memory");
  sio_http_server_add(handle->http, &handle->handler, false);
  return 1;
}

static const luaL_Reg methods[] = {
    {"listen", listen_http},    {"address", address},   {"close", close_http},
    {"onRequest", set_request}, {"static", add_static}, {NULL, NULL},
};

static const sio_lua_type http_type = {"socketio.HttpHandle", methods, free_http};

void sio_lua_open_http(lua_State *L) {
  static const luaL_Reg functions[] = {{"http", new_http}, {NULL, NULL}};
  sio_lua_register(L, &http_type);
  luaL_setfuncs(L, functions, 0);
}
