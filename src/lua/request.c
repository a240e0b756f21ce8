#include "lua/request.h"

#include <string.h>

#include "lua/handle.h"

typedef struct sio_lua_request {
  sio_request *request;
} sio_lua_request;

/* Registry key: requests to their handles, as long as there are any. */
static const char handles_key = 0;

static void push_bytes(lua_State *L, sio_bytes bytes) {
  lua_pushlstring(L, bytes.base != NULL ? bytes.base : "", bytes.len);
}

/* --- the two tables --- */

/* As Node joins them: cookies by "; ", a second value of these is dropped, others by ", ". */
static bool is_single(sio_bytes name) {
  static const char *const singles[] = {"age",
                                        "authorization",
                                        "content-length",
                                        "content-type",
                                        "etag",
                                        "expires",
                                        "from",
                                        "host",
                                        "if-modified-since",
                                        "location",
                                        "last-modified",
                                        "max-forwards",
                                        "referer",
                                        "retry-after",
                                        "user-agent",
                                        "proxy-authorization",
                                        "if-unmodified-since",
                                        "server"};
  for (size_t i = 0; i < sizeof singles / sizeof *singles; i++)
    if (sio_bytes_eq(name, sio_bytes_str(singles[i])))
      return true;
  return false;
}

/* Joins value to the one on top of the stack and leaves the result there. */
static void join_header(lua_State *L, sio_bytes name, sio_bytes value) {
  if (is_single(name))
    return;
  lua_pushstring(L, sio_bytes_eq(name, SIO_BYTES("cookie")) ? "; " : ", ");
  push_bytes(L, value);
  lua_concat(L, 3);
}

static void push_headers(lua_State *L, const sio_request *request) {
  lua_createtable(L, 0, request->header_count);
  for (size_t i = 0; i < request->header_count; i++) {
    const sio_header *header = &request->headers[i];
    push_bytes(L, header->name);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, -3) == LUA_TNIL) {
      lua_pop(L, 1);
      push_bytes(L, header->value);
    } else {
      join_header(L, header->name, header->value);
    }
    lua_rawset(L, -3);
  }
}

static void push_decoded(lua_State *L, sio_bytes encoded) {
  luaL_Buffer buffer;
  char *out = luaL_buffinitsize(L, &buffer, encoded.len + 1);
  luaL_pushresultsize(&buffer, sio_query_decode(out, encoded));
}

void sio_lua_push_query(lua_State *L, sio_bytes query) {
  size_t at = 0;
  sio_bytes name, value;
  lua_newtable(L);
  while (sio_query_next(query, &at, &name, &value)) {
    push_decoded(L, name);
    push_decoded(L, value);
    lua_rawset(L, -3); /* the last one wins, as in the reference */
  }
}

static void push_query(lua_State *L, const sio_request *request) {
  sio_lua_push_query(L, request->query);
}

/* --- fields --- */

/* Pushes the table that user value slot holds, made by make on first use. */
static int push_once(lua_State *L, int slot, void (*make)(lua_State *, const sio_request *),
                     const sio_request *request) {
  if (lua_getiuservalue(L, 1, slot) == LUA_TNIL) {
    make(L, request);
    lua_pushvalue(L, -1);
    lua_setiuservalue(L, 1, slot);
  }
  return 1;
}

static int index_request(lua_State *L) {
  const sio_request *request = ((sio_lua_request *)lua_touserdata(L, 1))->request;
  if (request == NULL) /* finalised; finalisers of the application may still ask */
    return luaL_error(L, "this request is gone");
  const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  if (strcmp(key, "headers") == 0)
    return push_once(L, 1, push_headers, request);
  if (strcmp(key, "query") == 0)
    return push_once(L, 2, push_query, request);
  if (strcmp(key, "method") == 0)
    push_bytes(L, request->method);
  else if (strcmp(key, "url") == 0)
    push_bytes(L, request->url);
  else if (strcmp(key, "path") == 0)
    push_bytes(L, request->path);
  else if (strcmp(key, "remoteAddress") == 0)
    push_bytes(L, request->remote_address);
  else if (strcmp(key, "secure") == 0)
    lua_pushboolean(L, request->secure);
  else if (strcmp(key, "upgrade") == 0)
    lua_pushboolean(L, request->upgrade);
  else
    lua_pushnil(L);
  return 1;
}

static int free_request(lua_State *L) {
  sio_lua_request *handle = lua_touserdata(L, 1);
  sio_request_unref(handle->request);
  handle->request = NULL;
  return 0;
}

static const luaL_Reg no_methods[] = {{NULL, NULL}};
static const sio_lua_type request_type = {"socketio.Request", no_methods, free_request};

void sio_lua_open_request(lua_State *L) {
  sio_lua_register(L, &request_type);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &request_type);
  lua_pushcfunction(L, index_request);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  lua_newtable(L);
  lua_createtable(L, 0, 1);
  lua_pushliteral(L, "v");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &handles_key);
}

sio_request **sio_lua_new_request(lua_State *L) {
  sio_lua_request *handle = sio_lua_new(L, &request_type, sizeof *handle, 2);
  return &handle->request;
}

void sio_lua_share_request(lua_State *L) {
  const sio_request *request = ((sio_lua_request *)lua_touserdata(L, -1))->request;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &handles_key);
  if (lua_rawgetp(L, -1, request) == LUA_TNIL) {
    lua_pushvalue(L, -3);
    lua_rawsetp(L, -3, request);
    lua_pop(L, 2);
  } else {
    lua_replace(L, -3);
    lua_pop(L, 1);
  }
}

void sio_lua_push_request(lua_State *L, sio_request *request) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &handles_key);
  if (lua_rawgetp(L, -1, request) == LUA_TNIL) {
    lua_pop(L, 2);
    *sio_lua_new_request(L) = sio_request_ref(request);
    sio_lua_share_request(L);
  } else {
    lua_replace(L, -2);
  }
}
