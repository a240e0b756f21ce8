/* Methods that stay bound to their object. */
#ifndef SIO_LUA_BIND_H
#define SIO_LUA_BIND_H

#include <lua.h>

/*
 * Sets bind(object, method) into the table on top of the stack: a function that calls method with
 * object as its first argument, whether it is called as object:name(...) or object.name(...).
 * Methods may yield. And briefIndex(methods, getters): the function __index of a class whose
 * objects do not keep the methods that are bound.
 */
void sio_lua_open_bind(lua_State *L);

#endif
