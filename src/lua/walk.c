#include "lua/walk.h"

#include <lauxlib.h>

#include "base/error.h"
#include "base/utf8.h"

enum {
  ALWAYS_DENSE = 10, /* lua-cjson's rule: an array is too sparse if it is longer than this */
  SPARSE_RATIO = 2,  /* and more than this many times longer than what it holds */
  NAMED_LEVELS = 12, /* of a place, in a message */
  NAMED_KEY = 40,    /* bytes of a key there */
};

/* ---- errors ---- */

static bool is_word(const char *text, size_t len) {
  for (size_t i = 0; i < len; i++) {
    char c = text[i];
    bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (!is_letter && (i == 0 || c < '0' || c > '9'))
      return false;
  }
  return len > 0;
}

static void push_step(lua_State *L, const sio_lua_step *step) {
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
static void push_place(const sio_lua_walk *walk) {
  luaL_Buffer place;
  luaL_buffinit(walk->L, &place);
  if (walk->name != NULL)
    lua_pushstring(walk->L, walk->name);
  else if (walk->number == 0)
    lua_pushliteral(walk->L, "the event's name");
  else
    lua_pushfstring(walk->L, "args[%d]", walk->number);
  luaL_addvalue(&place);
  for (int i = 0; i < walk->depth && i < NAMED_LEVELS; i++) {
    push_step(walk->L, &walk->steps[i]);
    luaL_addvalue(&place);
  }
  if (walk->depth > NAMED_LEVELS)
    luaL_addstring(&place, "...");
  luaL_pushresult(&place);
}

int sio_lua_walk_fail(const sio_lua_walk *walk, int code, const char *what, const char *hint) {
  push_place(walk);
  lua_pushfstring(walk->L, "cannot encode %s at %s%s", what, lua_tostring(walk->L, -1), hint);
  return code;
}

static int fail_type(const sio_lua_walk *walk, int idx, const char *suffix) {
  lua_pushfstring(walk->L, "a %s%s", luaL_typename(walk->L, idx), suffix);
  return sio_lua_walk_fail(walk, SIO_EINVAL, lua_tostring(walk->L, -1), "");
}

int sio_lua_walk_fail_type(const sio_lua_walk *walk, int idx) {
  return fail_type(walk, idx, "");
}

int sio_lua_walk_fail_key(sio_lua_walk *walk, int idx) {
  walk->depth--;
  return fail_type(walk, idx, " as a key");
}

int sio_lua_walk_fail_memory(const sio_lua_walk *walk) {
  lua_pushstring(walk->L, sio_strerror(SIO_ENOMEM));
  return SIO_ENOMEM;
}

/* The path from a table back to itself ends in a cycle; else the value is merely deep. */
static int fail_depth(sio_lua_walk *walk) {
  for (int inner = 1; inner < walk->depth; inner++)
    for (int outer = 0; outer < inner; outer++)
      if (walk->steps[outer].table == walk->steps[inner].table) {
        walk->depth = inner;
        return sio_lua_walk_fail(walk, SIO_ELIMIT, "a cycle", "");
      }
  lua_pushfstring(walk->L, "more than %d levels", SIO_MAX_DEPTH);
  return sio_lua_walk_fail(walk, SIO_ELIMIT, lua_tostring(walk->L, -1), "");
}

/* ---- tables ---- */

/* The address of the metatable of the value on top of the stack, or NULL. */
static const void *metatable(lua_State *L) {
  if (!lua_getmetatable(L, -1))
    return NULL;
  const void *address = lua_topointer(L, -1);
  lua_pop(L, 1);
  return address;
}

/* Whether the table is an array by its metatable. */
static bool is_array_mt(sio_lua_walk *walk, const void *mt) {
  if (mt == NULL)
    return false;
  if (mt == walk->marks.array_mt)
    return true;
  sio_lua_marks_add_cjson(walk->L, &walk->marks);
  return mt == walk->marks.cjson_mt;
}

/* The length of the table on top, if it is an array. */
static int measure(sio_lua_walk *walk, bool is_marked, lua_Integer *length) {
  lua_State *L = walk->L;
  lua_Integer count = 0;
  lua_Integer highest = 0;
  for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
    lua_Integer index = lua_isinteger(L, -2) ? lua_tointeger(L, -2) : 0;
    if (index >= 1) {
      count++;
      highest = index > highest ? index : highest;
    } else if (!is_marked) {
      lua_pop(L, 2);
      *length = SIO_WALK_OBJECT;
      return 0;
    }
  }
  *length = highest;
  if (highest <= ALWAYS_DENSE || highest <= count * SPARSE_RATIO)
    return 0;
  lua_pushfstring(L, "an excessively sparse array (%I of %I elements)", (LUAI_UACINT)count,
                  (LUAI_UACINT)highest);
  return sio_lua_walk_fail(walk, SIO_EINVAL, lua_tostring(L, -1), "");
}

