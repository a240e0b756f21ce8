/* What a host in C may say before the library is opened: include/socketio.h. */
#include "lua/state.h"
#include "socketio.h"

int sio_set_loop(lua_State *L, struct uv_loop_s *loop) {
  if (sio_lua_find(L) != NULL)
    return -1;
  sio_lua_wish(L)->loop = loop;
  return 0;
}

int sio_set_log(lua_State *L, sio_log_fn write, void *ctx) {
  if (sio_lua_find(L) != NULL)
    return -1;
  sio_lua_wish(L)->log = (sio_log){write, ctx};
  return 0;
}
