#include "lua/pack.h"

#include <math.h>

#include "base/error.h"
#include "base/msgpack.h"
#include "base/utf8.h"
#include "lua/binary.h"
#include "lua/number.h"
#include "lua/walk.h"

typedef struct packer {
  sio_lua_walk walk;
  sio_buf *out;
} packer;

static int pack_value(packer *p);

/* ---- bytes ---- */

/* Room for a head or a number, and n bytes behind it. */
static inline bool reserve(packer *p, size_t n) {
  sio_buf *out = p->out;
  if (n > SIZE_MAX - SIO_MSGPACK_HEAD)
    return false;
  n += SIO_MSGPACK_HEAD;
  return n <= out->cap - out->len || sio_buf_reserve(out, n) == 0;
}

/* Where the next byte goes that was reserved. */
static inline char *end_of(packer *p) {
  return p->out->base + p->out->len;
}

static int pack_byte(packer *p, int byte) {
  if (!reserve(p, 0))
    return sio_lua_walk_fail_memory(&p->walk);
  *end_of(p) = (char)byte;
  p->out->len++;
  return 0;
}

static int pack_nil(packer *p) {
  return pack_byte(p, 0xc0);
}

typedef size_t (*head_writer)(char *out, uint32_t n);

/* The head of what has a length or a count, with room for that many bytes behind. */
static int pack_head(packer *p, head_writer write, uint64_t n, size_t room) {
  if (n > UINT32_MAX)
    return sio_lua_walk_fail(&p->walk, SIO_ELIMIT, "more than 4 GiB", "");
  if (!reserve(p, room))
    return sio_lua_walk_fail_memory(&p->walk);
  p->out->len += write(end_of(p), (uint32_t)n);
  return 0;
}

static int pack_bytes(packer *p, head_writer write, sio_bytes bytes) {
  int err = pack_head(p, write, bytes.len, bytes.len);
  if (err == 0 && bytes.len > 0) {
    memcpy(end_of(p), bytes.base, bytes.len);
    p->out->len += bytes.len;
  }
  return err;
}

/* ---- scalars ---- */

static bool is_whole(double real) {
  return real >= -0x1p63 && real < 0x1p63 && floor(real) == real;
}

static int pack_number(packer *p) {
  lua_State *L = p->walk.L;
  if (!reserve(p, 0))
    return sio_lua_walk_fail_memory(&p->walk);
  double real = lua_tonumber(L, -1);
  if (lua_isinteger(L, -1))
    p->out->len += sio_msgpack_integer(end_of(p), lua_tointeger(L, -1));
  else if (is_whole(real))
    p->out->len += sio_msgpack_integer(end_of(p), (int64_t)real);
  else
    p->out->len += sio_msgpack_real(end_of(p), real);
  return 0;
}

/* The string at idx; what calls it in the message if it is not valid. */
static int pack_string(packer *p, int idx, const char *what) {
  sio_bytes text;
  text.base = lua_tolstring(p->walk.L, idx, &text.len);
  if (!sio_utf8_is_valid(text))
    return sio_lua_walk_fail(&p->walk, SIO_EUTF8, what, "; socketio.binary(s) sends bytes");
  return pack_bytes(p, sio_msgpack_text, text);
}

/* ---- tables; each is on top of the stack and stays there ---- */

static int pack_array(packer *p, lua_Integer length) {
  lua_State *L = p->walk.L;
  int err = pack_head(p, sio_msgpack_array, (uint64_t)length, 0);
  for (lua_Integer i = 1; err == 0 && i <= length; i++) {
    sio_lua_walk_step(&p->walk)->index = i;
    lua_rawgeti(L, -1, i);
    err = pack_value(p);
    if (err == 0)
      lua_pop(L, 1);
  }
  return err;
}

static int pack_numeric_key(packer *p, int idx) {
  char text[SIO_NUMBER_SIZE];
  lua_State *L = p->walk.L;
  double real = lua_tonumber(L, idx);
  if (!isfinite(real))
    return pack_bytes(p, sio_msgpack_text,
                      real > 0 ? SIO_BYTES("Infinity") : SIO_BYTES("-Infinity"));
  size_t len = lua_isinteger(L, idx) ? sio_integer_write(text, lua_tointeger(L, idx))
                                     : sio_real_write(text, real);
  return pack_bytes(p, sio_msgpack_text, sio_bytes_of(text, len));
}

