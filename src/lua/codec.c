#include "lua/codec.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/msgpack.h"
#include "lua/binary.h"
#include "lua/encode.h"
#include "lua/pack.h"
#include "lua/unpack.h"
#include "lua/values.h"

const sio_parser *sio_lua_codec_parser(enum sio_lua_codec codec) {
  return codec == SIO_CODEC_MSGPACK ? &sio_parser_msgpack : &sio_parser_text;
}

/* --- functions in Lua: encode(args) -> text, list of Binary or nil --- */

static int fail(lua_State *L, int code, const char *message) {
  lua_pushstring(L, message);
  return code;
}

/* The Binaries of the list on top of the stack, which anchors them, become attachments. */
static int attach_all(lua_State *L, sio_lua_encoding *encoding) {
  size_t count = lua_istable(L, -1) ? (size_t)lua_rawlen(L, -1) : 0;
  for (size_t i = 1; i <= count; i++) {
    sio_bytes bytes;
    lua_rawgeti(L, -1, (lua_Integer)i);
    bool is_binary = sio_lua_binary_test(L, -1, &bytes);
    lua_pop(L, 1);
    if (!is_binary)
      return fail(L, SIO_EINVAL, "the parser's attachments must be a list of Binary");
    if (sio_lua_encoding_attach(encoding, bytes) != 0)
      return fail(L, SIO_ENOMEM, sio_strerror(SIO_ENOMEM));
  }
  return 0;
}

/* The text at index -2, and the list of Binary on top. */
static int take_encoded(lua_State *L, sio_lua_encoding *encoding) {
  if (lua_type(L, -2) != LUA_TSTRING)
    return fail(L, SIO_EINVAL,
                lua_isstring(L, -1) ? lua_tostring(L, -1) : "the parser must encode to a string");
  sio_bytes text;
  text.base = lua_tolstring(L, -2, &text.len);
  if (!sio_bytes_starts(text, SIO_BYTES("[")))
    return fail(L, SIO_EINVAL, "the parser must encode arguments as an array of JSON");
  if (sio_buf_add(&encoding->text, text) != 0)
    return fail(L, SIO_ENOMEM, sio_strerror(SIO_ENOMEM));
  return attach_all(L, encoding);
}

static int encode_plugged(lua_State *L, const sio_lua_server *server, int first, int last,
                          sio_lua_encoding *encoding) {
  luaL_checkstack(L, LUA_MINSTACK, "to encode");
  int top = lua_gettop(L);
  sio_lua_push_slot(L, server, SIO_SLOT_ENCODE);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    return fail(L, SIO_ECLOSED, "this server is gone");
  }
  lua_createtable(L, last - first + 1, 1);
  for (int i = first; i <= last; i++) {
    lua_pushvalue(L, i);
    lua_rawseti(L, -2, i - first + 1);
  }
  lua_pushinteger(L, last - first + 1);
  lua_setfield(L, -2, "n");
  lua_call(L, 1, 2);
  int err = take_encoded(L, encoding);
  lua_replace(L, top + 1); /* the list, or the message */
  lua_settop(L, top + 1);
  return err;
}

/* --- and decode(text, list of Binary) -> list of arguments, or nil --- */

