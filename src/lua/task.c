#include "lua/task.h"

#include "base/error.h"

/* Lua takes 200 C calls one inside the other, and a task takes about 8 of them. */
enum { POOL_LIMIT = 128, ABOUT = 3, MOST_NESTED = 8 };

/* Registry keys: waiting coroutine (weak) to { scope, phase, event }; tasks to be run, as lists of
 * what they are about, their function and its n arguments. */
static const char waiting_key = 0;
static const char deferred_key = 0;

/* The tasks that run, one inside the other: a task is about values on the stack of who started it.
 */
struct sio_lua_task {
  lua_State *L; /* NULL: deferred tasks are being run */
  int about;
  int depth;
  struct sio_lua_task *outer;
};

static int depth(const sio_lua *state) {
  return state->task != NULL ? state->task->depth : 0;
}

/* Pushes an idle coroutine. That at hand stays in its place of the registry while it runs. */
static lua_State *take(lua_State *L, sio_lua *state) {
  if (state->is_spare_idle) {
    state->is_spare_idle = false;
    lua_rawgeti(L, LUA_REGISTRYINDEX, state->spare_ref);
    return state->spare;
  }
  if (state->idle_tasks == 0)
    return lua_newthread(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, state->pool);
  lua_rawgeti(L, -1, state->idle_tasks);
  lua_pushnil(L); /* or it would live as long as the pool, should nobody ever wake it */
  lua_rawseti(L, -3, state->idle_tasks--);
  lua_replace(L, -2);
  return lua_tothread(L, -1);
}

/* Makes the coroutine on top of the stack idle; pops it. */
static void give_back(lua_State *L, sio_lua *state, lua_State *co) {
  if (state->spare == NULL) {
    lua_pushvalue(L, -1);
    lua_rawseti(L, LUA_REGISTRYINDEX, state->spare_ref);
    state->spare = co;
  }
  if (state->spare == co) {
    state->is_spare_idle = true;
  } else if (state->idle_tasks < POOL_LIMIT) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, state->pool);
    lua_pushvalue(L, -2);
    lua_rawseti(L, -2, state->idle_tasks + 1); /* which may raise */
    state->idle_tasks++;
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

/* The coroutine waits or has failed: nothing keeps it, should nobody ever wake it. */
static void let_go(lua_State *L, sio_lua *state, const lua_State *co) {
  if (state->spare != co)
    return;
  state->spare = NULL;
  lua_pushboolean(L, 0);
  lua_rawseti(L, LUA_REGISTRYINDEX, state->spare_ref);
}

/* The coroutine on top of the stack waits: remembers what it is about; pops it. */
static void keep_waiting(lua_State *L, int about) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &waiting_key);
  lua_insert(L, -2);
  lua_createtable(L, ABOUT, 0);
  for (int i = 0; i < ABOUT; i++) {
    lua_pushvalue(L, about + i);
    lua_rawseti(L, -2, i + 1);
  }
  lua_rawset(L, -3);
  lua_pop(L, 1);
}

static int describe(lua_State *L) {
  luaL_tolstring(L, 1, NULL);
  return 1;
}

/* Makes the error on top of the stack a text. Protected, for its __tostring is not ours. */
static const char *error_text(lua_State *L) {
  lua_pushcfunction(L, describe);
  lua_insert(L, -2);
  if (lua_pcall(L, 1, 1, 0) != LUA_OK) {
    lua_pop(L, 1);
    lua_pushliteral(L, "(error object that cannot be shown)");
  }
  return lua_tostring(L, -1);
}

/* The coroutine on top of the stack has failed, its error on top of its own: reports it; pops it.
 */
static void fail(lua_State *L, lua_State *co, int about) {
  lua_xmove(co, L, 1);
  luaL_traceback(L, co, error_text(L), 0);
  lua_insert(L, -2);
  lua_resetthread(co);
  lua_settop(co, 0);
  lua_getfield(L, about, "_fail");
  lua_pushvalue(L, about);
  lua_pushvalue(L, about + 1);
  lua_pushvalue(L, about + 2);
  lua_rotate(L, -6, 4);
  lua_insert(L, -2);
  lua_call(L, 5, 0);
  lua_pop(L, 1);
}

/* Runs the coroutine, which has nargs arguments, as the innermost task, about what stands at that
 * index of L. Only an error leaves anything on its stack. */
static int run(lua_State *L, lua_State *co, sio_lua *state, int about, int nargs) {
  struct sio_lua_task task = {L, about, depth(state) + 1, state->task};
  int results = 0;
  state->task = &task;
  int status = lua_resume(co, L, nargs, &results);
  state->task = task.outer;
  if (status == LUA_OK)
    lua_settop(co, 0);
  else if (status == LUA_YIELD)
    lua_pop(co, results);
  return status;
}