int sio_lua_walk_enter(sio_lua_walk *walk, lua_Integer *length) {
  lua_State *L = walk->L;
  if (walk->depth == SIO_MAX_DEPTH)
    return fail_depth(walk);
  if (!lua_checkstack(L, SIO_WALK_SLOTS))
    return sio_lua_walk_fail_memory(walk);
  const void *mt = metatable(L);
  bool is_marked = is_array_mt(walk, mt);
  int err = measure(walk, is_marked, length);
  if (err != 0)
    return err;
  if (*length == 0 && !is_marked && (mt == NULL || mt != walk->marks.cjson_empty))
    *length = SIO_WALK_OBJECT;
  walk->steps[walk->depth++] = (sio_lua_step){.table = lua_topointer(L, -1)};
  return 0;
}

bool sio_lua_walk_is_empty_array(sio_lua_walk *walk) {
  sio_lua_marks_add_cjson(walk->L, &walk->marks);
  return lua_topointer(walk->L, -1) == walk->marks.cjson_value;
}

void sio_lua_walk_anchor(sio_lua_walk *walk) {
  lua_State *L = walk->L;
  if (lua_isnil(L, walk->anchors)) {
    lua_newtable(L);
    lua_replace(L, walk->anchors);
  }
  lua_pushvalue(L, -1);
  lua_rawseti(L, walk->anchors, (lua_Integer)lua_rawlen(L, walk->anchors) + 1);
}

/* ---- hooks ---- */

static bool push_hook_of(const sio_lua_walk *walk, int table) {
  lua_State *L = walk->L;
  for (int name = walk->hooks; name < walk->hooks + 2; name++) {
    lua_pushvalue(L, name);
    if (lua_rawget(L, table) == LUA_TFUNCTION)
      return true;
    lua_pop(L, 1);
  }
  return false;
}

/* Pushes the hook of the table or userdata on top of the stack, or nothing. */
static bool push_hook(const sio_lua_walk *walk) {
  lua_State *L = walk->L;
  int idx = lua_gettop(L);
  if (lua_istable(L, idx) && push_hook_of(walk, idx))
    return true;
  if (!lua_getmetatable(L, idx))
    return false;
  bool is_found = push_hook_of(walk, idx + 1);
  lua_remove(L, idx + 1);
  return is_found;
}

/* What most payloads do without. */
static void prepare(sio_lua_walk *walk) {
  sio_lua_marks_init(walk->L, &walk->marks);
  lua_pushliteral(walk->L, "__tojson");
  lua_replace(walk->L, walk->hooks);
  lua_pushliteral(walk->L, "toJSON");
  lua_replace(walk->L, walk->hooks + 1);
}

bool sio_lua_walk_replace(sio_lua_walk *walk) {
  lua_State *L = walk->L;
  if (walk->marks.array_mt == NULL)
    prepare(walk);
  if (metatable(L) == walk->marks.array_mt || !push_hook(walk))
    return false;
  lua_pushvalue(L, -2);
  lua_call(L, 1, 1);
  return true;
}

/* ---- the whole ---- */

void sio_lua_walk_start(sio_lua_walk *walk, lua_State *L, const char *name) {
  luaL_checkstack(L, SIO_WALK_SLOTS, "to encode");
  int top = lua_gettop(L);
  lua_settop(L, top + 3);
  walk->L = L;
  walk->name = name;
  walk->number = 0;
  walk->anchors = top + 1;
  walk->hooks = top + 2;
  walk->marks = (sio_lua_marks){0};
  walk->depth = 0;
}

int sio_lua_walk_finish(sio_lua_walk *walk, int err) {
  if (err != 0)
    lua_replace(walk->L, walk->anchors);
  lua_settop(walk->L, walk->anchors);
  return err;
}
