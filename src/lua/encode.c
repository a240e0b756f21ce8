#include "lua/encode.h"

#include <math.h>

#include <lauxlib.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "lua/binary.h"
#include "lua/number.h"
#include "lua/text.h"
#include "lua/values.h"

enum {
  SLOTS = 16,        /* of Lua's stack that a level may use */
  ALWAYS_DENSE = 10, /* lua-cjson's rule: an array is too sparse if it is longer than this */
  SPARSE_RATIO = 2,  /* and more than this many times longer than what it holds */
  NAMED_LEVELS = 12, /* of a place, in a message */
  NAMED_KEY = 40,    /* bytes of a key there */
};

typedef struct level {
  const void *table;
  lua_Integer index; /* of the element being encoded, if key is 0 */
  int key;           /* where on the stack the member's key is */
} level;

typedef struct encoder {
  lua_State *L;
  sio_lua_encoding *out;
  const char *name; /* of the one value, or NULL for arguments: then number tells which */
  int number;
  int anchors;         /* on the stack: nil or a table of all Binaries met */
  int hooks;           /* on the stack: the strings "__tojson" and "toJSON", once a table was met */
  sio_lua_marks marks; /* likewise */
  int depth;
  level levels[SIO_MAX_DEPTH];
} encoder;

static int encode_value(encoder *e, int type);

/* ---- errors: all leave a message on top of the stack ---- */

static bool is_word(const char *text, size_t len) {
  for (size_t i = 0; i < len; i++) {
    char c = text[i];
    bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (!is_letter && (i == 0 || c < '0' || c > '9'))
      return false;
  }
  return len > 0;
}

static void push_step(lua_State *L, const level *step) {
  if (step->key == 0) {
    lua_pushfstring(L, "[%I]", (LUAI_UACINT)step->index);
  } else if (lua_isinteger(L, step->key)) {
    lua_pushfstring(L, "[%I]", (LUAI_UACINT)lua_tointeger(L, step->key));
  } else if (lua_type(L, step->key) == LUA_TNUMBER) {
    lua_pushfstring(L, "[%f]", (LUAI_UACNUMBER)lua_tonumber(L, step->key));
  } else {
    size_t len;
    const char *key = lua_tolstring(L, step->key, &len);
    bool is_shown = len <= NAMED_KEY && sio_utf8_is_valid(sio_bytes_of(key, len));
    lua_pushfstring(L, is_word(key, len) ? ".%s" : "[\"%s\"]", is_shown ? key : "...");
  }
}

/* Pushes "args[2].user.name". */
static void push_place(encoder *e) {
  luaL_Buffer place;
  luaL_buffinit(e->L, &place);
  if (e->name != NULL)
    lua_pushstring(e->L, e->name);
  else if (e->number == 0)
    lua_pushliteral(e->L, "the event's name");
  else
    lua_pushfstring(e->L, "args[%d]", e->number);
  luaL_addvalue(&place);
  for (int i = 0; i < e->depth && i < NAMED_LEVELS; i++) {
    push_step(e->L, &e->levels[i]);
    luaL_addvalue(&place);
  }
  if (e->depth > NAMED_LEVELS)
    luaL_addstring(&place, "...");
  luaL_pushresult(&place);
}

static int fail(encoder *e, int code, const char *what, const char *hint) {
  push_place(e);
  lua_pushfstring(e->L, "cannot encode %s at %s%s", what, lua_tostring(e->L, -1), hint);
  return code;
}

static int fail_type(encoder *e, int idx, const char *suffix) {
  lua_pushfstring(e->L, "a %s%s", luaL_typename(e->L, idx), suffix);
  return fail(e, SIO_EINVAL, lua_tostring(e->L, -1), "");
}

static int fail_memory(encoder *e) {
  lua_pushstring(e->L, sio_strerror(SIO_ENOMEM));
  return SIO_ENOMEM;
}

