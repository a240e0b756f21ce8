#include "lua/decode.h"

#include <lauxlib.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "lua/binary.h"
#include "lua/number.h"
#include "lua/text.h"
#include "lua/values.h"

enum {
  SLOTS = 8,  /* of Lua's stack that a value needs, beside what waits for its table */
  BATCH = 64, /* keys and values that wait on the stack for a table made to measure */
};

typedef struct decoder {
  lua_State *L;
  const char *at, *end;
  int array_mt; /* on the stack: the metatable of arrays, once one was met */
  int binaries; /* on the stack: of one attachment its Binary, of more a table of them, once made */
  const sio_bytes *attachments;
  size_t count;
  int depth;
  const char *reason;
} decoder;

static int fail(decoder *d, int code, const char *reason) {
  d->reason = reason;
  return code;
}

static int fail_here(decoder *d) {
  return fail(d, SIO_EPARSE, d->at == d->end ? "unexpected end" : "unexpected character");
}

/* ---- scalars ---- */

static inline bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* The next byte that is no white space; '\0' at the end, which is no token either. */
static inline char peek(decoder *d) {
  while (d->at < d->end && is_space(*d->at))
    d->at++;
  return d->at < d->end ? *d->at : '\0';
}

static bool read_word(decoder *d, sio_bytes word) {
  if (!sio_bytes_starts(sio_bytes_of(d->at, (size_t)(d->end - d->at)), word))
    return false;
  d->at += word.len;
  return true;
}

static inline bool is_number_start(char c) {
  return c == '-' || (c >= '0' && c <= '9');
}

static int read_number(decoder *d) {
  sio_number number;
  const char *end = sio_number_read(d->at, d->end, &number);
  if (end == NULL)
    return fail(d, SIO_EPARSE, "malformed number");
  d->at = end;
  if (number.is_integer)
    lua_pushinteger(d->L, number.integer);
  else
    lua_pushnumber(d->L, number.real);
  return 0;
}

/* ---- strings ---- */

/* A function of its own, for the buffer's size on the C stack. */
static __attribute__((noinline)) int push_unescaped(decoder *d, const char *at, const char *end) {
  luaL_Buffer buffer;
  char *first = luaL_buffinitsize(d->L, &buffer, (size_t)(end - at));
  char *out = first;
  const char *blame = sio_text_unescape(at, end, &out);
  luaL_pushresultsize(&buffer, (size_t)(out - first));
  if (blame == NULL)
    return 0;
  d->at = blame;
  return fail(d, SIO_EPARSE, "unknown escape");
}

/* d->at is at the opening quote. */
static int read_string(decoder *d) {
  const char *first = ++d->at;
  bool is_ascii = true;
  bool is_plain = true;
  while (true) {
    d->at = sio_text_run(d->at, d->end, &is_ascii);
    if (d->at == d->end)
      return fail_here(d);
    if (*d->at == '"')
      break;
    if (*d->at != '\\')
      return fail(d, SIO_EPARSE, "control character in a string");
    is_plain = false;
    d->at++;
    if (d->at == d->end)
      return fail_here(d);
    d->at++;
  }
  const char *last = d->at++;
  size_t len = (size_t)(last - first);
  if (!is_ascii && !sio_utf8_is_valid(sio_bytes_of(first, len)))
    return fail(d, SIO_EUTF8, "invalid UTF-8");
  if (!is_plain)
    return push_unescaped(d, first, last);
  lua_pushlstring(d->L, first, len);
  return 0;
}

/* ---- arrays and objects ---- */

static int read_value(decoder *d);

/*
 * Values wait on the stack above a slot for their table, so that the table is made with the right
 * size; one that is larger than a batch grows as Lua tables do. Memory follows the text's length.
 */
static int open_table(decoder *d, int *table) {
  if (d->depth == SIO_MAX_DEPTH)
    return fail(d, SIO_ELIMIT, "too deep");
  if (!lua_checkstack(d->L, BATCH + SLOTS))
    return fail(d, SIO_ENOMEM, "out of memory");
  d->depth++;
  d->at++;
  lua_pushnil(d->L);
  *table = lua_gettop(d->L);
  return 0;
}

static void push_array_mt(decoder *d) {
  lua_State *L = d->L;
  if (lua_isnil(L, d->array_mt)) {
    sio_lua_array_mt_push(L);
    lua_replace(L, d->array_mt);
  }
  lua_pushvalue(L, d->array_mt);
}

