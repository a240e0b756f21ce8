/* What socketio.h promises to a program in C, by that header alone. */
#include "socketio.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <lualib.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "unit.h"

/* --- what a host lends --- */

static long blocks;

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

static char log_text[65536];

static void write_log(void *ctx, const char *area, const char *line) {
  size_t len = strlen(log_text);
  assert_string_equal(ctx, "sink");
  snprintf(log_text + len, sizeof(log_text) - len, "%s: %s\n", area, line);
}

/* --- a server in a state --- */

static const char script[] = "local socketio = require 'socketio'\n"
                             "server = socketio.Server '127.0.0.1:0'\n"
                             "server:on('connection', function(socket)\n"
                             "  socket:on('fail', function() error('as asked for') end)\n"
                             "  socket:on('nest', function() nested = poll() end)\n"
                             "end)\n"
                             "return server:address().port\n";

static int poll_again(lua_State *L) {
  lua_pushinteger(L, sio_poll(L, 10));
  return 1;
}

/* Returns the state, and the port that its server listens on. */
static lua_State *open_state(uv_loop_t *loop, int *port) {
  lua_State *L = luaL_newstate();
  assert_non_null(L);
  luaL_openlibs(L);
  assert_int_equal(sio_poll(L, 0), -1);
  if (loop != NULL)
    assert_int_equal(sio_set_loop(L, loop), 0);
  assert_int_equal(sio_set_log(L, write_log, "sink"), 0);
  /* Nothing is found but what is in the library. */
  assert_int_equal(luaL_dostring(L, "package.path, package.cpath = '', ''"), LUA_OK);
  luaL_requiref(L, "socketio", luaopen_socketio, 0);
  lua_pop(L, 1);
  assert_int_equal(sio_set_loop(L, loop), -1);
  assert_int_equal(sio_set_log(L, write_log, NULL), -1);
  lua_register(L, "poll", poll_again);
  if (luaL_dostring(L, script) != LUA_OK)
    fail_msg("%s", lua_tostring(L, -1));
  *port = (int)lua_tointeger(L, -1);
  lua_settop(L, 0);
  return L;
}

/* --- a client --- */

static void turn(lua_State *L, uv_loop_t *loop) {
  if (loop != NULL)
    uv_run(loop, UV_RUN_NOWAIT);
  else
    assert_int_equal(sio_poll(L, 1), 1);
}

/* Sends a request and gives the body of its answer. */
static void ask(lua_State *L, uv_loop_t *loop, int port, const char *method, const char *sid,
                const char *body, char *out, size_t size) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  char text[1024];
  int len = snprintf(text, sizeof(text),
                     "%s /socket.io/?EIO=4&transport=polling%s%s HTTP/1.1\r\nHost: x\r\n"
                     "Connection: close\r\nContent-Length: %zu\r\n\r\n%s",
                     method, sid[0] != '\0' ? "&sid=" : "", sid, strlen(body), body);
  assert_int_equal(send(fd, text, (size_t)len, MSG_NOSIGNAL), len);
  size_t got = 0;
  for (ssize_t n = -1; n != 0;) {
    turn(L, loop);
    n = recv(fd, out + got, size - 1 - got, 0);
    got += n > 0 ? (size_t)n : 0;
  }
  close(fd);
  out[got] = '\0';
  const char *begin = strstr(out, "\r\n\r\n");
  assert_non_null(begin);
  memmove(out, begin + 4, strlen(begin + 4) + 1);
}

/* A client joins and emits an event without arguments. */
static void visit(lua_State *L, uv_loop_t *loop, int port, const char *event) {
  char answer[4096], sid[32], packets[64];
  ask(L, loop, port, "GET", "", "", answer, sizeof(answer));
  assert_int_equal(sscanf(answer, "0{\"sid\":\"%20[A-Za-z0-9_-]\"", sid), 1);
  snprintf(packets, sizeof(packets),
           "40\x1e"
           "42[\"%s\"]",
           event);
  ask(L, loop, port, "POST", sid, packets, answer, sizeof(answer));
  assert_string_equal(answer, "ok");
  ask(L, loop, port, "GET", sid, "", answer, sizeof(answer));
  assert_memory_equal(answer, "40{\"sid\":", 9);
}

