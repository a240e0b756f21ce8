#include "lua/json.h"

#include <lauxlib.h>

#include "lua/binary.h"
#include "lua/decode.h"
#include "lua/encode.h"
#include "lua/values.h"

static void push_text(lua_State *L, const sio_lua_encoding *encoding) {
  lua_pushlstring(L, encoding->text.base, encoding->text.len);
}

int sio_lua_json_encode(lua_State *L) {
  luaL_checkany(L, 1);
  lua_settop(L, 1);
  sio_lua_encoding *encoding = sio_lua_encoding_take(L);
  if (sio_lua_encode_value(L, 1, "value", encoding) != 0)
    return lua_error(L);
  push_text(L, encoding);
  sio_lua_encoding_give(L, 2);
  return 1;
}

int sio_lua_json_encode_args(lua_State *L) {
  int count = lua_gettop(L);
  sio_lua_encoding *encoding = sio_lua_encoding_take(L);
  if (sio_lua_encode_args(L, 1, count, 1, encoding) != 0)
    return lua_error(L);
  push_text(L, encoding);
  lua_createtable(L, (int)encoding->count, 0);
  sio_lua_array_mt_push(L);
  lua_setmetatable(L, -2);
  for (size_t i = 0; i < encoding->count; i++) {
    sio_lua_binary_push(L, encoding->attachments[i]);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  sio_lua_encoding_give(L, count + 1);
  return 2;
}

static const char *push_fault(lua_State *L, const sio_lua_fault *fault) {
  return lua_pushfstring(L, "malformed JSON at byte %I: %s", (LUAI_UACINT)fault->at + 1,
                         fault->reason);
}

static sio_bytes check_text(lua_State *L) {
  size_t len;
  const char *base = luaL_checklstring(L, 1, &len);
  return sio_bytes_of(base, len);
}

int sio_lua_json_decode(lua_State *L) {
  sio_bytes text = check_text(L);
  sio_lua_fault fault;
  if (sio_lua_decode_value(L, text, &fault) == 0)
    return 1;
  lua_pushnil(L);
  push_fault(L, &fault);
  return 2;
}

/* The bytes of the list at idx; the array that holds them is pushed. */
static sio_bytes *push_attachments(lua_State *L, int idx, size_t *count) {
  *count = (size_t)luaL_len(L, idx);
  sio_bytes *attachments = lua_newuserdatauv(L, *count * sizeof(sio_bytes), 0);
  for (size_t i = 0; i < *count; i++) {
    lua_geti(L, idx, (lua_Integer)i + 1);
    luaL_argcheck(L, sio_lua_binary_test(L, -1, &attachments[i]), idx, "list of Binary expected");
    lua_pop(L, 1);
  }
  return attachments;
}

int sio_lua_json_decode_args(lua_State *L) {
  sio_bytes text = check_text(L);
  sio_bytes *attachments = NULL;
  size_t count = 0;
  if (!lua_isnoneornil(L, 2))
    attachments = push_attachments(L, 2, &count);
  sio_lua_fault fault;
  int values = sio_lua_decode_args(L, text, attachments, count, &fault);
  if (values >= 0)
    return values;
  push_fault(L, &fault);
  return lua_error(L);
}
