#include "lua/tls.h"

#include "lua/handle.h"

typedef struct tls_handle {
  sio_tls *tls;
} tls_handle;

static const sio_lua_type tls_type;

sio_tls *sio_lua_opt_tls(lua_State *L, int arg) {
  if (lua_isnoneornil(L, arg))
    return NULL;
  tls_handle *handle = sio_lua_check(L, arg, &tls_type);
  return handle->tls;
}

/* Borrowed from the table; NULL when the field is not a string. */
static const char *text(lua_State *L, int index, const char *name) {
  const char *value = lua_getfield(L, index, name) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
  lua_pop(L, 1);
  return value;
}

static sio_tls_options check_options(lua_State *L, int index) {
  luaL_checktype(L, index, LUA_TTABLE);
  sio_tls_options options = {
      .cert = text(L, index, "cert"),
      .key = text(L, index, "key"),
      .passphrase = text(L, index, "passphrase"),
      .ca = text(L, index, "ca"),
  };
  luaL_argcheck(L, options.cert != NULL && options.key != NULL, index, "cert and key expected");
  lua_getfield(L, index, "only13");
  options.only_1_3 = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return options;
}

static int fail(lua_State *L, const sio_tls_problem *problem) {
  lua_pushnil(L);
  lua_pushstring(L, problem->text);
  lua_pushstring(L, problem->code);
  return 3;
}

/* swap(other): exchanges what the two have loaded */
static int swap_tls(lua_State *L) {
  tls_handle *handle = sio_lua_check(L, 1, &tls_type), *other = sio_lua_check(L, 2, &tls_type);
  sio_tls_swap(handle->tls, other->tls);
  return 0;
}

/* tls { cert, key, passphrase, ca, only13 } -> handle, or nil, text, code */
static int new_tls(lua_State *L) {
  sio_tls_options options = check_options(L, 1);
  tls_handle *handle = sio_lua_new(L, &tls_type, sizeof *handle, 0);
  sio_tls_problem problem;
  handle->tls = sio_tls_new(&options, &problem);
  return handle->tls != NULL ? 1 : fail(L, &problem);
}

static int free_tls(lua_State *L) {
  tls_handle *handle = lua_touserdata(L, 1);
  sio_tls_unref(handle->tls);
  handle->tls = NULL;
  return 0;
}

static const luaL_Reg methods[] = {{"swap", swap_tls}, {NULL, NULL}};

static const sio_lua_type tls_type = {"socketio.TlsHandle", methods, free_tls};

void sio_lua_open_tls(lua_State *L) {
  static const luaL_Reg functions[] = {{"tls", new_tls}, {NULL, NULL}};
  sio_lua_register(L, &tls_type);
  luaL_setfuncs(L, functions, 0);
}
