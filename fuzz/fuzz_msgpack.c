/* A Socket.IO packet in MessagePack: what is taken, written again, is read as the same. */
#include <string.h>

#include "base/limits.h"
#include "base/msgpack.h"
#include "fuzz.h"
#include "socketio/parser.h"

static void check_bounds(const sio_packet *packet, sio_bytes message) {
  CHECK(packet->type <= SIO_CONNECT_ERROR);
  CHECK(packet->nsp.len > 0 && packet->nsp.base[0] == '/' && packet->nsp.len <= SIO_MAX_NAME);
  CHECK(packet->id >= SIO_NO_ACK && packet->attachments == 0);
  if (packet->payload.len == 0)
    return;
  CHECK(packet->payload.base > message.base);
  const char *end = packet->payload.base + packet->payload.len;
  CHECK(end <= message.base + message.len);
  CHECK(sio_msgpack_skip(packet->payload.base, end) == end);
}

static void check_same(const sio_packet *a, const sio_packet *b) {
  CHECK(a->type == b->type && a->id == b->id);
  CHECK(sio_bytes_eq(a->nsp, b->nsp));
  CHECK(sio_bytes_eq(a->payload, b->payload));
}

static void check_packet(sio_bytes message) {
  sio_packet packet, again;
  const char *reason = NULL;
  if (sio_parser_msgpack.parse(message, 0, &packet, &reason) != 0) {
    CHECK(reason != NULL);
    return;
  }
  check_bounds(&packet, message);
  sio_frame *frame = sio_packet_encode(&sio_parser_msgpack, &packet);
  CHECK(frame != NULL && frame->binary && frame->len <= message.len);
  CHECK(sio_parser_msgpack.parse(sio_frame_payload(frame), 0, &again, &reason) == 0);
  check_same(&packet, &again);
  sio_frame_unref(frame);
}

/* Token by token through the first value ends where skip ends. */
static void check_tokens(sio_bytes message) {
  const char *at = message.base, *end = message.base + message.len;
  const char *behind = sio_msgpack_skip(at, end);
  uint64_t missing = 1;
  for (; missing > 0 && at != NULL; missing--) {
    sio_msgpack token;
    const char *next = sio_msgpack_read(at, end, &token);
    CHECK(next == NULL || (next > at && next <= end));
    at = next;
    if (at != NULL && token.kind == SIO_MSGPACK_ARRAY)
      missing += token.count;
    else if (at != NULL && token.kind == SIO_MSGPACK_MAP)
      missing += 2 * (uint64_t)token.count;
  }
  CHECK(at == behind);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *copy = malloc(size > 0 ? size : 1); /* so that a byte too many is seen */
  CHECK(copy != NULL);
  if (size > 0)
    memcpy(copy, data, size);
  check_tokens(sio_bytes_of(copy, size));
  check_packet(sio_bytes_of(copy, size));
  free(copy);
  return 0;
}
