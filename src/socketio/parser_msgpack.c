#include "base/error.h"
#include "base/limits.h"
#include "base/msgpack.h"
#include "base/utf8.h"
#include "engine/packet.h"
#include "socketio/parser.h"

/* --- reading --- */

typedef struct value { /* of one of the map's keys */
  sio_msgpack token;   /* its first */
  sio_bytes bytes;     /* all of it */
} value;

/* Absent keys are undefined, which is what zeroed says; of equal keys the last counts. */
typedef struct envelope {
  value type, nsp, data, id;
  value other; /* of any other key */
} envelope;

static value *slot_of(envelope *it, const sio_msgpack *key) {
  if (key->kind != SIO_MSGPACK_TEXT)
    return &it->other;
  if (sio_bytes_eq(key->bytes, SIO_BYTES("type")))
    return &it->type;
  if (sio_bytes_eq(key->bytes, SIO_BYTES("nsp")))
    return &it->nsp;
  if (sio_bytes_eq(key->bytes, SIO_BYTES("data")))
    return &it->data;
  return sio_bytes_eq(key->bytes, SIO_BYTES("id")) ? &it->id : &it->other;
}

/* Reads the value at the start of [at, end); returns what follows, or NULL. */
static const char *read_value(const char *at, const char *end, value *out) {
  const char *next = sio_msgpack_skip(at, end);
  if (next == NULL)
    return NULL;
  sio_msgpack_read(at, end, &out->token);
  out->bytes = sio_bytes_of(at, (size_t)(next - at));
  return next;
}

static const char *read_member(const char *at, const char *end, envelope *it) {
  value key;
  at = read_value(at, end, &key);
  return at != NULL ? read_value(at, end, slot_of(it, &key.token)) : NULL;
}

/* False, and a reason: no packet. */
static bool read_envelope(sio_bytes message, envelope *it, const char **reason) {
  const char *end = message.base + message.len;
  sio_msgpack map;
  const char *at = sio_msgpack_read(message.base, end, &map);
  *reason = "malformed MessagePack";
  if (at == NULL)
    return false;
  if (map.kind != SIO_MSGPACK_MAP) {
    *reason = "invalid packet type";
    return false;
  }
  for (uint32_t i = 0; i < map.count; i++) {
    at = read_member(at, end, it);
    if (at == NULL)
      return false;
  }
  *reason = "trailing bytes";
  return at == end;
}

/* An encoder may write a whole number as a real one. */
static bool to_integer(const sio_msgpack *token, int64_t *integer) {
  static const double least = -0x1p63, beyond = 0x1p63;
  if (token->kind == SIO_MSGPACK_INTEGER) {
    *integer = token->integer;
    return true;
  }
  if (token->kind != SIO_MSGPACK_REAL || !(token->real >= least && token->real < beyond))
    return false;
  *integer = (int64_t)token->real;
  return (double)*integer == token->real;
}

static bool take_type(const sio_msgpack *token, sio_packet *packet) {
  int64_t type;
  if (!to_integer(token, &type) || type < SIO_CONNECT || type > SIO_CONNECT_ERROR)
    return false;
  packet->type = (enum sio_type)type;
  return true;
}

static bool take_nsp(const sio_msgpack *token, sio_packet *packet) {
  if (token->kind != SIO_MSGPACK_TEXT || !sio_bytes_starts(token->bytes, SIO_BYTES("/")))
    return false;
  packet->nsp = token->bytes;
  return sio_utf8_is_valid(token->bytes);
}

static bool take_data(const value *data, sio_packet *packet) {
  enum sio_msgpack_kind kind = data->token.kind;
  if (kind != SIO_MSGPACK_UNDEFINED)
    packet->payload = data->bytes;
  switch (packet->type) {
  case SIO_CONNECT:
    return kind == SIO_MSGPACK_UNDEFINED || kind == SIO_MSGPACK_MAP;
  case SIO_DISCONNECT:
    return kind == SIO_MSGPACK_UNDEFINED;
  case SIO_CONNECT_ERROR:
    return kind == SIO_MSGPACK_TEXT || kind == SIO_MSGPACK_MAP;
  default:
    return kind == SIO_MSGPACK_ARRAY;
  }
}

