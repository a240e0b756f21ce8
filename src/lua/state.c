#include "lua/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Registry keys: their addresses are unique, their values unused. */
static const char state_key = 0;
static const char reporter_key = 0;
static const char anchors_key = 0;
static const char memory_key = 0; /* of a table with weak values */

/* True when SOCKETIO_DEBUG ("*", or a list such as "engine,socket") asks for an area. */
static bool wants(const char *areas, const char *area) {
  size_t len = strlen(area);
  for (const char *at = areas; *at != '\0';) {
    size_t n = strcspn(at, ", ");
    if ((n == 1 && *at == '*') || (n == len && memcmp(at, area, n) == 0))
      return true;
    at += n + (at[n] != '\0');
  }
  return false;
}

static void write_log(void *ctx, const char *area, const char *line) {
  const sio_lua *state = ctx;
  if (wants(state->debug, area))
    lua_writestringerror("socketio:%s ", area), lua_writestringerror("%s\n", line);
}

/* What the host has said before the library was opened. */
static const char wishes_key = 0;

sio_lua_wishes *sio_lua_wish(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &wishes_key);
  sio_lua_wishes *wishes = lua_touserdata(L, -1);
  lua_pop(L, 1);
  if (wishes != NULL)
    return wishes;
  wishes = lua_newuserdatauv(L, sizeof *wishes, 0);
  *wishes = (sio_lua_wishes){0};
  lua_rawsetp(L, LUA_REGISTRYINDEX, &wishes_key);
  return wishes;
}

static int free_state(lua_State *L) {
  sio_lua *state = lua_touserdata(L, 1);
  if (state->loop != NULL) {
    state->L = L;
    sio_loop_free(state->loop);
  }
  state->loop = NULL;

  return 0;
}

sio_lua *sio_lua_open(lua_State *L) {
  sio_lua *state = lua_newuserdatauv(L, sizeof *state, 0);
  memset(state, 0, sizeof *state);
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, free_state);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &state_key);
  lua_newtable(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &anchors_key);
  lua_newtable(L);
  lua_createtable(L, 0, 1);
  lua_pushliteral(L, "v");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &memory_key);
  state->L = L;
  const sio_lua_wishes *wishes = sio_lua_wish(L);
  state->debug = getenv("SOCKETIO_DEBUG");
  if (wishes->log.write != NULL)
    state->log = wishes->log;
  else if (state->debug != NULL)
    state->log = (sio_log){write_log, state};
  state->loop = sio_loop_new(wishes->loop);
  if (state->loop == NULL)
    luaL_error(L, "socketio: cannot create an event loop");
  return state;
}

sio_lua *sio_lua_find(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &state_key);
  sio_lua *state = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return state != NULL && state->loop != NULL ? state : NULL;
}

sio_lua *sio_lua_get(lua_State *L) {
  sio_lua *state = sio_lua_find(L);
  if (state == NULL)
    luaL_error(L, "socketio: the Lua state is closing");
  return state;
}

static int add_traceback(lua_State *L) {
  const char *message = lua_tostring(L, 1);
  luaL_traceback(L, L, message != NULL ? message : "(error object is not a string)", 1);
  return 1;
}

/* The interpreter's Ctrl-C raises "interrupted!", with a place before it and a traceback behind. */
static bool is_interruption(const char *message) {
  static const char words[] = "interrupted!";
  size_t len = sizeof(words) - 1;
  size_t line = message != NULL ? strcspn(message, "\n") : 0;
  return line >= len && memcmp(message + line - len, words, len) == 0;
}

/* Hands the message on top of the stack to the reporter, and pops it. */
static void report(lua_State *L, sio_lua *state) {
  if (is_interruption(lua_tostring(L, -1))) {
    state->is_interrupted = true;
    lua_pop(L, 1);
    return;
  }
  lua_rawgetp(L, LUA_REGISTRYINDEX, &reporter_key);
  lua_insert(L, -2);
  if (lua_pcall(L, 1, 0, 0) != LUA_OK)
    lua_pop(L, 1); /* a reporter that fails has nobody to tell */
}

int sio_lua_call(sio_lua *state, lua_CFunction fn, void *arg) {
  return sio_lua_call_with(state, fn, arg, 0);
}

int sio_lua_call_with(sio_lua *state, lua_CFunction fn, void *arg, int count) {
  lua_State *L = state->L;
  int top = lua_gettop(L) - count;
  if (state->is_silent || !lua_checkstack(L, 8)) {
    lua_settop(L, top);
    return state->is_silent ? 0 : SIO_ENOMEM;
  }
  lua_pushcfunction(L, add_traceback);
  lua_pushcfunction(L, fn);
  lua_pushlightuserdata(L, arg);
  if (count > 0)
    lua_rotate(L, top + 1, 3);
  int status = lua_pcall(L, count + 1, 0, top + 1);
  if (status != LUA_OK)
    report(L, state);
  lua_settop(L, top);
  if (status == LUA_OK)
    return 0;
  return status == LUA_ERRMEM ? SIO_ENOMEM : SIO_EINVAL;
}

void sio_lua_set_reporter(lua_State *L) {
  lua_rawsetp(L, LUA_REGISTRYINDEX, &reporter_key);
}

void sio_lua_anchor(lua_State *L, const void *key) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &anchors_key);
  lua_insert(L, -2);
  lua_rawsetp(L, -2, key);
  lua_pop(L, 1);
}

void sio_lua_release(lua_State *L, const void *key) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &anchors_key);
  lua_pushnil(L);
  lua_rawsetp(L, -2, key);
  lua_pop(L, 1);
}

int sio_lua_anchored(lua_State *L, const void *key) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &anchors_key);
  int type = lua_rawgetp(L, -1, key);
  lua_remove(L, -2);
  return type;
}

void sio_lua_remember(lua_State *L, const void *key) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &memory_key);
  lua_insert(L, -2);
  lua_rawsetp(L, -2, key);
  lua_pop(L, 1);
}

int sio_lua_remembered(lua_State *L, const void *key) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &memory_key);
  int type = lua_rawgetp(L, -1, key);
  lua_replace(L, -2);
  return type;
}
