/* Headers of an answer, between Lua values and lines. */
#include <string.h>

#include "base/error.h"
#include "lua/http.h"

static bool add(lua_State *L, sio_exchange *exchange, sio_bytes name, int value) {
  sio_bytes text;
  text.base = lua_tolstring(L, value, &text.len);
  int status = text.base != NULL ? sio_exchange_header(exchange, name, text) : SIO_EINVAL;
  if (status == SIO_ENOMEM)
    luaL_error(L, "not enough memory");
  return status == 0;
}

static bool add_list(lua_State *L, sio_exchange *exchange, sio_bytes name, int list) {
  bool all = true;
  for (lua_Integer i = 1; lua_rawgeti(L, list, i) != LUA_TNIL; i++) {
    all = add(L, exchange, name, -1) && all;
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return all;
}

bool sio_lua_set_header(lua_State *L, sio_exchange *exchange, int at) {
  sio_bytes name;
  name.base = luaL_checklstring(L, at, &name.len);
  sio_exchange_remove_header(exchange, name);
  if (lua_isnoneornil(L, at + 1))
    return true;
  if (lua_istable(L, at + 1))
    return add_list(L, exchange, name, at + 1);
  return add(L, exchange, name, at + 1);
}

/* The value on top of the stack joins those of the name below it, in the table at index at; pops
 * both. */
static void join(lua_State *L, int at) {
  lua_pushvalue(L, -2);
  int type = lua_rawget(L, at);
  if (type == LUA_TNIL) {
    lua_pop(L, 1);
    lua_rawset(L, at);
    return;
  }
  if (type != LUA_TTABLE) {
    lua_createtable(L, 2, 0);
    lua_insert(L, -2);
    lua_rawseti(L, -2, 1);
  }
  lua_insert(L, -2);
  lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
  lua_rawset(L, at);
}

void sio_lua_push_headers(lua_State *L, const sio_exchange *exchange) {
  sio_bytes lines = sio_exchange_headers(exchange);
  int at = lua_gettop(L);
  while (lines.len > 0) {
    const char *colon = memchr(lines.base, ':', lines.len);
    const char *end = memchr(lines.base, '\r', lines.len);
    lua_pushlstring(L, lines.base, (size_t)(colon - lines.base));
    lua_pushlstring(L, colon + 2, (size_t)(end - colon - 2));
    join(L, at);
    lines.len -= (size_t)(end + 2 - lines.base);
    lines.base = end + 2;
  }
}
