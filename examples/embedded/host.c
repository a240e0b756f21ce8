/*
 * Two Socket.IO servers in one program in C: each has a Lua state of its own, both live in the
 * program's event loop, and neither knows of the other.
 *
 *   cc host.c -o host $(pkg-config --cflags --libs socketio lua5.4)
 *   ./host                      # tells the ports; ends when its standard input does
 */
#include <lauxlib.h>
#include <lualib.h>
#include <socketio.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

/* What the servers do is said in Lua; what the program lends them it hands in as arguments. */
static const char script[] =
    "local name, count = ...\n"
    "local socketio = require 'socketio'\n"
    "local server = socketio.Server '127.0.0.1:0'\n"
    "server:on('connection', function(socket)\n"
    "  socket:on('hello', function(who, answer)\n"
    "    answer(('%s greets %s, client %d'):format(name, who, count()))\n"
    "  end)\n"
    "  socket:on('fail', function() error('as asked for') end)\n"
    "end)\n"
    "return server:address().port\n";

typedef struct server {
  const char *name;
  lua_State *L;
  int clients; /* greeted */
} server;

/* --- what the library is lent: memory that is counted, a log --- */

static long blocks; /* that the library holds */

static void *counting(void *ctx, void *ptr, size_t size) {
  (void)ctx;
  if (size == 0) {
    blocks -= ptr != NULL;
    free(ptr);
    return NULL;
  }
  void *block = realloc(ptr, size);
  blocks += ptr == NULL && block != NULL;
  return block;
}

static void write_log(void *ctx, const char *area, const char *line) {
  const server *it = ctx;
  if (area[0] == 'e' && area[1] == 'r') /* errors; what else there is would be a lot */
    printf("log of %s: %s\n", it->name, line);
}

/* --- a function of the program that scripts call --- */

static int count(lua_State *L) {
  server *it = lua_touserdata(L, lua_upvalueindex(1));
  lua_pushinteger(L, ++it->clients);
  return 1;
}

/* --- a server's life --- */

/* Everything that may raise. */
static int start(lua_State *L) {
  server *it = lua_touserdata(L, 1);
  uv_loop_t *loop = lua_touserdata(L, 2);
  luaL_openlibs(L);
  sio_set_loop(L, loop);
  sio_set_log(L, write_log, it);
  luaL_requiref(L, "socketio", luaopen_socketio, 0);
  if (luaL_loadstring(L, script) != LUA_OK)
    return lua_error(L);
  lua_pushstring(L, it->name);
  lua_pushlightuserdata(L, it);
  lua_pushcclosure(L, count, 1);
  lua_call(L, 2, 1);
  printf("%s listens on %d\n", it->name, (int)lua_tointeger(L, -1));
  return 0;
}

static int open_server(server *it, uv_loop_t *loop) {
  it->L = luaL_newstate();
  if (it->L == NULL)
    return -1;
  lua_pushcfunction(it->L, start);
  lua_pushlightuserdata(it->L, it);
  lua_pushlightuserdata(it->L, loop);
  if (lua_pcall(it->L, 2, 0, 0) == LUA_OK)
    return 0;
  fprintf(stderr, "%s: %s\n", it->name, lua_tostring(it->L, -1));
  return -1;
}

/* --- the program's own part of the loop --- */

static void make_room(uv_handle_t *handle, size_t size, uv_buf_t *out) {
  static char room[256];
  (void)handle, (void)size;
  *out = uv_buf_init(room, sizeof(room));
}

static void on_input(uv_stream_t *input, ssize_t n, const uv_buf_t *bytes) {
  (void)bytes;
  if (n < 0)
    uv_stop(input->loop);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  sio_set_allocator(counting, NULL);
  uv_loop_t loop;
  uv_pipe_t input;
  uv_loop_init(&loop);
  uv_pipe_init(&loop, &input, 0);
  uv_pipe_open(&input, 0);
  uv_read_start((uv_stream_t *)&input, make_room, on_input);

  server ann = {.name = "ann"}, bob = {.name = "bob"};
  int status = open_server(&ann, &loop) | open_server(&bob, &loop);
  if (status == 0)
    uv_run(&loop, UV_RUN_DEFAULT);

  if (ann.L != NULL)
    lua_close(ann.L);
  if (bob.L != NULL)
    lua_close(bob.L);
  uv_close((uv_handle_t *)&input, NULL);
  uv_run(&loop, UV_RUN_DEFAULT); /* what is closing closes */
  printf("%ld blocks are left, and the loop is %s\n", blocks,
         uv_loop_close(&loop) == 0 ? "empty" : "busy");
  return status == 0 ? 0 : 1;
}
