/*
 * Tasks: what the application hands in (handlers, middlewares, timers, callbacks) runs in a
 * coroutine of its own, so that it may wait without holding up anybody, and its error ends it
 * alone. The coroutines come from a pool: one that has returned is started again with the next
 * function.
 *
 * A task that starts inside of many others runs when the outermost of them has returned or waits.
 *
 * A task is about three values: its scope, an object whose method _fail(phase, event, message,
 * traceback) reports its error; its phase ("handler", ...); and its event's name or nil.
 */
#ifndef SIO_LUA_TASK_H
#define SIO_LUA_TASK_H

#include "base/bytes.h"
#include "lua/state.h"

/*
 * Runs the function on top of the stack, below its nargs arguments, until it returns, fails or
 * waits; pops them. The three values it is about stand at the index about and above. False if it
 * has failed already; the error has been reported then. May raise memory errors, and what _fail
 * raises.
 */
bool sio_lua_run_task(lua_State *L, sio_lua *state, int about, int nargs);

/* A task that begins in C. */
typedef struct sio_lua_entry {
  lua_CFunction fn; /* gets the entry as a light userdata at index 1, its scope at 2 */
  int scope; /* reference in the registry: of the values that the task, a "handler", is about */
  sio_bytes event; /* which fn sets before: a string on its stack */
  bool is_told;    /* fn calls the application: errors are the scope's from now on, and it may
                    * wait */
} sio_lua_entry;

/*
 * Runs it as a task from the start: one entry into Lua where a protected call that runs a task
 * makes two. fn may leave the application's function to wait by lua_callk. Returns 0, or, when fn
 * fails before it is_told, as sio_lua_call.
 */
int sio_lua_begin_task(sio_lua *state, sio_lua_entry *entry);

/*
 * Sets into the table on top of the stack:
 *   task(scope, phase, event, fn, ...) -> false if it has failed already
 *   wake(coroutine, ...)  resumes one that waits: of a task, or made by the application
 *   scope() -> the scope of the task that runs, or nil
 */
void sio_lua_open_task(lua_State *L);

#endif
