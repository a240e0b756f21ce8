/* The loop as Lua sees it: run, stop, step, poll, fd, timeout, now, timer. */
#ifndef SIO_LUA_LOOP_H
#define SIO_LUA_LOOP_H

#include <lua.h>

#include <stdint.h>

/* Sets the functions into the table on top of the stack. */
void sio_lua_open_loop(lua_State *L);

/* The real time: ms since 1970. */
int64_t sio_lua_date(void);

#endif