/* The path from a table back to itself ends in a cycle; else the value is merely deep. */
static int fail_depth(encoder *e) {
  for (int inner = 1; inner < e->depth; inner++)
    for (int outer = 0; outer < inner; outer++)
      if (e->levels[outer].table == e->levels[inner].table) {
        e->depth = inner;
        return fail(e, SIO_ELIMIT, "a cycle", "");
      }
  lua_pushfstring(e->L, "more than %d levels", SIO_MAX_DEPTH);
  return fail(e, SIO_ELIMIT, lua_tostring(e->L, -1), "");
}

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
    return fail_memory(e);
  append(e, word.base, word.len);
  return 0;
}

static inline int encode_char(encoder *e, char c) {
  if (!reserve(e, 1))
    return fail_memory(e);
  put(e, c);
  return 0;
}

/* The string at idx; what calls it in the message if it is not valid. */
static int encode_string(encoder *e, int idx, const char *what) {
  size_t len;
  const char *base = lua_tolstring(e->L, idx, &len);
  int err = sio_text_quote(&e->out->text, sio_bytes_of(base, len));
  if (err == SIO_EUTF8)
    return fail(e, err, what, "; socketio.binary(s) sends bytes");
  return err == 0 ? 0 : fail_memory(e);
}

static int encode_number(encoder *e, int idx) {
  if (!reserve(e, SIO_NUMBER_SIZE))
    return fail_memory(e);
  sio_buf *text = &e->out->text;
  if (lua_isinteger(e->L, idx)) {
    text->len += sio_integer_write(text->base + text->len, lua_tointeger(e->L, idx));
    return 0;
  }
  lua_Number real = lua_tonumber(e->L, idx);
  if (!isfinite(real))
    return encode_word(e, SIO_BYTES("null"));
  text->len += sio_real_write(text->base + text->len, real);
  return 0;
}

/* ---- binary ---- */

/* Keeps the Binary on top of the stack alive, whatever the program does to where it came from. */
static void anchor(encoder *e) {
  lua_State *L = e->L;
  if (lua_isnil(L, e->anchors)) {
    lua_newtable(L);
    lua_replace(L, e->anchors);
  }
  lua_pushvalue(L, -1);
  lua_rawseti(L, e->anchors, (lua_Integer)lua_rawlen(L, e->anchors) + 1);
}

static int encode_binary(encoder *e, sio_bytes bytes) {
  static const char head[] = "{\"_placeholder\":true,\"num\":";
  if (e->name != NULL)
    return fail(e, SIO_EINVAL, "a Binary", "; only events and acknowledgements carry it");
  anchor(e);
  if (!reserve(e, sizeof(head) + SIO_NUMBER_SIZE))
    return fail_memory(e);
  sio_buf *text = &e->out->text;
  append(e, head, sizeof(head) - 1);
  text->len += sio_integer_write(text->base + text->len, (int64_t)e->out->count);
  put(e, '}');
  return sio_lua_encoding_attach(e->out, bytes) == 0 ? 0 : fail_memory(e);
}

/* ---- tables; each is on top of the stack and stays there ---- */

enum { OBJECT = -1 };

/* The address of the metatable of the value on top of the stack, or NULL. */
static const void *metatable(lua_State *L) {
  if (!lua_getmetatable(L, -1))
    return NULL;
  const void *address = lua_topointer(L, -1);
  lua_pop(L, 1);
  return address;
}

/* Whether the table is an array by its metatable. */
static bool is_array_mt(encoder *e, const void *mt) {
  if (mt == NULL)
    return false;
  if (mt == e->marks.array_mt)
    return true;
  sio_lua_marks_add_cjson(e->L, &e->marks);
  return mt == e->marks.cjson_mt;
}

/*
 * *length is that of the array, or OBJECT. An array has no other keys than indices, unless it is
 * marked: then the others do not count.
 */
