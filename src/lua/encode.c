#include "lua/encode.h"

#include <math.h>

#include "base/error.h"
#include "lua/binary.h"
#include "lua/number.h"
#include "lua/text.h"
#include "lua/walk.h"

typedef struct encoder {
  sio_lua_walk walk;
  sio_lua_encoding *out;
} encoder;

static const char invalid_string[] = "a string that is not valid UTF-8";

static int encode_value(encoder *e, int type);

/* ---- text ---- */

static inline bool reserve(encoder *e, size_t n) {
  sio_buf *text = &e->out->text;
  return n <= text->cap - text->len || sio_buf_reserve(text, n) == 0;
}

/* For bytes that have been reserved. */
static inline void put(encoder *e, char c) {
  e->out->text.base[e->out->text.len++] = c;
}

static inline void append(encoder *e, const char *base, size_t len) {
  memcpy(e->out->text.base + e->out->text.len, base, len);
  e->out->text.len += len;
}

static int encode_word(encoder *e, sio_bytes word) {
  if (!reserve(e, word.len))
    return sio_lua_walk_fail_memory(&e->walk);
  append(e, word.base, word.len);
  return 0;
}

static inline int encode_char(encoder *e, char c) {
  if (!reserve(e, 1))
    return sio_lua_walk_fail_memory(&e->walk);
  put(e, c);
  return 0;
}

/* The string at idx; what calls it in the message if it is not valid. */
static int encode_string(encoder *e, int idx, const char *what) {
  size_t len;
  const char *base = lua_tolstring(e->walk.L, idx, &len);
  int err = sio_text_quote(&e->out->text, sio_bytes_of(base, len));
  if (err == SIO_EUTF8)
    return sio_lua_walk_fail(&e->walk, err, what, "; socketio.binary(s) sends bytes");
  return err == 0 ? 0 : sio_lua_walk_fail_memory(&e->walk);
}

static int encode_number(encoder *e, int idx) {
  if (!reserve(e, SIO_NUMBER_SIZE))
    return sio_lua_walk_fail_memory(&e->walk);
  sio_buf *text = &e->out->text;
  if (lua_isinteger(e->walk.L, idx)) {
    text->len += sio_integer_write(text->base + text->len, lua_tointeger(e->walk.L, idx));
    return 0;
  }
  lua_Number real = lua_tonumber(e->walk.L, idx);
  if (!isfinite(real))
    return encode_word(e, SIO_BYTES("null"));
  text->len += sio_real_write(text->base + text->len, real);
  return 0;
}

/* ---- binary ---- */

/* An argument is anchored by the caller's stack. */
static int encode_binary(encoder *e, sio_bytes bytes, bool is_argument) {
  static const char head[] = "{\"_placeholder\":true,\"num\":";
  if (e->walk.name != NULL)
    return sio_lua_walk_fail(&e->walk, SIO_EINVAL, "a Binary",
                             "; only events and acknowledgements carry it");
  if (!is_argument)
    sio_lua_walk_anchor(&e->walk);
  if (!reserve(e, sizeof(head) + SIO_NUMBER_SIZE))
    return sio_lua_walk_fail_memory(&e->walk);
  sio_buf *text = &e->out->text;
  append(e, head, sizeof(head) - 1);
  text->len += sio_integer_write(text->base + text->len, (int64_t)e->out->count);
  put(e, '}');
  return sio_lua_encoding_attach(e->out, bytes) == 0 ? 0 : sio_lua_walk_fail_memory(&e->walk);
}

/* ---- tables; each is on top of the stack and stays there ---- */

static int encode_array(encoder *e, lua_Integer length) {
  lua_State *L = e->walk.L;
  int err = encode_char(e, '[');
  for (lua_Integer i = 1; err == 0 && i <= length; i++) {
    sio_lua_walk_step(&e->walk)->index = i;
    int type = lua_rawgeti(L, -1, i);
    if ((i > 1 && (err = encode_char(e, ',')) != 0) || (err = encode_value(e, type)) != 0)
      return err;
    lua_pop(L, 1);
  }
  return err != 0 ? err : encode_char(e, ']');
}

static int encode_numeric_key(encoder *e, int idx) {
  lua_Number key = lua_tonumber(e->walk.L, idx);
  if (!isfinite(key))
    return encode_word(e, key > 0 ? SIO_BYTES("\"Infinity\"") : SIO_BYTES("\"-Infinity\""));
  int err = encode_char(e, '"');
  if (err == 0)
    err = encode_number(e, idx);
  return err != 0 ? err : encode_char(e, '"');
}