/* Moves what waits into the array, behind the stored elements. */
static void store_elements(decoder *d, int table, lua_Integer stored, int waiting) {
  lua_State *L = d->L;
  if (stored == 0) {
    lua_createtable(L, waiting, 0);
    push_array_mt(d);
    lua_setmetatable(L, -2);
    lua_replace(L, table);
  }
  for (lua_Integer i = stored + waiting; i > stored; i--)
    lua_rawseti(L, table, i);
}

static int read_array(decoder *d) {
  int table;
  int err = open_table(d, &table);
  if (err != 0)
    return err;
  lua_Integer stored = 0;
  int waiting = 0;
  for (bool is_first = true; is_first ? peek(d) != ']' : peek(d) == ','; is_first = false) {
    if (waiting == BATCH) {
      store_elements(d, table, stored, BATCH);
      stored += BATCH;
      waiting = 0;
    }
    d->at += !is_first;
    if ((err = read_value(d)) != 0)
      return err;
    waiting++;
  }
  if (peek(d) != ']')
    return fail_here(d);
  d->at++;
  d->depth--;
  store_elements(d, table, stored, waiting);
  return 0;
}

/* Moves the keys and values that wait into the object; of equal keys the last wins. */
static void store_members(decoder *d, int table, int waiting) {
  lua_State *L = d->L;
  if (lua_isnil(L, table)) {
    lua_createtable(L, 0, waiting);
    lua_replace(L, table);
  }
  for (int key = table + 1; waiting > 0; key += 2, waiting--) {
    lua_pushvalue(L, key);
    lua_pushvalue(L, key + 1);
    lua_rawset(L, table);
  }
  lua_settop(L, table);
}

/* Pushes the Binary that was made of that number before, or nil. */
static int push_made(decoder *d, lua_Integer num) {
  lua_State *L = d->L;
  if (lua_istable(L, d->binaries))
    return lua_rawgeti(L, d->binaries, num + 1);
  lua_pushvalue(L, d->binaries);
  return lua_type(L, -1);
}

/* Keeps the Binary on top of the stack. */
static void keep_binary(decoder *d, lua_Integer num) {
  lua_State *L = d->L;
  lua_pushvalue(L, -1);
  if (d->count == 1) {
    lua_replace(L, d->binaries);
    return;
  }
  if (lua_isnil(L, d->binaries)) {
    lua_createtable(L, (int)d->count, 0);
    lua_replace(L, d->binaries);
  }
  lua_rawseti(L, d->binaries, num + 1);
}

/* Pushes the Binary of that number, the same each time. */
static int push_binary(decoder *d, lua_Integer num) {
  if (num < 0 || (lua_Unsigned)num >= d->count)
    return fail(d, SIO_EPARSE, "illegal attachments");
  if (push_made(d, num) != LUA_TNIL)
    return 0;
  lua_pop(d->L, 1);
  sio_lua_binary_push(d->L, d->attachments[num]);
  keep_binary(d, num);
  return 0;
}

/* Is a placeholder next, as JavaScript writes it, which needs no table? Then *end is behind it. */
static bool is_placeholder(const decoder *d, const char **end, lua_Integer *num) {
  static const char head[] = "{\"_placeholder\":true,\"num\":";
  if (d->count == 0 || d->depth == SIO_MAX_DEPTH ||
      !sio_bytes_starts(sio_bytes_of(d->at, (size_t)(d->end - d->at)), SIO_BYTES(head)))
    return false;
  const char *at = d->at + sizeof(head) - 1;
  if (d->end - at < 2 || *at < '0' || *at > '9' || at[1] != '}')
    return false;
  *num = *at - '0';
  *end = at + 2;
  return true;
}

/* Puts the Binary in the place of the placeholder on top of the stack; other objects stay. */
static int resolve(decoder *d) {
  lua_State *L = d->L;
  int object = lua_gettop(L);
  lua_pushliteral(L, "_placeholder");
  lua_rawget(L, -2);
  bool is_marked = lua_isboolean(L, -1) && lua_toboolean(L, -1);
  lua_pop(L, 1);
  if (!is_marked)
    return 0;
  lua_pushliteral(L, "num");
  lua_rawget(L, -2);
  int err = push_binary(d, lua_isinteger(L, -1) ? lua_tointeger(L, -1) : -1);
  if (err != 0)
    return err;
  lua_replace(L, object);
  lua_settop(L, object);
  return 0;
}

static int read_member(decoder *d) {
  if (peek(d) != '"')
    return fail_here(d);
  int err = read_string(d);
  if (err != 0)
    return err;
  if (peek(d) != ':')
    return fail_here(d);
  d->at++;
  return read_value(d);
}