static int measure(encoder *e, bool is_marked, lua_Integer *length) {
  lua_State *L = e->L;
  lua_Integer count = 0;
  lua_Integer highest = 0;
  for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
    lua_Integer index = lua_isinteger(L, -2) ? lua_tointeger(L, -2) : 0;
    if (index >= 1) {
      count++;
      highest = index > highest ? index : highest;
    } else if (!is_marked) {
      lua_pop(L, 2);
      *length = OBJECT;
      return 0;
    }
  }
  *length = highest;
  if (highest <= ALWAYS_DENSE || highest <= count * SPARSE_RATIO)
    return 0;
  lua_pushfstring(L, "an excessively sparse array (%I of %I elements)", (LUAI_UACINT)count,
                  (LUAI_UACINT)highest);
  return fail(e, SIO_EINVAL, lua_tostring(L, -1), "");
}

static int encode_array(encoder *e, level *here, lua_Integer length) {
  lua_State *L = e->L;
  int err = encode_char(e, '[');
  for (lua_Integer i = 1; err == 0 && i <= length; i++) {
    here->index = i;
    int type = lua_rawgeti(L, -1, i);
    if ((i > 1 && (err = encode_char(e, ',')) != 0) || (err = encode_value(e, type)) != 0)
      return err;
    lua_pop(L, 1);
  }
  return err != 0 ? err : encode_char(e, ']');
}

static int encode_numeric_key(encoder *e, int idx) {
  lua_Number key = lua_tonumber(e->L, idx);
  if (!isfinite(key))
    return encode_word(e, key > 0 ? SIO_BYTES("\"Infinity\"") : SIO_BYTES("\"-Infinity\""));
  int err = encode_char(e, '"');
  if (err == 0)
    err = encode_number(e, idx);
  return err != 0 ? err : encode_char(e, '"');
}

static int encode_key(encoder *e, int idx) {
  int err;
  e->depth--; /* if it fails, the place is the table's */
  switch (lua_type(e->L, idx)) {
  case LUA_TSTRING:
    err = encode_string(e, idx, "a key that is not valid UTF-8");
    break;
  case LUA_TNUMBER:
    err = encode_numeric_key(e, idx);
    break;
  default:
    err = fail_type(e, idx, " as a key");
  }
  e->depth++;
  return err;
}

static int encode_object(encoder *e, level *here) {
  lua_State *L = e->L;
  int table = lua_gettop(L);
  here->key = table + 1;
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
  lua_State *L = e->L;
  if (e->depth == SIO_MAX_DEPTH)
    return fail_depth(e);
  if (!lua_checkstack(L, SLOTS))
    return fail_memory(e);
  const void *mt = metatable(L);
  bool is_array = is_array_mt(e, mt);
  lua_Integer length;
  int err = measure(e, is_array, &length);
  if (err != 0)
    return err;
  is_array |= length > 0 || (length == 0 && mt != NULL && mt == e->marks.cjson_empty);

  level *here = &e->levels[e->depth++];
  *here = (level){.table = lua_topointer(L, -1)};
  err = is_array ? encode_array(e, here, length) : encode_object(e, here);
  if (err == 0)
    e->depth--;
  return err;
}

static int encode_light(encoder *e) {
  lua_State *L = e->L;
  if (sio_lua_is_null(L, -1))
    return encode_word(e, SIO_BYTES("null"));
  sio_lua_marks_add_cjson(L, &e->marks);
  if (lua_topointer(L, -1) == e->marks.cjson_value)
    return encode_word(e, SIO_BYTES("[]"));
  return fail_type(e, -1, "");
}

/* The value of that type on top of the stack, as it is. */
static int encode_plain(encoder *e, int type) {
  lua_State *L = e->L;
  sio_bytes bytes;
  switch (type) {
  case LUA_TNIL:
    return encode_word(e, SIO_BYTES("null"));
  case LUA_TBOOLEAN:
    return encode_word(e, lua_toboolean(L, -1) ? SIO_BYTES("true") : SIO_BYTES("false"));
  case LUA_TNUMBER:
    return encode_number(e, -1);
  case LUA_TSTRING:
    return encode_string(e, -1, "a string that is not valid UTF-8");
  case LUA_TTABLE:
    return encode_table(e);
  case LUA_TLIGHTUSERDATA:
    return encode_light(e);
  default:
    if (sio_lua_binary_test(L, -1, &bytes))
      return encode_binary(e, bytes);
    return fail_type(e, -1, "");
  }
}