/* Resumes the coroutine on top of L, which has nargs arguments; pops it. */
static bool resume(lua_State *L, lua_State *co, sio_lua *state, int about, int nargs) {
  int status = run(L, co, state, about, nargs);
  if (status == LUA_OK) {
    give_back(L, state, co);
    return true;
  }
  let_go(L, state, co);
  if (status == LUA_YIELD) {
    keep_waiting(L, about);
    return true;
  }
  fail(L, co, about);
  return false;
}

/* --- tasks inside of tasks --- */

/* Keeps the task on top of the stack, a function and its arguments; pops it. */
static void defer(lua_State *L, sio_lua *state, int about, int nargs) {
  lua_createtable(L, ABOUT + 1 + nargs, 0);
  for (int i = 0; i < ABOUT; i++) {
    lua_pushvalue(L, about + i);
    lua_rawseti(L, -2, i + 1);
  }
  lua_insert(L, -nargs - 2);
  for (int i = nargs; i >= 0; i--)
    lua_rawseti(L, -i - 2, ABOUT + 1 + i);
  lua_pushinteger(L, nargs);
  lua_setfield(L, -2, "n");
  lua_rawgetp(L, LUA_REGISTRYINDEX, &deferred_key);
  lua_insert(L, -2);
  lua_rawseti(L, -2, state->deferred_end++);
  lua_pop(L, 1);
}

static int run_first(lua_State *L) {
  sio_lua *state = lua_touserdata(L, 1);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &deferred_key);
  lua_rawgeti(L, 2, state->deferred);
  lua_pushnil(L);
  lua_rawseti(L, 2, state->deferred++);
  lua_getfield(L, 3, "n");
  int nargs = (int)lua_tointeger(L, -1);
  lua_pop(L, 1);
  luaL_checkstack(L, ABOUT + 1 + nargs, NULL);
  for (int i = 1; i <= ABOUT + 1 + nargs; i++)
    lua_rawgeti(L, 3, i);
  sio_lua_run_task(L, state, 4, nargs);
  return 0;
}

/* Runs what was deferred, when no task runs. */
static void run_deferred(lua_State *L, sio_lua *state) {
  if (state->task != NULL || state->deferred == state->deferred_end)
    return;
  struct sio_lua_task runner = {NULL, 0, 0, NULL};
  lua_State *before = sio_lua_enter(state, L);
  state->task = &runner;
  int status = 0;
  while (state->deferred < state->deferred_end && status != SIO_ENOMEM)
    status = sio_lua_call(state, run_first, state);
  state->task = NULL;
  sio_lua_leave(state, before);
}

bool sio_lua_run_task(lua_State *L, sio_lua *state, int about, int nargs) {
  luaL_checkstack(L, 8, NULL);
  if (depth(state) >= MOST_NESTED) {
    defer(L, state, about, nargs);
    return true;
  }
  lua_State *co = take(L, state);
  if (!lua_checkstack(co, nargs + LUA_MINSTACK))
    return luaL_error(L, "not enough memory");
  lua_insert(L, -nargs - 2);
  lua_xmove(L, co, nargs + 1);
  bool ok = resume(L, co, state, about, nargs);
  run_deferred(L, state);
  return ok;
}

/* --- tasks that begin in C --- */

enum { ENTRY = 1, SCOPE = 2 }; /* where they stand in each function below */

/* Begins it in a coroutine that is idle; its scope stands at the index about. Raises nothing. */
static int begin(lua_State *L, lua_State *co, sio_lua *state, int about, sio_lua_entry *entry) {
  lua_pushcfunction(co, entry->fn);
  lua_pushlightuserdata(co, entry);
  lua_pushvalue(L, about);
  lua_xmove(L, co, 1);
  return run(L, co, state, about, SCOPE);
}

/* The coroutine on top of the stack has begun it and not returned: it waits, or has failed. */
static void settle(lua_State *L, lua_State *co, const sio_lua_entry *entry) {
  bool waits = lua_status(co) == LUA_YIELD;
  if (!waits && !entry->is_told) {
    lua_xmove(co, L, 1);
    lua_resetthread(co);
    lua_error(L);
  }
  int coroutine = lua_gettop(L);
  lua_pushvalue(L, SCOPE);
  lua_pushliteral(L, "handler");
  lua_pushlstring(L, entry->event.base, entry->event.len); /* it is told, so there is one */
  lua_pushvalue(L, coroutine);
  if (waits)
    keep_waiting(L, coroutine + 1);
  else
    fail(L, co, coroutine + 1);
}

