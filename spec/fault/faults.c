/*
 * A whole server while memory runs out: for each n, a server is made, talked to while its n-th
 * allocation fails (Lua's, the library's or libuv's), and must then serve a new client; when its
 * Lua state is closed no block may be left, but for what a finaliser was to free that Lua gave up.
 *
 * The server has a Lua state of its own, in which server.lua runs. Its allocations fail only while
 * it is called from client.lua, which drives it from another state, with the socket library.
 *
 *   faults <source folder> [first [last]]   0 passed, 1 failed, 77 no lua-socket
 */
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lualib.h>
#include <uv.h>

#include "base/alloc.h"

int luaopen_socketio_core(lua_State *L);

enum { SKIPPED = 77 };

/* --- memory ---------------------------------------------------------------------------------- */

static struct {
  long live;    /* blocks of the server: its Lua state's, the library's, libuv's */
  size_t count; /* allocations since arm */
  size_t at;    /* which of them fails; 0: none */
  bool is_open; /* the server is running: count, and fail */
  bool again;   /* Lua collects garbage and tries once more: that fails, too */
} memory;

static void arm(size_t n) {
  memory.count = 0;
  memory.at = n;
  memory.again = false;
}

static bool has_failed(void) {
  return memory.at > 0 && memory.count >= memory.at;
}

static bool fails(void) {
  return memory.is_open && ++memory.count == memory.at;
}

static void *resize(void *block, size_t size) {
  void *resized = realloc(block, size);
  memory.live += block == NULL && resized != NULL;
  return resized;
}

static void release(void *block) {
  memory.live -= block != NULL;
  free(block);
}

static void *allocate_for_library(void *ctx, void *block, size_t size) {
  (void)ctx;
  if (size == 0)
    return release(block), NULL;
  return fails() ? NULL : resize(block, size);
}

static bool fails_for_lua(void) {
  if (memory.again) {
    memory.again = false;
    return true;
  }
  return memory.again = fails();
}

static void *allocate_for_lua(void *ctx, void *block, size_t old, size_t size) {
  (void)ctx;
  if (size == 0)
    return release(block), NULL;
  bool grows = block == NULL || size > old;
  return grows && fails_for_lua() ? NULL : resize(block, size);
}

static void *uv_malloc(size_t size) {
  return fails() ? NULL : resize(NULL, size > 0 ? size : 1);
}

/* libuv ends the process when its table of descriptors cannot grow: that is not for us to test. */
static void *uv_realloc(void *block, size_t size) {
  return resize(block, size > 0 ? size : 1);
}

static void *uv_calloc(size_t count, size_t size) {
  if (size > 0 && count > SIZE_MAX / size)
    return NULL;
  void *block = uv_malloc(count * size);
  if (block != NULL)
    memset(block, 0, count * size);
  return block;
}

/* --- the server, for client.lua -------------------------------------------------------------- */

static const char *folder;
static lua_State *server;

static void fail(const char *what, const char *why) {
  fprintf(stderr, "%s at allocation %zu: %s\n", what, memory.at, why != NULL ? why : "?");
  exit(1);
}

/* call(name, ...) with strings: a function of server.lua; returns its result, a number or nil. */
static int call(lua_State *L) {
  lua_settop(server, 0);
  lua_getglobal(server, luaL_checkstring(L, 1));
  for (int i = 2; i <= lua_gettop(L); i++)
    lua_pushstring(server, lua_tostring(L, i));
  memory.is_open = true;
  int status = lua_pcall(server, lua_gettop(L) - 1, 1, 0);
  memory.is_open = memory.again = false;
  if (status != LUA_OK && !(has_failed() && strstr(lua_tostring(server, -1), "memory")))
    fail("an error", lua_tostring(server, -1));
  if (status == LUA_OK && lua_isinteger(server, -1))
    lua_pushinteger(L, lua_tointeger(server, -1));
  else
    lua_pushnil(L);
  return 1;
}