/* A WebSocket that stays open at the client's side. Returns its descriptor. */
static int open_websocket(lua_State *L, uv_loop_t *loop, int port) {
  static const char request[] =
      "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  connect(fd, (struct sockaddr *)&to, sizeof(to));
  for (ssize_t n = -1; n < 0;) {
    turn(L, loop);
    n = send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL);
  }
  char answer[512];
  while (recv(fd, answer, sizeof(answer), 0) < 0)
    turn(L, loop);
  assert_memory_equal(answer, "HTTP/1.1 101", 12);
  return fd;
}

/* --- whose loop it is --- */

static void count_turn(uv_prepare_t *prepare) {
  ++*(int *)prepare->data;
}

static void count_handle(uv_handle_t *handle, void *count) {
  (void)handle;
  ++*(int *)count;
}

static int count_handles(uv_loop_t *loop) {
  int count = 0;
  uv_walk(loop, count_handle, &count);
  return count;
}

static void lives_in_the_loop_of_its_host(void **state) {
  (void)state;
  uv_loop_t loop;
  uv_prepare_t prepare;
  uv_timer_t timer;
  int turns = 0, port, other_port;
  uv_loop_init(&loop);
  uv_prepare_init(&loop, &prepare);
  uv_timer_init(&loop, &timer); /* never started */
  prepare.data = &turns;
  uv_prepare_start(&prepare, count_turn);
  lua_State *L = open_state(&loop, &port), *other = open_state(&loop, &other_port);
  assert_int_not_equal(port, other_port);
  assert_int_equal(luaL_dostring(L, "return pcall(require 'socketio'.step)"), LUA_OK);
  assert_false(lua_toboolean(L, 1));
  assert_non_null(strstr(lua_tostring(L, 2), "the host turns the event loop"));
  assert_int_equal(turns, 0); /* nobody has turned it yet */
  visit(L, &loop, port, "a");
  visit(other, &loop, other_port, "a");
  assert_true(sio_poll(L, 0) >= 0);
  lua_close(L);
  int before = turns;
  visit(other, &loop, other_port, "a"); /* is left alone, and so is what is not ours */
  lua_close(other);
  assert_true(turns > before);
  before = turns;
  uv_run(&loop, UV_RUN_NOWAIT);
  assert_int_equal(turns, before + 1);
  assert_int_equal(count_handles(&loop), 2);
  assert_true(uv_is_active((uv_handle_t *)&prepare));
  assert_false(uv_is_closing((uv_handle_t *)&timer));
  uv_close((uv_handle_t *)&prepare, NULL);
  uv_close((uv_handle_t *)&timer, NULL);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&loop), 0);
  assert_int_equal(blocks, 0);
}

/* In the middle of everything: open sessions, a poll that waits, timers. */
static void is_freed_with_its_state(void **state) {
  (void)state;
  uv_loop_t loop;
  int port;
  for (int lent = 0; lent < 2; lent++) {
    uv_loop_init(&loop);
    lua_State *L = open_state(lent ? &loop : NULL, &port);
    visit(L, lent ? &loop : NULL, port, "a");
    assert_int_equal(luaL_dostring(L, "local s = require 'socketio'\n"
                                      "s.setInterval(function() server:emit 'x' end, 1)\n"
                                      "s.createServer():listen '127.0.0.1:0'"),
                     LUA_OK);
    int open = open_websocket(L, lent ? &loop : NULL, port);
    int closing = open_websocket(L, lent ? &loop : NULL, port);
    assert_int_equal(luaL_dostring(L, "server:disconnectSockets(true)"), LUA_OK);
    turn(L, lent ? &loop : NULL);
    assert_true(blocks > 0);
    lua_close(L);
    close(open);
    close(closing);
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(count_handles(&loop), 0);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_int_equal(blocks, 0);
  }
}

static void is_polled(void **state) {
  (void)state;
  int port;
  lua_State *L = open_state(NULL, &port);
  visit(L, NULL, port, "nest");
  lua_getglobal(L, "nested");
  assert_int_equal(lua_tointeger(L, -1), -1); /* not from a handler */
  assert_int_equal(luaL_dostring(L, "server:close()"), LUA_OK);
  while (sio_poll(L, 1) == 1)
    ;
  assert_int_equal(sio_poll(L, 0), 0);
  lua_close(L);
  assert_int_equal(blocks, 0);
}

/* --- what it leaves alone --- */