static void push_attachments(lua_State *L, const sio_incoming *in) {
  size_t count = in->packet->attachments;
  lua_createtable(L, (int)count, 0);
  for (size_t i = 0; i < count; i++) {
    sio_lua_binary_push(L, in->attachments[i]);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  sio_lua_array_mt_push(L);
  lua_setmetatable(L, -2);
}

/* The elements of the table on top of the stack, in its place; a null is pushed as nil. */
static int push_elements(lua_State *L, sio_lua_fault *fault) {
  int table = lua_gettop(L);
  lua_Unsigned count = lua_rawlen(L, table);
  if (count > SIO_MAX_ARGUMENTS) {
    fault->reason = "too many arguments";
    return SIO_ELIMIT;
  }
  luaL_checkstack(L, (int)count, "to decode");
  for (lua_Unsigned i = 1; i <= count; i++) {
    lua_rawgeti(L, table, (lua_Integer)i);
    if (sio_lua_is_null(L, -1)) {
      lua_pushnil(L);
      lua_replace(L, -2);
    }
  }
  lua_remove(L, table);
  return (int)count;
}

static int decode_plugged(lua_State *L, const sio_lua_server *server, const sio_incoming *in,
                          sio_lua_fault *fault) {
  sio_bytes text = in->packet->payload;
  int top = lua_gettop(L);
  luaL_checkstack(L, LUA_MINSTACK, "to decode");
  sio_lua_push_slot(L, server, SIO_SLOT_DECODE);
  lua_pushlstring(L, text.base, text.len);
  push_attachments(L, in);
  lua_call(L, 2, 1);
  *fault = (sio_lua_fault){.reason = "invalid payload"};
  int count = lua_istable(L, -1) ? push_elements(L, fault) : SIO_EPARSE;
  if (count < 0)
    lua_settop(L, top);
  return count;
}

/* --- whichever it is --- */

int sio_lua_codec_encode_args(lua_State *L, const sio_lua_server *server, int first, int last,
                              int number, sio_lua_encoding *encoding) {
  switch (server->codec) {
  case SIO_CODEC_MSGPACK:
    return sio_lua_pack_args(L, first, last, number, encoding);
  case SIO_CODEC_PLUGGED:
    return encode_plugged(L, server, first, last, encoding);
  default:
    return sio_lua_encode_args(L, first, last, number, encoding);
  }
}

int sio_lua_codec_encode_value(lua_State *L, const sio_lua_server *server, int idx,
                               const char *name, sio_lua_encoding *encoding) {
  return server->codec == SIO_CODEC_MSGPACK ? sio_lua_pack_value(L, idx, name, encoding)
                                            : sio_lua_encode_value(L, idx, name, encoding);
}

/* What stands before the value of the first or the second of count members. */
static int put_key(const sio_lua_server *server, bool is_first, int count, const char *key,
                   sio_lua_encoding *encoding) {
  sio_buf *out = &encoding->text;
  if (server->codec != SIO_CODEC_MSGPACK) {
    int err = sio_buf_str(out, is_first ? "{\"" : ",\"");
    err = err == 0 ? sio_buf_str(out, key) : err;
    return err == 0 ? sio_buf_str(out, "\":") : err;
  }
  char head[2 * SIO_MSGPACK_HEAD];
  size_t len = is_first ? sio_msgpack_map(head, (uint32_t)count) : 0;
  len += sio_msgpack_text(head + len, (uint32_t)strlen(key));
  int err = sio_buf_append(out, head, len);
  return err == 0 ? sio_buf_str(out, key) : err;
}

int sio_lua_codec_encode_error(lua_State *L, const sio_lua_server *server, int message, int data,
                               sio_lua_encoding *encoding) {
  int count = data != 0 ? 2 : 1;
  if (put_key(server, true, count, "message", encoding) != 0)
    return fail(L, SIO_ENOMEM, sio_strerror(SIO_ENOMEM));
  int err = sio_lua_codec_encode_value(L, server, message, "error.message", encoding);
  if (err != 0)
    return err;
  lua_pop(L, 1); /* attachments there are none to borrow from it */
  if (data != 0) {
    if (put_key(server, false, count, "data", encoding) != 0)
      return fail(L, SIO_ENOMEM, sio_strerror(SIO_ENOMEM));
    err = sio_lua_codec_encode_value(L, server, data, "error.data", encoding);
    if (err != 0)
      return err;
    lua_pop(L, 1);
  }
  if (server->codec != SIO_CODEC_MSGPACK && sio_buf_put(&encoding->text, '}') != 0)
    return fail(L, SIO_ENOMEM, sio_strerror(SIO_ENOMEM));
  lua_pushnil(L);
  return 0;
}

int sio_lua_codec_decode_args(lua_State *L, const sio_lua_server *server, const sio_incoming *in,
                              sio_lua_fault *fault) {
  const sio_packet *packet = in->packet;
  switch (server->codec) {
  case SIO_CODEC_MSGPACK:
    return sio_lua_unpack_args(L, packet->payload, fault);
  case SIO_CODEC_PLUGGED:
    return decode_plugged(L, server, in, fault);
  default:
    return sio_lua_decode_args(L, packet->payload, in->attachments, packet->attachments, fault);
  }
}

int sio_lua_codec_decode_value(lua_State *L, const sio_lua_server *server, sio_bytes payload,
                               sio_lua_fault *fault) {
  return server->codec == SIO_CODEC_MSGPACK ? sio_lua_unpack_value(L, payload, fault)
                                            : sio_lua_decode_value(L, payload, fault);
}
