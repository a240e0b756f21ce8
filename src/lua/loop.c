#include "lua/loop.h"

#include <math.h>
#include <poll.h>
#include <time.h>

#include "base/error.h"
#include "lua/handle.h"
#include "lua/state.h"
#include "net/timer.h"
#include "socketio.h"

/* --- turning --- */

static int turn(lua_State *L, enum sio_run_mode mode) {
  sio_lua *state = sio_lua_get(L);
  if (sio_loop_is_borrowed(state->loop))
    return luaL_error(L, "the host turns the event loop: run, step and poll are not for scripts");
  lua_State *before = sio_lua_enter(state, L);
  int active = sio_loop_run(state->loop, mode);
  sio_lua_leave(state, before);
  if (active < 0)
    return luaL_error(L, "the event loop is running already: run, step and poll cannot be called "
                         "from a handler");
  if (state->is_interrupted) {
    state->is_interrupted = false;
    return luaL_error(L, "interrupted!");
  }
  return active;
}

/* The interpreter answers Ctrl-C with a hook that raises; it needs Lua code to run into it. */
static void run_hook(lua_State *L) {
  if (lua_gethook(L) == NULL)
    return;
  luaL_loadstring(L, "return");
  lua_call(L, 0, 0);
}

/* Until a turn is wanted, or a signal has come: libuv would go on waiting after that. */
static void wait_for_work(const sio_lua *state) {
  struct pollfd fd = {.fd = sio_loop_fd(state->loop), .events = POLLIN};
  int ms = sio_loop_timeout(state->loop);
  if (ms != 0)
    poll(&fd, 1, ms);
}

static int run_until_stopped(lua_State *L) {
  sio_lua *state = sio_lua_get(L);
  int active = turn(L, SIO_RUN_NOWAIT);
  run_hook(L);
  while (active && !state->is_stopping) {
    wait_for_work(state);
    run_hook(L);
    active = turn(L, SIO_RUN_NOWAIT);
    run_hook(L);
  }
  state->is_stopping = false;
  return active;
}

/* run([mode]) -> whether anything is still active */
static int run(lua_State *L) {
  static const char *const names[] = {"default", "once", "nowait", NULL};
  static const enum sio_run_mode modes[] = {SIO_RUN_DEFAULT, SIO_RUN_ONCE, SIO_RUN_NOWAIT};
  enum sio_run_mode mode = modes[luaL_checkoption(L, 1, "default", names)];
  lua_pushboolean(L, mode == SIO_RUN_DEFAULT ? run_until_stopped(L) : turn(L, mode));
  return 1;
}

/* step() -> whether anything is still active; never waits */
static int step(lua_State *L) {
  lua_pushboolean(L, turn(L, SIO_RUN_NOWAIT));
  return 1;
}

static bool has_work(const sio_lua *state) {
  if (sio_loop_timeout(state->loop) == 0)
    return true;
  struct pollfd fd = {.fd = sio_loop_fd(state->loop), .events = POLLIN};
  return poll(&fd, 1, 0) > 0;
}

/* poll([budget_ms]): turns that never wait, while something is ready and the budget lasts; one at
 * least */
static int poll_loop(lua_State *L) {
  double budget = luaL_optnumber(L, 1, 0);
  luaL_argcheck(L, budget >= 0, 1, "milliseconds expected, a number of at least 0");
  const sio_lua *state = sio_lua_get(L);
  int active = turn(L, SIO_RUN_NOWAIT);
  uint64_t start = sio_loop_now(state->loop);
  while (has_work(state) && (double)(sio_loop_now(state->loop) - start) < budget)
    active = turn(L, SIO_RUN_NOWAIT);
  lua_pushboolean(L, active);
  return 1;
}

int sio_poll(lua_State *L, unsigned budget_ms) {
  sio_lua *state = lua_checkstack(L, LUA_MINSTACK) ? sio_lua_find(L) : NULL;
  if (state == NULL)
    return -1;
  lua_State *before = sio_lua_enter(state, L);
  int active = sio_loop_run(state->loop, SIO_RUN_NOWAIT);
  uint64_t start = sio_loop_now(state->loop);
  while (active >= 0 && has_work(state) && sio_loop_now(state->loop) - start < budget_ms)
    active = sio_loop_run(state->loop, SIO_RUN_NOWAIT);
  sio_lua_leave(state, before);
  return active < 0 ? -1 : active;
}