static int read_object(decoder *d) {
  const char *end;
  lua_Integer num;
  if (is_placeholder(d, &end, &num)) {
    d->at = end;
    return push_binary(d, num);
  }
  int table;
  int err = open_table(d, &table);
  if (err != 0)
    return err;
  int waiting = 0;
  for (bool is_first = true; is_first ? peek(d) != '}' : peek(d) == ','; is_first = false) {
    if (waiting == BATCH / 2) {
      store_members(d, table, waiting);
      waiting = 0;
    }
    d->at += !is_first;
    if ((err = read_member(d)) != 0)
      return err;
    waiting++;
  }
  if (peek(d) != '}')
    return fail_here(d);
  d->at++;
  d->depth--;
  store_members(d, table, waiting);
  return d->count > 0 ? resolve(d) : 0;
}

/* Pushes the value that comes next. The entry points drop what a failure leaves on the stack. */
static int read_value(decoder *d) {
  lua_State *L = d->L;
  char next = peek(d);
  switch (next) {
  case '"':
    return read_string(d);
  case '{':
    return read_object(d);
  case '[':
    return read_array(d);
  case 't':
    lua_pushboolean(L, 1);
    return read_word(d, SIO_BYTES("true")) ? 0 : fail_here(d);
  case 'f':
    lua_pushboolean(L, 0);
    return read_word(d, SIO_BYTES("false")) ? 0 : fail_here(d);
  case 'n':
    sio_lua_null_push(L);
    return read_word(d, SIO_BYTES("null")) ? 0 : fail_here(d);
  default:
    return is_number_start(next) ? read_number(d) : fail_here(d);
  }
}

/* ---- entry points ---- */

enum { SCRATCH = 2 }; /* slots of the stack below the values */

static void start(decoder *d, lua_State *L, sio_bytes text) {
  luaL_checkstack(L, SLOTS, "to decode");
  *d = (decoder){.L = L, .at = text.base, .end = text.base + text.len};
  lua_pushnil(L);
  lua_pushnil(L);
  d->binaries = lua_gettop(L);
  d->array_mt = d->binaries - 1;
}

static int check_end(decoder *d) {
  peek(d);
  return d->at == d->end ? 0 : fail_here(d);
}

/* Removes the scratch from below the values, or all there is. */
static int finish(decoder *d, sio_bytes text, int err, sio_lua_fault *fault) {
  if (err != 0) {
    *fault = (sio_lua_fault){.reason = d->reason, .at = (size_t)(d->at - text.base)};
    lua_settop(d->L, d->array_mt - 1);
    return err;
  }
  lua_rotate(d->L, d->array_mt, -SCRATCH);
  lua_pop(d->L, SCRATCH);
  return 0;
}

static int read_argument(decoder *d) {
  lua_State *L = d->L;
  int before = lua_gettop(L) - d->binaries;
  if (before == SIO_MAX_ARGUMENTS)
    return fail(d, SIO_ELIMIT, "too many arguments");
  if (before % SLOTS == 0 && !lua_checkstack(L, 2 * SLOTS))
    return fail(d, SIO_ENOMEM, "out of memory");
  int err = read_value(d);
  if (err == 0 && sio_lua_is_null(L, -1)) {
    lua_pop(L, 1);
    lua_pushnil(L);
  }
  return err;
}

static int read_arguments(decoder *d) {
  if (peek(d) != '[')
    return fail_here(d);
  d->at++;
  for (bool is_first = true; is_first ? peek(d) != ']' : peek(d) == ','; is_first = false) {
    d->at += !is_first;
    int err = read_argument(d);
    if (err != 0)
      return err;
  }
  if (peek(d) != ']')
    return fail_here(d);
  d->at++;
  return check_end(d);
}

int sio_lua_decode_args(lua_State *L, sio_bytes text, const sio_bytes *attachments, size_t count,
                        sio_lua_fault *fault) {
  decoder d;
  start(&d, L, text);
  d.attachments = attachments;
  d.count = count;
  int err = read_arguments(&d);
  int values = lua_gettop(L) - d.binaries;
  err = finish(&d, text, err, fault);
  return err != 0 ? err : values;
}

int sio_lua_decode_value(lua_State *L, sio_bytes text, sio_lua_fault *fault) {
  decoder d;
  start(&d, L, text);
  int err = read_value(&d);
  if (err == 0)
    err = check_end(&d);
  return finish(&d, text, err, fault);
}