static int count_threads(void) {
  DIR *tasks = opendir("/proc/self/task");
  int count = 0;
  for (const struct dirent *entry; (entry = readdir(tasks)) != NULL;)
    count += entry->d_name[0] != '.';
  closedir(tasks);
  return count;
}

static void starts_no_thread(void **state) {
  (void)state;
  int port, before = count_threads();
  lua_State *L = open_state(NULL, &port);
  visit(L, NULL, port, "a");
  assert_int_equal(count_threads(), before);
  lua_close(L);
  assert_int_equal(count_threads(), before);
}

typedef struct signals {
  struct sigaction actions[NSIG];
  sigset_t mask;
} signals;

static signals look_at_signals(void) {
  signals seen;
  memset(&seen, 0, sizeof(seen));
  for (int i = 1; i < NSIG; i++)
    sigaction(i, NULL, &seen.actions[i]);
  sigprocmask(SIG_SETMASK, NULL, &seen.mask);
  return seen;
}

static void installs_no_signal_handler(void **state) {
  (void)state;
  int port;
  signals before = look_at_signals();
  lua_State *L = open_state(NULL, &port);
  visit(L, NULL, port, "a");
  signals meanwhile = look_at_signals();
  lua_close(L);
  signals after = look_at_signals();
  for (int i = 1; i < NSIG; i++) {
    assert_ptr_equal(before.actions[i].sa_handler, meanwhile.actions[i].sa_handler);
    assert_ptr_equal(before.actions[i].sa_handler, after.actions[i].sa_handler);
    assert_int_equal(sigismember(&before.mask, i), sigismember(&meanwhile.mask, i));
    assert_int_equal(sigismember(&before.mask, i), sigismember(&after.mask, i));
  }
}

static void writes_to_its_sink_alone(void **state) {
  (void)state;
  FILE *file = tmpfile();
  int port, fds[] = {dup(1), dup(2)};
  fflush(NULL);
  dup2(fileno(file), 1);
  dup2(fileno(file), 2);
  setenv("SOCKETIO_DEBUG", "*", 1);
  log_text[0] = '\0';
  lua_State *L = open_state(NULL, &port);
  visit(L, NULL, port, "fail");
  lua_close(L);
  unsetenv("SOCKETIO_DEBUG");
  fflush(NULL);
  dup2(fds[0], 1);
  dup2(fds[1], 2);
  close(fds[0]);
  close(fds[1]);
  assert_int_equal(lseek(fileno(file), 0, SEEK_END), 0);
  fclose(file);
  assert_non_null(strstr(log_text, "http: 127.0.0.1 GET /socket.io/"));
  assert_non_null(strstr(log_text, "engine: "));
  const char *error = strstr(log_text, "error: error in handler of \"fail\"");
  assert_non_null(error);
  assert_non_null(strstr(error, "as asked for"));
  assert_non_null(strstr(error, "stack traceback:"));
}

/* Data that can be written lies in .data or .bss; what only the loader writes, in .data.rel.ro. The
 * one setting for the whole process is the allocator. */
static void keeps_nothing_for_itself(void **state) {
  (void)state;
#ifdef __SANITIZE_ADDRESS__
  skip(); /* whose own data stands there */
#endif
  FILE *symbols = popen("objdump -t '" SIO_ARCHIVE "' 2>&1", "r");
  char line[512];
  int lines = 0, settings = 0;
  while (fgets(line, sizeof(line), symbols) != NULL) {
    lines++;
    const char *space = strchr(line, ' ');
    if (space == NULL || strstr(line, " O ") == NULL ||
        (strstr(line, " .data") == NULL && strstr(line, " .bss") == NULL &&
         strstr(line, " .tbss") == NULL && strstr(line, " *COM*") == NULL) ||
        strstr(line, " .data.rel.ro") != NULL)
      continue;
    if (strstr(line, " allocate") == NULL)
      fail_msg("can be written: %s", line);
    settings++;
  }
  pclose(symbols);
  if (lines < 100)
    skip(); /* no objdump */
  assert_int_equal(settings, 2);
}

int main(void) {
  sio_set_allocator(counting, NULL);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lives_in_the_loop_of_its_host),
      cmocka_unit_test(is_freed_with_its_state),
      cmocka_unit_test(is_polled),
      cmocka_unit_test(starts_no_thread),
      cmocka_unit_test(installs_no_signal_handler),
      cmocka_unit_test(writes_to_its_sink_alone),
      cmocka_unit_test(keeps_nothing_for_itself),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