static bool take_id(const sio_msgpack *token, sio_packet *packet) {
  if (token->kind == SIO_MSGPACK_UNDEFINED)
    return true;
  return to_integer(token, &packet->id) && packet->id >= 0;
}

static int refuse(const char **reason, int code, const char *words) {
  *reason = words;
  return code;
}

static int parse(sio_bytes message, size_t max_attachments, sio_packet *packet,
                 const char **reason) {
  (void)max_attachments; /* bytes stand in the payload */
  envelope it = {0};
  *packet = (sio_packet){.id = SIO_NO_ACK};
  if (!read_envelope(message, &it, reason))
    return SIO_EPARSE;
  if (!take_type(&it.type.token, packet))
    return refuse(reason, SIO_EPARSE, "invalid packet type");
  if (!take_nsp(&it.nsp.token, packet))
    return refuse(reason, SIO_EPARSE, "invalid namespace");
  if (packet->nsp.len > SIO_MAX_NAME)
    return refuse(reason, SIO_ELIMIT, "namespace too long");
  if (!take_data(&it.data, packet))
    return refuse(reason, SIO_EPARSE, "invalid payload");
  if (!take_id(&it.id.token, packet))
    return refuse(reason, SIO_EPARSE, "invalid packet id");
  return 0;
}

/* --- writing --- */

/* Room for all but payload and name, each side of it. */
enum { HEAD = 32 + SIO_MSGPACK_HEAD };

static void append(sio_buf *out, const char *base, size_t len) { /* what has been reserved */
  if (len > 0)
    memcpy(out->base + out->len, base, len);
  out->len += len;
}

#define APPEND(out, literal) append((out), (literal), sizeof(literal) - 1)

static inline char *end_of(sio_buf *out) {
  return out->base + out->len;
}

static int begin(sio_buf *out, const sio_packet *packet, size_t room) {
  bool has_data = room > 0;
  size_t around = 2 * HEAD + packet->nsp.len;
  if (room > SIZE_MAX - around || sio_message_begin(out, true, around + room) != 0)
    return SIO_ENOMEM;
  out->len += sio_msgpack_map(end_of(out), 2u + has_data + (packet->id != SIO_NO_ACK));
  APPEND(out, "\xa4type");
  out->len += sio_msgpack_integer(end_of(out), (int64_t)packet->type);
  if (has_data)
    APPEND(out, "\xa4"
                "data");
  return 0;
}

static int end(sio_buf *out, const sio_packet *packet) {
  if (sio_buf_reserve(out, HEAD + packet->nsp.len) != 0)
    return SIO_ENOMEM;
  if (packet->id != SIO_NO_ACK) {
    APPEND(out, "\xa2id");
    out->len += sio_msgpack_integer(end_of(out), packet->id);
  }
  APPEND(out, "\xa3nsp");
  out->len += sio_msgpack_text(end_of(out), (uint32_t)packet->nsp.len);
  append(out, packet->nsp.base, packet->nsp.len);
  return 0;
}

static int add_text(sio_buf *out, sio_bytes text) {
  char head[SIO_MSGPACK_HEAD];
  int err = sio_buf_append(out, head, sio_msgpack_text(head, (uint32_t)text.len));
  return err != 0 ? err : sio_buf_add(out, text);
}

/* The reference sends a pid in any case; there is none without connection state recovery. */
static int write_connect(sio_buf *out, sio_bytes sid, sio_bytes pid) {
  static const char head[] = "\x82\xa3sid", undefined[] = "\xd4\0";
  int err = sio_buf_append(out, head, sizeof(head) - 1);
  if (err == 0)
    err = add_text(out, sid);
  if (err == 0)
    err = add_text(out, SIO_BYTES("pid"));
  if (err == 0)
    err = pid.len > 0 ? add_text(out, pid) : sio_buf_append(out, undefined, sizeof(undefined));
  return err;
}

static const char unknown[] = "\x81\xa7message\xb1Invalid namespace";

const sio_parser sio_parser_msgpack = {
    .is_binary = true,
    .parse = parse,
    .begin = begin,
    .end = end,
    .write_connect = write_connect,
    .unknown = {unknown, sizeof(unknown) - 1},
};
