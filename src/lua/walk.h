/*
 * The walk over Lua values that both encoders (encode.h, pack.h) make: which tables are arrays,
 * what replaces a value by its __tojson or toJSON, and where the walk is, for messages.
 */
#ifndef SIO_LUA_WALK_H
#define SIO_LUA_WALK_H

#include <lua.h>

#include "base/limits.h"
#include "lua/values.h"

enum {
  SIO_WALK_SLOTS = 16,  /* of Lua's stack that a level may use */
  SIO_WALK_OBJECT = -1, /* what a table's length is if it is no array */
};

typedef struct sio_lua_step { /* one level */
  const void *table;
  lua_Integer index; /* of the element being encoded, if key is 0 */
  int key;           /* where on the stack the member's key is */
} sio_lua_step;

typedef struct sio_lua_walk {
  lua_State *L;
  const char *name; /* of the one value, or NULL for arguments: then number tells which */
  int number;
  int anchors;         /* on the stack: nil or a table of all Binaries met */
  int hooks;           /* on the stack: the strings "__tojson" and "toJSON", once a table was met */
  sio_lua_marks marks; /* likewise */
  int depth;
  sio_lua_step steps[SIO_MAX_DEPTH];
} sio_lua_walk;

/* Pushes the slots that the walk needs. Raises. */
void sio_lua_walk_start(sio_lua_walk *walk, lua_State *L, const char *name);

/* Leaves one value above what was there at the start: the anchors, or, when err is not 0, the
 * message that is on top. Returns err. */
int sio_lua_walk_finish(sio_lua_walk *walk, int err);

/* --- a table or userdata on top of the stack, where it stays --- */

/*
 * Pushes what the program's own function makes of it, and returns true; the hook of what a hook
 * returns is not called, as in JavaScript. Raises what that raises.
 */
bool sio_lua_walk_replace(sio_lua_walk *walk);

/*
 * Goes down into a table: *length is that of the array, or SIO_WALK_OBJECT. An array has no other
 * keys than indices, unless it is marked: then the others do not count. 0, or as
 * sio_lua_walk_fail.
 */
int sio_lua_walk_enter(sio_lua_walk *walk, lua_Integer *length);

static inline sio_lua_step *sio_lua_walk_step(sio_lua_walk *walk) {
  return &walk->steps[walk->depth - 1];
}

static inline void sio_lua_walk_leave(sio_lua_walk *walk) {
  walk->depth--;
}

/* Whether the light userdata on top of the stack is lua-cjson's empty array. */
bool sio_lua_walk_is_empty_array(sio_lua_walk *walk);

/* Keeps the Binary on top of the stack alive, whatever the program does to where it came from. */
void sio_lua_walk_anchor(sio_lua_walk *walk);

/* --- what cannot be encoded: each pushes a message and returns the code --- */

/* "cannot encode <what> at <place><hint>" */
int sio_lua_walk_fail(const sio_lua_walk *walk, int code, const char *what, const char *hint);

/* "cannot encode a function at args[2].user" */
int sio_lua_walk_fail_type(const sio_lua_walk *walk, int idx);

/* The same of a key: the place is the table's. */
int sio_lua_walk_fail_key(sio_lua_walk *walk, int idx);

int sio_lua_walk_fail_memory(const sio_lua_walk *walk);

#endif
