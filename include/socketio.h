/*
 * socketio for programs in C that have a Lua state in them. docs/embedding.md tells how.
 *
 * The library starts no thread, installs no signal handler, writes to no stream that it was not
 * given, and keeps nothing outside of the Lua state: two states in one process are two servers. What
 * it has made is freed when the Lua state closes. One state belongs to one thread at a time.
 */
#ifndef SOCKETIO_H
#define SOCKETIO_H

#include <stddef.h>

#include <lua.h>

#ifdef __cplusplus
extern "C" {
#endif

struct uv_loop_s;

/*
 * Pushes the module, as require "socketio" does; its Lua half is in the library. Lua's own libraries
 * must be open (luaL_openlibs). For luaL_requiref(L, "socketio", luaopen_socketio, 0). Raises when
 * memory runs out.
 */
int luaopen_socketio(lua_State *L);

/*
 * Before luaopen_socketio: its handles live in this loop, which the host turns. Borrowed: it outlives
 * the Lua state, and after lua_close it has to be turned once more (uv_run, in any mode) before
 * uv_loop_close: that frees the last. Handles of others in it are left alone. Scripts cannot turn it
 * (socketio.run, step and poll raise). Returns 0, or -1 when the library is open already. Raises when
 * memory runs out.
 */
int sio_set_loop(lua_State *L, struct uv_loop_s *loop);

/*
 * Handles what is ready, and never waits: one turn of the loop at least, and more while there is
 * something to do and budget_ms (milliseconds) last. For programs with a loop of frames, or of any
 * kind; from outside of Lua's handlers. Returns 1 while anything is active, 0 when nothing is, -1
 * when the library is not open or this is called from a handler. Raises nothing.
 */
int sio_poll(lua_State *L, unsigned budget_ms);

/*
 * Gets every line that the library has to say: area is "error" for errors of handlers that no onError
 * takes, else the part that tells what happens ("http", "engine", "socket", ...), as SOCKETIO_DEBUG=*
 * would show. Both are borrowed for the call. Without a sink errors go to standard error.
 */
typedef void (*sio_log_fn)(void *ctx, const char *area, const char *line);

/* Before luaopen_socketio. Returns 0, or -1 when it is open already. Raises when memory runs out. */
int sio_set_log(lua_State *L, sio_log_fn write, void *ctx);

/* As realloc: (NULL, n) allocates, (p, n) resizes, (p, 0) frees and returns NULL. NULL: no memory,
 * which the library survives. */
typedef void *(*sio_alloc_fn)(void *ctx, void *ptr, size_t size);

/*
 * The library's own memory; Lua's is that of lua_newstate, libuv's that of uv_replace_allocator. The
 * one setting for the whole process (NULL: libc's): to be made before anything is allocated.
 */
void sio_set_allocator(sio_alloc_fn fn, void *ctx);

#ifdef __cplusplus
}
#endif

#endif
