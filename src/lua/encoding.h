/* What an encoding (encode.h) writes to, and the one that a Lua state keeps for the next. */
#ifndef SIO_LUA_ENCODING_H
#define SIO_LUA_ENCODING_H

#include <stdbool.h>

#include <lua.h>

#include "base/buf.h"

typedef struct sio_lua_encoding { /* zeroed is valid and empty */
  sio_buf text;
  sio_bytes *attachments; /* in the order of their placeholders' numbers; borrowed (encode.h) */
  size_t count, cap;
  bool is_taken;
} sio_lua_encoding;

void sio_lua_encoding_deinit(sio_lua_encoding *encoding);

/* 0 or SIO_ENOMEM. */
int sio_lua_encoding_attach(sio_lua_encoding *encoding, sio_bytes bytes);

/*
 * The Lua state's scratch encoding, empty, anchored by a userdata that is pushed. Code that runs
 * while it is taken (__tojson, __gc) and encodes gets another, which is the state's from then on;
 * so one that is not given back, because an error passed by, is left to the collector. [-0, +1, m]
 */
sio_lua_encoding *sio_lua_encoding_take(lua_State *L);

/* The encoding at idx may be taken again; its content is gone. [-0, +0, -] */
void sio_lua_encoding_give(lua_State *L, int idx);

#endif