static int encode_key(encoder *e, int idx) {
  sio_lua_walk *walk = &e->walk;
  switch (lua_type(walk->L, idx)) {
  case LUA_TSTRING:
    walk->depth--; /* if it fails, the place is the table's */
    int err = encode_string(e, idx, "a key that is not valid UTF-8");
    walk->depth++;
    return err;
  case LUA_TNUMBER:
    return encode_numeric_key(e, idx);
  default:
    return sio_lua_walk_fail_key(walk, idx);
  }
}

static int encode_object(encoder *e) {
  lua_State *L = e->walk.L;
  int table = lua_gettop(L);
  sio_lua_walk_step(&e->walk)->key = table + 1;
  int err = encode_char(e, '{');
  bool is_first = true;
  for (lua_pushnil(L); err == 0 && lua_next(L, table) != 0; lua_pop(L, 1)) {
    if (!is_first && (err = encode_char(e, ',')) != 0)
      return err;
    is_first = false;
    if ((err = encode_key(e, table + 1)) != 0 || (err = encode_char(e, ':')) != 0 ||
        (err = encode_value(e, lua_type(L, -1))) != 0)
      return err;
  }
  return err != 0 ? err : encode_char(e, '}');
}

static int encode_table(encoder *e) {
  lua_Integer length;
  int err = sio_lua_walk_enter(&e->walk, &length);
  if (err == 0)
    err = length == SIO_WALK_OBJECT ? encode_object(e) : encode_array(e, length);
  if (err == 0)
    sio_lua_walk_leave(&e->walk);
  return err;
}

static int encode_light(encoder *e) {
  if (sio_lua_is_null(e->walk.L, -1))
    return encode_word(e, SIO_BYTES("null"));
  if (sio_lua_walk_is_empty_array(&e->walk))
    return encode_word(e, SIO_BYTES("[]"));
  return sio_lua_walk_fail_type(&e->walk, -1);
}

/* The value of that type on top of the stack, as it is. */
static int encode_plain(encoder *e, int type) {
  lua_State *L = e->walk.L;
  sio_bytes bytes;
  switch (type) {
  case LUA_TNIL:
    return encode_word(e, SIO_BYTES("null"));
  case LUA_TBOOLEAN:
    return encode_word(e, lua_toboolean(L, -1) ? SIO_BYTES("true") : SIO_BYTES("false"));
  case LUA_TNUMBER:
    return encode_number(e, -1);
  case LUA_TSTRING:
    return encode_string(e, -1, invalid_string);
  case LUA_TTABLE:
    return encode_table(e);
  case LUA_TLIGHTUSERDATA:
    return encode_light(e);
  default:
    if (sio_lua_binary_test(L, -1, &bytes))
      return encode_binary(e, bytes, false);
    return sio_lua_walk_fail_type(&e->walk, -1);
  }
}

/* The value of that type on top of the stack, where it stays. A Binary has no hooks. */
static int encode_value(encoder *e, int type) {
  sio_bytes bytes;
  if (type == LUA_TUSERDATA && sio_lua_binary_test(e->walk.L, -1, &bytes))
    return encode_binary(e, bytes, e->walk.depth == 0);
  if ((type != LUA_TTABLE && type != LUA_TUSERDATA) || !sio_lua_walk_replace(&e->walk))
    return encode_plain(e, type);
  int err = encode_plain(e, lua_type(e->walk.L, -1));
  if (err == 0)
    lua_pop(e->walk.L, 1);
  return err;
}

/* ---- entry points ---- */

/* The value at index i. A string, as most are, is encoded where it stands. */
static int encode_argument(encoder *e, int i) {
  lua_State *L = e->walk.L;
  int type = lua_type(L, i);
  if (type == LUA_TSTRING)
    return encode_string(e, i, invalid_string);
  lua_pushvalue(L, i);
  int err = encode_value(e, type);
  if (err == 0)
    lua_pop(L, 1);
  return err;
}

int sio_lua_encode_args(lua_State *L, int first, int last, int number, sio_lua_encoding *encoding) {
  encoder e;
  e.out = encoding;
  sio_lua_walk_start(&e.walk, L, NULL);
  int err = encode_char(&e, '[');
  for (int i = first; err == 0 && i <= last; i++) {
    e.walk.number = number + (i - first);
    if (i > first)
      err = encode_char(&e, ',');
    if (err == 0)
      err = encode_argument(&e, i);
  }
  return sio_lua_walk_finish(&e.walk, err != 0 ? err : encode_char(&e, ']'));
}

int sio_lua_encode_value(lua_State *L, int idx, const char *name, sio_lua_encoding *encoding) {
  idx = lua_absindex(L, idx);
  encoder e;
  e.out = encoding;
  sio_lua_walk_start(&e.walk, L, name);
  lua_pushvalue(L, idx);
  return sio_lua_walk_finish(&e.walk, encode_value(&e, lua_type(L, -1)));
}
