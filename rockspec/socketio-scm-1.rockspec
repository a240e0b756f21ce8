rockspec_format = "3.0"
package = "socketio"
version = "scm-1"
source = {
  url = "git+file://.",
}
description = {
  summary = "A Socket.IO 4 server",
  detailed = [[
    Events, acknowledgements, rooms and namespaces for the official Socket.IO clients, over
    WebSocket and HTTP long-polling. A C core on libuv does the work; applications are Lua.]],
  license = "MIT",
  labels = { "socketio", "websocket", "realtime", "http" },
}
supported_platforms = { "unix" }
dependencies = {
  "lua >= 5.4, < 5.5",
}
external_dependencies = {
  UV = { header = "uv.h" },
  ZLIB = { header = "zlib.h" },
  CRYPTO = { header = "openssl/sha.h" },
  SSL = { header = "openssl/ssl.h" },
}
build = {
  type = "cmake",
  variables = {
    CMAKE_BUILD_TYPE = "Release",
    CMAKE_C_FLAGS = "$(CFLAGS)",
    LIBDIR = "$(LIBDIR)",
    LUADIR = "$(LUADIR)",
    LUA_INCDIR = "$(LUA_INCDIR)",
    UV_DIR = "$(UV_DIR)",
    ZLIB_DIR = "$(ZLIB_DIR)",
    CRYPTO_DIR = "$(CRYPTO_DIR)",
    SSL_DIR = "$(SSL_DIR)",
  },
}
test = {
  type = "busted",
}
