/* Whether two Lua values are the same, tables member by member: what a round trip is held to. */
#ifndef FUZZ_SAME_H
#define FUZZ_SAME_H

#include <lauxlib.h>

#include "fuzz.h"

/* Decides on values of which one at least is no table. */
typedef bool (*same_leaf)(lua_State *L, int a, int b);

static inline bool is_same(lua_State *L, int a, int b, same_leaf leaf);

static inline size_t count_members(lua_State *L, int idx) {
  size_t count = 0;
  for (lua_pushnil(L); lua_next(L, idx) != 0; lua_pop(L, 1))
    count++;
  return count;
}

static inline bool is_same_table(lua_State *L, int a, int b, same_leaf leaf) {
  bool has_mt = lua_getmetatable(L, a);
  CHECK(lua_getmetatable(L, b) == has_mt);
  CHECK(!has_mt || lua_rawequal(L, -1, -2));
  lua_pop(L, has_mt ? 2 : 0);
  if (count_members(L, a) != count_members(L, b))
    return false;
  for (lua_pushnil(L); lua_next(L, a) != 0; lua_pop(L, 2)) {
    lua_pushvalue(L, -2);
    lua_rawget(L, b);
    if (!is_same(L, lua_gettop(L) - 1, lua_gettop(L), leaf))
      return false;
  }
  return true;
}

static inline bool is_same(lua_State *L, int a, int b, same_leaf leaf) {
  CHECK(lua_checkstack(L, 8));
  if (lua_type(L, a) == LUA_TTABLE && lua_type(L, b) == LUA_TTABLE)
    return is_same_table(L, a, b, leaf);
  return leaf(L, a, b);
}

#endif
