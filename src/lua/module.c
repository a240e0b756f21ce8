/* The C half of the module: `require "socketio.core"`, used by the Lua half in lua/socketio. */
#include "base/limits.h"
#include "lua/bind.h"
#include "lua/http.h"
#include "lua/loop.h"
#include "lua/message.h"
#include "lua/request.h"
#include "lua/socket.h"
#include "lua/task.h"
#include "lua/tls.h"
#include "lua/values.h"

/* limits: those that options set, by the option's name, maxRequestBody and maxQueuedAnswer */
static void push_limits(lua_State *L) {
  static const struct {
    const char *name;
    lua_Integer value;
  } limits[] = {
      {"connectTimeout", SIO_CONNECT_TIMEOUT},
      {"headersTimeout", SIO_HEADERS_TIMEOUT},
      {"maxAttachments", SIO_MAX_ATTACHMENTS},
      {"maxBackpressure", SIO_MAX_BACKPRESSURE},
      {"maxHeaderSize", SIO_MAX_HEADER_SIZE},
      {"maxHttpBufferSize", SIO_MAX_HTTP_BUFFER_SIZE},
      {"maxNamespaces", SIO_MAX_NAMESPACES},
      {"maxQueuedAnswer", SIO_MAX_QUEUED_ANSWER},
      {"maxRequestBody", SIO_MAX_REQUEST_BODY},
      {"maxRecoveryBytes", SIO_MAX_RECOVERY_BYTES},
      {"maxRecoverySessions", SIO_MAX_RECOVERY_SESSIONS},
      {"pingInterval", SIO_PING_INTERVAL},
      {"pingTimeout", SIO_PING_TIMEOUT},
      {"requestTimeout", SIO_REQUEST_TIMEOUT},
      {"upgradeTimeout", SIO_UPGRADE_TIMEOUT},
  };
  lua_createtable(L, 0, sizeof(limits) / sizeof(*limits));
  for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
    lua_pushinteger(L, limits[i].value);
    lua_setfield(L, -2, limits[i].name);
  }
}

static int set_reporter(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_settop(L, 1);
  sio_lua_set_reporter(L);
  return 0;
}

/* log(area, line): to the host's sink, else to standard error */
static int write_line(lua_State *L) {
  const char *area = luaL_checkstring(L, 1), *line = luaL_checkstring(L, 2);
  const sio_lua_wishes *wishes = sio_lua_wish(L);
  if (wishes->log.write != NULL)
    wishes->log.write(wishes->log.ctx, area, line);
  else
    lua_writestringerror("socketio: %s\n", line);
  return 0;
}

__attribute__((visibility("default"))) int luaopen_socketio_core(lua_State *L);

int luaopen_socketio_core(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"setReporter", set_reporter}, {"log", write_line}, {NULL, NULL}};
  sio_lua_open(L);
  luaL_newlib(L, functions);
  sio_lua_open_values(L);
  sio_lua_open_loop(L);
  sio_lua_open_bind(L);
  sio_lua_open_task(L);
  sio_lua_open_server(L);
  sio_lua_open_http(L);
  sio_lua_open_tls(L);
  sio_lua_open_request(L);
  sio_lua_open_exchange(L);
  sio_lua_open_socket(L);
  sio_lua_open_namespace(L);
  sio_lua_open_session(L);
  sio_lua_push_reserved(L);
  lua_setfield(L, -2, "reserved");
  push_limits(L);
  lua_setfield(L, -2, "limits");
  lua_pushliteral(L, SIO_VERSION);
  lua_setfield(L, -2, "_VERSION");
  return 1;
}
