#include "lua/options.h"

#include <lauxlib.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "engine/packet.h"
#include "lua/binary.h"
#include "lua/codec.h"

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

/* true, false, or absent: whatever the client prefers. */
static enum sio_context context(lua_State *L, int index) {
  int type = lua_getfield(L, index, "serverNoContextTakeover");
  bool value = lua_toboolean(L, -1);
  lua_pop(L, 1);
  if (type != LUA_TBOOLEAN)
    return SIO_CONTEXT_AS_OFFERED;
  return value ? SIO_CONTEXT_NEVER : SIO_CONTEXT_ALWAYS;
}

/* A number, false, or true and absent, which are the same. */
static uint8_t window_bits(lua_State *L, int index, const char *name) {
  int type = lua_getfield(L, index, name);
  uint8_t bits = SIO_BITS_AS_OFFERED;
  if (type == LUA_TNUMBER)
    bits = (uint8_t)lua_tointeger(L, -1);
  else if (type == LUA_TBOOLEAN && !lua_toboolean(L, -1))
    bits = SIO_BITS_REFUSED;
  lua_pop(L, 1);
  return bits;
}

static void deflate_options(lua_State *L, int index, sio_deflate_options *options) {
  options->is_on = lua_getfield(L, index, "perMessageDeflate") == LUA_TTABLE;
  if (options->is_on) {
    int at = lua_gettop(L);
    options->terms.server_context = context(L, at);
    options->terms.client_no_context = flag(L, at, "clientNoContextTakeover");
    options->terms.server_bits = window_bits(L, at, "serverMaxWindowBits");
    options->terms.client_bits = window_bits(L, at, "clientMaxWindowBits");
    options->threshold = whole(L, at, "threshold");
    options->level = (int)number(L, at, "level");
    options->memory_level = (int)number(L, at, "memLevel");
    options->strategy = (int)number(L, at, "strategy");
  }
  lua_pop(L, 1);
}

static void compression_options(lua_State *L, int index, sio_engine_options *options) {
  options->compression_threshold = -1;
  if (lua_getfield(L, index, "httpCompression") == LUA_TTABLE) {
    int at = lua_gettop(L);
    options->compression_threshold = (long)whole(L, at, "threshold");
    options->packing.level = (int)number(L, at, "level");
    options->packing.memory_level = (int)number(L, at, "memLevel");
    options->packing.strategy = (int)number(L, at, "strategy");
    options->packing.window_bits = (int)number(L, at, "windowBits");
  }
  lua_pop(L, 1);
}

static void engine_options(lua_State *L, int index, sio_engine_options *options) {
  options->path = text(L, index, "path");
  options->polling = flag(L, index, "polling");
  options->websocket = flag(L, index, "websocket");
  options->allow_upgrades = flag(L, index, "allowUpgrades");
  options->allow_eio3 = flag(L, index, "allowEIO3");
  options->ping_interval = whole(L, index, "pingInterval");
  options->ping_timeout = whole(L, index, "pingTimeout");
  options->upgrade_timeout = whole(L, index, "upgradeTimeout");
  options->max_http_buffer_size = whole(L, index, "maxHttpBufferSize");
  options->max_backpressure = whole(L, index, "maxBackpressure");
  options->close_slow = flag(L, index, "closeSlow");
  compression_options(L, index, options);
  deflate_options(L, index, &options->deflate);
  options->max_connections = whole(L, index, "maxConnections");
  options->max_connections_per_ip = whole(L, index, "maxConnectionsPerIp");
  options->cookie_name = text(L, index, "cookieName");
  options->cookie_attributes = text(L, index, "cookieAttributes");
}

enum sio_lua_codec sio_lua_codec_option(lua_State *L, int index) {
  sio_bytes name = text(L, index, "codec");
  if (sio_bytes_eq(name, SIO_BYTES("msgpack")))
    return SIO_CODEC_MSGPACK;
  return sio_bytes_eq(name, SIO_BYTES("plugged")) ? SIO_CODEC_PLUGGED : SIO_CODEC_JSON;
}

void sio_lua_server_options(lua_State *L, int index, sio_server_options *options) {
  sio_server_options_init(options);
  engine_options(L, index, &options->engine);
  options->connect_timeout = whole(L, index, "connectTimeout");
  options->max_attachments = whole(L, index, "maxAttachments");
  options->max_namespaces = whole(L, index, "maxNamespaces");
  options->parser = sio_lua_codec_parser(sio_lua_codec_option(L, index));
  options->serve_client = flag(L, index, "serveClient");
  options->raw = flag(L, index, "raw");
}

sio_frame *sio_lua_initial_packet(lua_State *L, int index) {
  sio_frame *frame = NULL;
  sio_bytes data;
  int type = lua_getfield(L, index, "initialPacket");
  if (sio_lua_binary_test(L, -1, &data)) {
    frame = sio_message_binary(data);
  } else if (type == LUA_TSTRING) {
    data.base = lua_tolstring(L, -1, &data.len);
    frame = sio_message_new(data.len);
    if (frame != NULL)
      memcpy(sio_message_data(frame), data.base, data.len);
  }
  if (type != LUA_TNIL && frame == NULL)
    luaL_error(L, "not enough memory");
  lua_pop(L, 1);
  return frame;
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

void sio_lua_cors_options(lua_State *L, int at, sio_cors *cors) {
  sio_cors_init(cors);
  cors->origin = cors_origin(L, at, cors);
  cors->methods = text(L, at, "methods");
  cors->allowed_headers = text(L, at, "allowedHeaders");
  cors->exposed_headers = text(L, at, "exposedHeaders");
  cors->credentials = flag(L, at, "credentials");
  cors->preflight_continue = flag(L, at, "preflightContinue");
  cors->options_success_status = (int)number(L, at, "optionsSuccessStatus");
  cors->max_age = (long)fmin(number(L, at, "maxAge"), INT_MAX);
}