static int pack_key(packer *p, int idx) {
  sio_lua_walk *walk = &p->walk;
  switch (lua_type(walk->L, idx)) {
  case LUA_TSTRING:
    walk->depth--; /* if it fails, the place is the table's */
    int err = pack_string(p, idx, "a key that is not valid UTF-8");
    walk->depth++;
    return err;
  case LUA_TNUMBER:
    return pack_numeric_key(p, idx);
  default:
    return sio_lua_walk_fail_key(walk, idx);
  }
}

static uint64_t count_members(lua_State *L) {
  uint64_t count = 0;
  for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1))
    count++;
  return count;
}

/* The program may change the table while it is asked what replaces a value in it. */
static int pack_map(packer *p) {
  lua_State *L = p->walk.L;
  int table = lua_gettop(L);
  uint64_t left = count_members(L);
  sio_lua_walk_step(&p->walk)->key = table + 1;
  int err = pack_head(p, sio_msgpack_map, left, 0);
  for (lua_pushnil(L); err == 0 && lua_next(L, table) != 0; left--) {
    err = pack_key(p, table + 1);
    if (err == 0)
      err = pack_value(p);
    if (err == 0)
      lua_pop(L, 1);
  }
  if (err != 0 || left == 0)
    return err;
  sio_lua_walk_leave(&p->walk);
  return sio_lua_walk_fail(&p->walk, SIO_EINVAL, "a table that changes meanwhile", "");
}

static int pack_table(packer *p) {
  lua_Integer length;
  int err = sio_lua_walk_enter(&p->walk, &length);
  if (err == 0)
    err = length == SIO_WALK_OBJECT ? pack_map(p) : pack_array(p, length);
  if (err == 0)
    sio_lua_walk_leave(&p->walk);
  return err;
}

static int pack_light(packer *p) {
  if (sio_lua_is_null(p->walk.L, -1))
    return pack_nil(p);
  if (sio_lua_walk_is_empty_array(&p->walk))
    return pack_head(p, sio_msgpack_array, 0, 0);
  return sio_lua_walk_fail_type(&p->walk, -1);
}

/* The value on top of the stack, as it is. */
static int pack_plain(packer *p) {
  lua_State *L = p->walk.L;
  sio_bytes bytes;
  switch (lua_type(L, -1)) {
  case LUA_TNIL:
    return pack_nil(p);
  case LUA_TBOOLEAN:
    return pack_byte(p, lua_toboolean(L, -1) ? 0xc3 : 0xc2);
  case LUA_TNUMBER:
    return pack_number(p);
  case LUA_TSTRING:
    return pack_string(p, -1, "a string that is not valid UTF-8");
  case LUA_TTABLE:
    return pack_table(p);
  case LUA_TLIGHTUSERDATA:
    return pack_light(p);
  default:
    if (sio_lua_binary_test(L, -1, &bytes))
      return pack_bytes(p, sio_msgpack_binary, bytes);
    return sio_lua_walk_fail_type(&p->walk, -1);
  }
}

/* The value on top of the stack, where it stays. */
static int pack_value(packer *p) {
  int type = lua_type(p->walk.L, -1);
  if ((type != LUA_TTABLE && type != LUA_TUSERDATA) || !sio_lua_walk_replace(&p->walk))
    return pack_plain(p);
  int err = pack_plain(p);
  if (err == 0)
    lua_pop(p->walk.L, 1);
  return err;
}

/* ---- entry points ---- */

int sio_lua_pack_args(lua_State *L, int first, int last, int number, sio_lua_encoding *encoding) {
  packer p;
  p.out = &encoding->text;
  sio_lua_walk_start(&p.walk, L, NULL);
  int err = pack_head(&p, sio_msgpack_array, (uint64_t)(last - first + 1), 0);
  for (int i = first; err == 0 && i <= last; i++) {
    p.walk.number = number + (i - first);
    lua_pushvalue(L, i);
    err = pack_value(&p);
    if (err == 0)
      lua_pop(L, 1);
  }
  return sio_lua_walk_finish(&p.walk, err);
}

int sio_lua_pack_value(lua_State *L, int idx, const char *name, sio_lua_encoding *encoding) {
  idx = lua_absindex(L, idx);
  packer p;
  p.out = &encoding->text;
  sio_lua_walk_start(&p.walk, L, name);
  lua_pushvalue(L, idx);
  return sio_lua_walk_finish(&p.walk, pack_value(&p));
}
