/* A Lua state that has the value functions as the global table sio. */
#ifndef SPEC_UNIT_LUA_FIXTURE_H
#define SPEC_UNIT_LUA_FIXTURE_H

#include <lauxlib.h>
#include <lualib.h>

#include "fail_alloc.h"
#include "lua/values.h"

/*
 * Lua's allocator on top of fail_alloc.h. Lua answers a failure with a collection and another try,
 * so after one of its own has failed all fail, save those that make a block smaller.
 */
static inline void *lua_fixture_alloc(void *ctx, void *ptr, size_t old, size_t size) {
  static bool is_out_of_memory;
  (void)ctx;
  is_out_of_memory &= fail_alloc_has_failed();
  bool grows = size > 0 && (ptr == NULL || size > old);
  if (is_out_of_memory && grows)
    return NULL;
  void *block = fail_alloc_call(&fail_alloc_now, ptr, size);
  is_out_of_memory |= grows && block == NULL;
  return block;
}

static inline int lua_fixture_set_up(void **state) {
  fail_alloc_at(0);
  lua_State *L = lua_newstate(lua_fixture_alloc, NULL);
  if (L == NULL)
    return -1;
  luaL_openlibs(L);
  lua_newtable(L);
  sio_lua_open_values(L);
  lua_setglobal(L, "sio");
  *state = L;
  return 0;
}

static inline int lua_fixture_tear_down(void **state) {
  int top = lua_gettop(*state);
  lua_close(*state);
  return fail_alloc_now.live == 0 && top == 0 ? 0 : -1;
}

/* Pushes what the expression list gives. */
static inline void lua_fixture_eval(lua_State *L, const char *expressions) {
  lua_pushfstring(L, "return %s", expressions);
  if (luaL_loadstring(L, lua_tostring(L, -1)) != LUA_OK)
    fail_msg("%s: %s", expressions, lua_tostring(L, -1));
  lua_remove(L, -2);
  if (lua_pcall(L, 0, LUA_MULTRET, 0) != LUA_OK)
    fail_msg("%s: %s", expressions, lua_tostring(L, -1));
}

#endif