static int stop(lua_State *L) {
  sio_lua *state = sio_lua_get(L);
  state->is_stopping = true;
  sio_loop_stop(state->loop);
  return 0;
}

static int fd(lua_State *L) {
  lua_pushinteger(L, sio_loop_fd(sio_lua_get(L)->loop));
  return 1;
}

static int timeout(lua_State *L) {
  lua_pushinteger(L, sio_loop_timeout(sio_lua_get(L)->loop));
  return 1;
}

/* alive() -> whether anything is active */
static int alive(lua_State *L) {
  lua_pushboolean(L, sio_loop_is_alive(sio_lua_get(L)->loop));
  return 1;
}

static int now(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)sio_loop_now(sio_lua_get(L)->loop));
  return 1;
}

int64_t sio_lua_date(void) {
  struct timespec at;
  clock_gettime(CLOCK_REALTIME, &at);
  return (int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

/* date() -> ms since 1970, real time */
static int date(lua_State *L) {
  lua_pushinteger(L, sio_lua_date());
  return 1;
}

/* --- timers --- */

/* Anchored while it runs; its user value is the function to call. */
typedef struct sio_lua_timer {
  sio_lua *state;
  sio_timer *timer; /* NULL: stopped */
  bool repeats;
} sio_lua_timer;

static void halt(lua_State *L, sio_lua_timer *timer) {
  if (timer->timer == NULL)
    return;
  sio_timer_stop(timer->timer);
  timer->timer = NULL;
  sio_lua_release(L, timer);
}

static int fire_protected(lua_State *L) {
  sio_lua_timer *timer = lua_touserdata(L, 1);
  sio_lua_anchored(L, timer);
  lua_getiuservalue(L, -1, 1);
  if (!timer->repeats)
    halt(L, timer); /* the stack still holds it */
  lua_call(L, 0, 0);
  return 0;
}

static void fire(void *owner) {
  sio_lua_timer *timer = owner;
  sio_lua_call(timer->state, fire_protected, timer);
}

static const sio_lua_type timer_type;

static int timer_stop(lua_State *L) {
  halt(L, sio_lua_check(L, 1, &timer_type));
  return 0;
}

/* At lua_close a running timer is still anchored: the state is going, and its loop after it. */
static int timer_gc(lua_State *L) {
  sio_lua_timer *timer = lua_touserdata(L, 1);
  if (timer->timer != NULL)
    sio_timer_stop(timer->timer);
  timer->timer = NULL;
  return 0;
}

static const luaL_Reg timer_methods[] = {{"stop", timer_stop}, {NULL, NULL}};
static const sio_lua_type timer_type = {"socketio.Timer", timer_methods, timer_gc};

/* timer(fn, ms, repeats) -> timer, running. ms is rounded up; anything not above 0 is 1, as in
 * JavaScript */
static int timer_start(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  double ms = ceil(luaL_optnumber(L, 2, 1));
  bool repeats = lua_toboolean(L, 3);
  uint64_t length = ms >= 1 && ms < 9e15 ? (uint64_t)ms : 1;
  sio_lua_timer *timer = sio_lua_new(L, &timer_type, sizeof *timer, 1);
  timer->state = sio_lua_get(L);
  timer->repeats = repeats;
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1);
  lua_pushvalue(L, -1);
  sio_lua_anchor(L, timer);
  timer->timer = sio_timer_start(timer->state->loop, length, repeats ? length : 0, fire, timer);
  if (timer->timer == NULL) {
    sio_lua_release(L, timer);
    return luaL_error(L, "not enough memory");
  }
  return 1;
}

void sio_lua_open_loop(lua_State *L) {
  static const luaL_Reg functions[] = {{"run", run},           {"stop", stop}, {"step", step},
                                       {"poll", poll_loop},    {"fd", fd},     {"timeout", timeout},
                                       {"alive", alive},       {"now", now},   {"date", date},
                                       {"timer", timer_start}, {NULL, NULL}};
  sio_lua_register(L, &timer_type);
  luaL_setfuncs(L, functions, 0);
}