static bool is_abandoned; /* a finaliser, in this run */

/* Lua gives a finaliser up that it has no memory to call, warns, and never tries it again: what
 * that would have freed is lost, whoever wrote it. */
static void heed(void *ctx, const char *message, int continues) {
  (void)ctx, (void)continues;
  is_abandoned = is_abandoned || strcmp(message, "__gc") == 0;
}

static lua_State *new_state(lua_Alloc allocate, const char *script) {
  lua_State *L = lua_newstate(allocate, NULL);
  luaL_openlibs(L);
  lua_setwarnf(L, heed, NULL);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_socketio_core);
  lua_setfield(L, -2, "socketio.core");
  lua_getglobal(L, "package");
  lua_pushfstring(L, "%s/lua/?.lua;%s/lua/?/init.lua;%s/spec/lua/?.lua;", folder, folder, folder);
  lua_getfield(L, -2, "path");
  lua_concat(L, 2);
  lua_setfield(L, -2, "path");
  lua_settop(L, 0);
  lua_pushfstring(L, "%s/spec/fault/%s", folder, script);
  if (luaL_dofile(L, lua_tostring(L, -1)) != LUA_OK)
    fail(script, lua_tostring(L, -1));
  return L;
}

/* --- one run --------------------------------------------------------------------------------- */

static void client_call(lua_State *client, const char *name, const char *scenario) {
  lua_getglobal(client, name);
  lua_pushstring(client, scenario);
  if (lua_pcall(client, 1, 0, 0) != LUA_OK)
    fail(scenario, lua_tostring(client, -1));
}

/* Returns whether the n-th allocation was reached. */
static bool run(lua_State *client, const char *scenario, size_t n) {
  long before = memory.live;
  is_abandoned = false;
  server = new_state(allocate_for_lua, "server.lua");
  arm(0);
  client_call(client, "prepare", scenario);
  arm(n);
  client_call(client, "run", scenario);
  bool reached = has_failed();
  size_t at = memory.at;
  memory.at = 0;
  client_call(client, "verify", scenario);
  memory.at = at;
  lua_close(server);
  lua_gc(client, LUA_GCCOLLECT);
  if (memory.live != before && !is_abandoned) {
    char text[64];
    snprintf(text, sizeof text, "%s: %ld blocks left", scenario, memory.live - before);
    fail("a leak", text);
  }
  return reached;
}

static void *allocate_plainly(void *ctx, void *block, size_t old, size_t size) {
  (void)ctx;
  (void)old;
  if (size > 0)
    return realloc(block, size);
  free(block);
  return NULL;
}

static bool has_socket_library(lua_State *L) {
  lua_getglobal(L, "has_socket_library");
  bool has = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return has;
}

int main(int argc, char **argv) {
  static const char *const scenarios[] = {"polling",   "websocket", "echo",  "broadcast", "upgrade",
                                          "namespace", "request",   "leave", "middleware"};
  folder = argc > 1 ? argv[1] : ".";
  size_t first = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
  size_t last = argc > 3 ? strtoul(argv[3], NULL, 10) : SIZE_MAX;
  signal(SIGPIPE, SIG_IGN); /* of the client; the server's own care is not to raise it */
  uv_replace_allocator(uv_malloc, uv_realloc, uv_calloc, release);
  sio_set_allocator(allocate_for_library, NULL);

  lua_State *client = new_state(allocate_plainly, "client.lua");
  if (!has_socket_library(client))
    return SKIPPED;
  lua_register(client, "call", call);
  for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
    run(client, scenarios[i], 0); /* what is allocated once and for all */
    size_t n = first;
    while (n <= last && run(client, scenarios[i], n))
      n++;
    printf("passed: %s, %zu allocations\n", scenarios[i], n - first);
    fflush(stdout);
  }
  lua_close(client);
  return 0;
}
