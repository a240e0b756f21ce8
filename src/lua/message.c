#include "lua/message.h"

#include "base/error.h"
#include "lua/codec.h"

static const sio_bytes reserved[] = {
    {"connect", 7},        {"connect_error", 13}, {"disconnect", 10},
    {"disconnecting", 13}, {"newListener", 11},   {"removeListener", 14},
};

enum { RESERVED = sizeof reserved / sizeof *reserved };

bool sio_lua_is_reserved(sio_bytes event) {
  for (int i = 0; i < RESERVED; i++)
    if (sio_bytes_eq(event, reserved[i]))
      return true;
  return false;
}

void sio_lua_push_reserved(lua_State *L) {
  lua_createtable(L, 0, RESERVED);
  for (int i = 0; i < RESERVED; i++) {
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, reserved[i].base);
  }
}

static void mark_plain(sio_message *message) {
  message->text->plain = true;
  for (size_t i = 0; i < message->count; i++)
    message->attachments[i]->plain = true;
}

enum { ROOM = 900 }; /* bytes of payload for which the scratch buffer has room from the start */

static int fail_memory(lua_State *L) {
  lua_pushliteral(L, "not enough memory");
  return SIO_ENOMEM;
}

/* Leaves an error message on top of the stack when it fails. */
static int encode(lua_State *L, const sio_lua_server *server, sio_packet *packet, int first,
                  sio_lua_encoding *encoding, sio_message *message) {
  const sio_parser *parser = sio_lua_codec_parser(server->codec);
  sio_buf *out = &encoding->text;
  int number = packet->type == SIO_ACK ? 1 : 0;
  if (parser->begin(out, packet, ROOM) != 0)
    return fail_memory(L);
  int status = sio_lua_codec_encode_args(L, server, first, lua_gettop(L) - 1, number, encoding);
  if (status < 0)
    return status;
  status = sio_message_finish(message, parser, out, packet, encoding->attachments, encoding->count);
  return status < 0 ? fail_memory(L) : 0;
}

bool sio_lua_message(lua_State *L, const sio_lua_server *server, sio_packet *packet, int first,
                     bool plain, sio_message *message) {
  int scratch = lua_gettop(L) + 1;
  sio_lua_encoding *encoding = sio_lua_encoding_take(L);
  int status = encode(L, server, packet, first, encoding, message);
  sio_lua_encoding_give(L, scratch);
  if (status < 0)
    return false;
  if (plain)
    mark_plain(message);
  lua_settop(L, scratch - 1);
  return true;
}
