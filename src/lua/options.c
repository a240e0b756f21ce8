#include "lua/options.h"

#include <string.h>

static lua_Number number(lua_State *L, int index, const char *name) {
  lua_getfield(L, index, name);
  lua_Number value = lua_tonumber(L, -1);
  lua_pop(L, 1);
  return value;
}

static uint64_t whole(lua_State *L, int index, const char *name) {
  lua_Number value = number(L, index, name);
  return value < 0 ? 0 : value < 9e15 ? (uint64_t)value : (uint64_t)9e15;
}

static bool flag(lua_State *L, int index, const char *name) {
  lua_getfield(L, index, name);
  bool value = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return value;
}

/* Borrowed from the table; base NULL when the field is not a string. */
static sio_bytes text(lua_State *L, int index, const char *name) {
  sio_bytes value = {NULL, 0};
  if (lua_getfield(L, index, name) == LUA_TSTRING)
    value.base = lua_tolstring(L, -1, &value.len);
  lua_pop(L, 1);
  return value;
}

static void engine_options(lua_State *L, int index, sio_engine_options *options) {
  options->path = text(L, index, "path");
  options->polling = flag(L, index, "polling");
  options->websocket = flag(L, index, "websocket");
  options->allow_upgrades = flag(L, index, "allowUpgrades");
  options->ping_interval = whole(L, index, "pingInterval");
  options->ping_timeout = whole(L, index, "pingTimeout");
  options->upgrade_timeout = whole(L, index, "upgradeTimeout");
  options->max_http_buffer_size = whole(L, index, "maxHttpBufferSize");
  options->max_backpressure = whole(L, index, "maxBackpressure");
  options->close_slow = flag(L, index, "closeSlow");
  options->compression_threshold = (long)number(L, index, "compressionThreshold");
}

void sio_lua_server_options(lua_State *L, int index, sio_server_options *options) {
  sio_server_options_init(options);
  engine_options(L, index, &options->engine);
  options->connect_timeout = whole(L, index, "connectTimeout");
  options->max_attachments = whole(L, index, "maxAttachments");
  options->max_namespaces = whole(L, index, "maxNamespaces");
  options->serve_client = flag(L, index, "serveClient");
}

void sio_lua_http_options(lua_State *L, int index, sio_http_options *options) {
  sio_http_options_init(options);
  options->max_header_size = whole(L, index, "maxHeaderSize");
  options->headers_timeout = whole(L, index, "headersTimeout");
  options->request_timeout = whole(L, index, "requestTimeout");
}

static enum sio_cors_origin cors_origin(lua_State *L, int index, sio_cors *cors) {
  cors->fixed = text(L, index, "fixed");
  if (cors->fixed.base == NULL)
    return flag(L, index, "none") ? SIO_CORS_NONE : SIO_CORS_REFLECT;
  return sio_bytes_eq(cors->fixed, SIO_BYTES("*")) ? SIO_CORS_ANY : SIO_CORS_FIXED;
}

bool sio_lua_cors_options(lua_State *L, int index, sio_cors *cors) {
  if (lua_getfield(L, index, "cors") != LUA_TTABLE) {
    lua_pop(L, 1);
    return false;
  }
  int at = lua_gettop(L);
  sio_cors_init(cors);
  cors->origin = cors_origin(L, at, cors);
  cors->methods = text(L, at, "methods");
  cors->allowed_headers = text(L, at, "allowedHeaders");
  cors->exposed_headers = text(L, at, "exposedHeaders");
  cors->credentials = flag(L, at, "credentials");
  cors->preflight_continue = flag(L, at, "preflightContinue");
  cors->options_success_status = (int)number(L, at, "optionsSuccessStatus");
  cors->max_age = (long)number(L, at, "maxAge");
  lua_pop(L, 1);
  return true;
}
