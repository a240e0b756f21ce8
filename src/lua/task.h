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

#include "lua/state.h"

/*
 * Runs the function on top of the stack, below its nargs arguments, until it returns, fails or
 * waits; pops them. The three values it is about stand at the index about and above. False if it
 * has failed already; the error has been reported then. May raise memory errors, and what _fail
 * raises.
 */
bool sio_lua_run_task(lua_State *L, sio_lua *state, int about, int nargs);

/*
 * Sets into the table on top of the stack:
 *   task(scope, phase, event, fn, ...) -> false if it has failed already
 *   wake(coroutine, ...)  resumes one that waits: of a task, or made by the application
 *   scope() -> the scope of the task that runs, or nil
 */
void sio_lua_open_task(lua_State *L);

#endif