/* ---- hooks ---- */

static bool push_hook_of(encoder *e, int table) {
  lua_State *L = e->L;
  for (int name = e->hooks; name < e->hooks + 2; name++) {
    lua_pushvalue(L, name);
    if (lua_rawget(L, table) == LUA_TFUNCTION)
      return true;
    lua_pop(L, 1);
  }
  return false;
}

/* Pushes the hook of the table or userdata on top of the stack, or nothing. */
static bool push_hook(encoder *e) {
  lua_State *L = e->L;
  int idx = lua_gettop(L);
  if (lua_istable(L, idx) && push_hook_of(e, idx))
    return true;
  if (!lua_getmetatable(L, idx))
    return false;
  bool is_found = push_hook_of(e, idx + 1);
  lua_remove(L, idx + 1);
  return is_found;
}

/* What most payloads do without. */
static void prepare(encoder *e) {
  sio_lua_marks_init(e->L, &e->marks);
  lua_pushliteral(e->L, "__tojson");
  lua_replace(e->L, e->hooks);
  lua_pushliteral(e->L, "toJSON");
  lua_replace(e->L, e->hooks + 1);
}

/* The value of that type on top of the stack, where it stays. */
static int encode_value(encoder *e, int type) {
  lua_State *L = e->L;
  if (type != LUA_TTABLE && type != LUA_TUSERDATA)
    return encode_plain(e, type);
  if (e->marks.array_mt == NULL)
    prepare(e);
  if (metatable(L) == e->marks.array_mt || !push_hook(e))
    return encode_plain(e, type);
  lua_pushvalue(L, -2);
  lua_call(L, 1, 1);
  /* As in JavaScript, the hook of what a hook returns is not called. */
  int err = encode_plain(e, lua_type(L, -1));
  if (err == 0)
    lua_pop(L, 1);
  return err;
}

/* ---- entry points ---- */

/* Pushes the slots that the encoder needs. */
static void start(encoder *e, lua_State *L, sio_lua_encoding *out) {
  luaL_checkstack(L, SLOTS, "to encode");
  int top = lua_gettop(L);
  lua_settop(L, top + 3);
  e->L = L;
  e->out = out;
  e->name = NULL;
  e->number = 0;
  e->anchors = top + 1;
  e->hooks = top + 2;
  e->marks = (sio_lua_marks){0};
  e->depth = 0;
}

/* Leaves one value: the anchors, or the message that is on top. */
static int finish(encoder *e, int err) {
  if (err != 0)
    lua_replace(e->L, e->anchors);
  lua_settop(e->L, e->anchors);
  return err;
}

int sio_lua_encode_args(lua_State *L, int first, int last, int number, sio_lua_encoding *encoding) {
  encoder e;
  start(&e, L, encoding);
  int err = encode_char(&e, '[');
  for (int i = first; err == 0 && i <= last; i++) {
    e.number = number + (i - first);
    lua_pushvalue(L, i);
    if (i > first)
      err = encode_char(&e, ',');
    if (err == 0)
      err = encode_value(&e, lua_type(L, -1));
    if (err == 0)
      lua_pop(L, 1);
  }
  return finish(&e, err != 0 ? err : encode_char(&e, ']'));
}

int sio_lua_encode_value(lua_State *L, int idx, const char *name, sio_lua_encoding *encoding) {
  idx = lua_absindex(L, idx);
  encoder e;
  start(&e, L, encoding);
  e.name = name;
  lua_pushvalue(L, idx);
  return finish(&e, encode_value(&e, lua_type(L, -1)));
}
