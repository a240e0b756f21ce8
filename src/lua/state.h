/*
 * What the binding keeps for one Lua state: its loop, and the
 * thread that is running. Two Lua states share nothing.
 *
 * Calls into Lua go through sio_lua_call alone: protected, with a traceback, on the thread that
 * entered the library last (a hook may fire inside a call made by a coroutine).
 */
#ifndef SIO_LUA_STATE_H
#define SIO_LUA_STATE_H

#include <lauxlib.h>
#include <lua.h>

#include "base/log.h"

#include "net/loop.h"

struct sio_lua_task;

typedef struct sio_lua {
  lua_State *L; /* the thread that runs the library now */
  sio_loop *loop;
  bool is_silent;      /* a server is being freed: nobody hears what that ends */
  bool is_stopping;    /* run is to return after its turn */
  bool is_interrupted; /* the interpreter's Ctrl-C met code of ours, and is to reach the caller of
                          run */
  struct sio_lua_task *task; /* the innermost that runs (task.h), or NULL */
  lua_State *spare;          /* the coroutine at hand, or NULL; the next task's, if */
  bool is_spare_idle;
  int spare_ref;                      /* reference in the registry: that coroutine */
  int pool;                           /* reference in the registry: a list of idle coroutines */
  lua_Integer idle_tasks;             /* in that */
  lua_Integer deferred, deferred_end; /* tasks that wait for the outermost to end: the first, and
                                         behind the last */

  sio_log log;       /* sink of the host's, or for SOCKETIO_DEBUG; log.write NULL when it is off */
  const char *debug; /* areas, from the environment */
} sio_lua;

typedef struct sio_lua_wishes {
  struct uv_loop_s *loop; /* NULL: one of its own */
  sio_log log;
} sio_lua_wishes;

/* What sio_lua_open is to heed; borrowed until then. May raise. */
sio_lua_wishes *sio_lua_wish(lua_State *L);

/* Makes the state of L and anchors it in the registry; raises when it cannot. Leaves the stack as
 * it was. */
sio_lua *sio_lua_open(lua_State *L);

/* The state that L belongs to; NULL before sio_lua_open, and while the Lua state is closing. */
sio_lua *sio_lua_find(lua_State *L);
/* The same. Raises when there is none. */
sio_lua *sio_lua_get(lua_State *L);

/* Marks L as the running thread until sio_lua_leave: around any call that may fire a hook. */
static inline lua_State *sio_lua_enter(sio_lua *state, lua_State *L) {
  lua_State *before = state->L;
  state->L = L;
  return before;
}
static inline void sio_lua_leave(sio_lua *state, lua_State *before) {
  state->L = before;
}

/*
 * Runs fn(L) in a protected call with arg as a light userdata at index 1, and drops what it
 * returns. Returns 0, or SIO_ENOMEM, or SIO_EINVAL for any other error, after reporting it
 * (sio_lua_set_reporter).
 */
int sio_lua_call(sio_lua *state, lua_CFunction fn, void *arg);

/* The same with the count values on top of that thread's stack (popped) at index 2 and above. */
int sio_lua_call_with(sio_lua *state, lua_CFunction fn, void *arg, int count);

/* Errors that reach C go to the Lua function on top of the stack (popped), as (message). */
void sio_lua_set_reporter(lua_State *L);

/* Anchors the value on top of the stack (popped) under key as long as it is not released. Raises.
 */
void sio_lua_anchor(lua_State *L, const void *key);
void sio_lua_release(lua_State *L, const void *key);
/* Pushes the value anchored under key, or nil. */
int sio_lua_anchored(lua_State *L, const void *key);

/* The value on top of the stack (popped) can be found under key while something else keeps it. May
 * raise. */
void sio_lua_remember(lua_State *L, const void *key);
/* Pushes what is remembered under key; nil when it is gone, or being finalised. */
int sio_lua_remembered(lua_State *L, const void *key);

#endif
