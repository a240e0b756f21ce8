#include "lua/encoding.h"

#include <stdint.h>

#include <lauxlib.h>

#include "base/alloc.h"
#include "base/error.h"

enum {
  FIRST_ATTACHMENTS = 8,
  KEPT_TEXT = 65536, /* what an idle encoding may hold on to */
  KEPT_ATTACHMENTS = 256,
};

/* Their addresses name values in the registry. */
static const char class_key; /* the metatable of encodings */
static const char kept_key;  /* the encoding of the last who found none idle, or nil */

void sio_lua_encoding_deinit(sio_lua_encoding *encoding) {
  sio_buf_deinit(&encoding->text);
  sio_free(encoding->attachments);
  *encoding = (sio_lua_encoding){0};
}

static int grow(sio_lua_encoding *encoding) {
  size_t cap = encoding->cap > 0 ? encoding->cap * 2 : FIRST_ATTACHMENTS;
  if (cap > SIZE_MAX / sizeof(sio_bytes))
    return SIO_ENOMEM;
  sio_bytes *attachments = sio_realloc(encoding->attachments, cap * sizeof(sio_bytes));
  if (attachments == NULL)
    return SIO_ENOMEM;
  encoding->attachments = attachments;
  encoding->cap = cap;
  return 0;
}

int sio_lua_encoding_attach(sio_lua_encoding *encoding, sio_bytes bytes) {
  if (encoding->count == encoding->cap && grow(encoding) != 0)
    return SIO_ENOMEM;
  encoding->attachments[encoding->count++] = bytes;
  return 0;
}

static int collect(lua_State *L) {
  sio_lua_encoding_deinit(lua_touserdata(L, 1));
  return 0;
}

static void push_class(lua_State *L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &class_key) == LUA_TTABLE)
    return;
  lua_pop(L, 1);
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, collect);
  lua_setfield(L, -2, "__gc");
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &class_key);
}

/* Makes another that is kept, and pushes it. */
static sio_lua_encoding *make(lua_State *L) {
  sio_lua_encoding *encoding = lua_newuserdatauv(L, sizeof(*encoding), 0);
  *encoding = (sio_lua_encoding){0};
  push_class(L);
  lua_setmetatable(L, -2);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &kept_key);
  return encoding;
}

sio_lua_encoding *sio_lua_encoding_take(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &kept_key);
  sio_lua_encoding *encoding = lua_touserdata(L, -1);
  if (encoding == NULL || encoding->is_taken) {
    lua_pop(L, 1);
    encoding = make(L);
  }
  encoding->is_taken = true;
  return encoding;
}

void sio_lua_encoding_give(lua_State *L, int idx) {
  sio_lua_encoding *encoding = lua_touserdata(L, idx);
  if (encoding->text.cap > KEPT_TEXT || encoding->cap > KEPT_ATTACHMENTS)
    sio_lua_encoding_deinit(encoding);
  sio_buf_clear(&encoding->text);
  encoding->count = 0;
  encoding->is_taken = false;
}