/* (entry, scope): the coroutine at hand has begun it and not returned. */
static int settle_spare(lua_State *L) {
  sio_lua *state = sio_lua_get(L);
  lua_State *co = state->spare;
  lua_rawgeti(L, LUA_REGISTRYINDEX, state->spare_ref);
  let_go(L, state, co);
  settle(L, co, lua_touserdata(L, ENTRY));
  return 0;
}

/* (entry, scope): none is at hand. */
static int begin_in_another(lua_State *L) {
  sio_lua *state = sio_lua_get(L);
  sio_lua_entry *entry = lua_touserdata(L, ENTRY);
  lua_State *co = take(L, state);
  if (begin(L, co, state, SCOPE, entry) == LUA_OK)
    give_back(L, state, co);
  else
    settle(L, co, entry);
  return 0;
}

int sio_lua_begin_task(sio_lua *state, sio_lua_entry *entry) {
  lua_State *L = state->L;
  bool is_at_hand = state->is_spare_idle;
  int err = 0;
  if (state->is_silent)
    return 0;
  if (!lua_checkstack(L, SCOPE))
    return SIO_ENOMEM;
  lua_rawgeti(L, LUA_REGISTRYINDEX, entry->scope);
  state->is_spare_idle = false;
  if (!is_at_hand) {
    err = sio_lua_call_with(state, begin_in_another, entry, 1);
  } else if (begin(L, state->spare, state, lua_gettop(L), entry) != LUA_OK) {
    err = sio_lua_call_with(state, settle_spare, entry, 1);
  } else {
    state->is_spare_idle = true;
    lua_pop(L, 1);
  }
  run_deferred(L, state);
  return err;
}

/* --- for Lua --- */

static int run_task(lua_State *L) {
  luaL_checktype(L, 4, LUA_TFUNCTION);
  lua_pushboolean(L, sio_lua_run_task(L, sio_lua_get(L), 1, lua_gettop(L) - 4));
  return 1;
}

/* Pushes the three values that a coroutine's task is about, and forgets them; false if it is no
 * task. */
static bool push_about(lua_State *L, int co) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &waiting_key);
  lua_pushvalue(L, co);
  if (lua_rawget(L, -2) == LUA_TNIL)
    return false;
  for (int i = 1; i <= ABOUT; i++)
    lua_rawgeti(L, -i, i);
  lua_pushvalue(L, co);
  lua_pushnil(L);
  lua_rawset(L, -ABOUT - 4);
  return true;
}

/* wake(fallback scope, coroutine, ...) */
static int wake(lua_State *L) {
  luaL_checktype(L, 2, LUA_TTHREAD);
  lua_State *co = lua_tothread(L, 2);
  sio_lua *state = sio_lua_get(L);
  int nargs = lua_gettop(L) - 2;
  if (lua_status(co) != LUA_YIELD)
    return 0; /* the application has closed it */
  luaL_checkstack(L, 16, NULL);
  if (!lua_checkstack(co, nargs + LUA_MINSTACK))
    return luaL_error(L, "not enough memory");
  lua_xmove(L, co, nargs);
  if (push_about(L, 2)) {
    int about = lua_gettop(L) - ABOUT + 1;
    lua_pushvalue(L, 2);
    resume(L, co, state, about, nargs);
    run_deferred(L, state);
    return 0;
  }
  int results = 0;
  int status = lua_resume(co, L, nargs, &results);
  lua_settop(L, 2);
  if (status == LUA_OK || status == LUA_YIELD) {
    lua_pop(co, results);
    return 0;
  }
  lua_pushvalue(L, 1);
  lua_pushliteral(L, "handler");
  lua_pushnil(L);
  lua_pushvalue(L, 2);
  fail(L, co, 3);
  return 0;
}

static int scope(lua_State *L) {
  const struct sio_lua_task *task = sio_lua_get(L)->task;
  if (task == NULL || task->L == NULL)
    return 0;
  if (!lua_checkstack(task->L, 1))
    return luaL_error(L, "not enough memory");
  lua_pushvalue(task->L, task->about);
  lua_xmove(task->L, L, 1);
  return 1;
}

void sio_lua_open_task(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"task", run_task}, {"wake", wake}, {"scope", scope}, {NULL, NULL}};
  sio_lua *state = sio_lua_get(L);
  state->deferred = state->deferred_end = 1;
  lua_newtable(L);
  state->pool = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_pushboolean(L, 0);
  state->spare_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_newtable(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &deferred_key);
  lua_newtable(L);
  lua_createtable(L, 0, 1);
  lua_pushliteral(L, "k");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &waiting_key);
  luaL_setfuncs(L, functions, 0);
}
