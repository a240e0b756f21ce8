/* A Socket.IO packet: what is taken, written again, is read as the same. */
#include "socketio/parser.h"

#include <string.h>

#include "base/limits.h"
#include "fuzz.h"

enum { MOST_ATTACHMENTS = 10 };

static void check_bounds(const sio_packet *packet, sio_bytes text) {
  CHECK(packet->type <= SIO_BINARY_ACK);
  CHECK(packet->nsp.len > 0 && packet->nsp.base[0] == '/');
  CHECK(packet->nsp.len <= SIO_MAX_NAME);
  CHECK(memchr(packet->nsp.base, ',', packet->nsp.len) == NULL);
  CHECK(packet->id >= SIO_NO_ACK);
  CHECK(packet->attachments <= MOST_ATTACHMENTS);
  CHECK((packet->attachments > 0) == (packet->type >= SIO_BINARY_EVENT));
  CHECK(packet->payload.base + packet->payload.len == text.base + text.len);
}

static void check_same(const sio_packet *a, const sio_packet *b) {
  CHECK(a->type == b->type);
  CHECK(sio_bytes_eq(a->nsp, b->nsp));
  CHECK(a->id == b->id);
  CHECK(a->attachments == b->attachments);
  CHECK(sio_bytes_eq(a->payload, b->payload));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *copy = malloc(size > 0 ? size : 1); /* so that a byte too many is seen */
  CHECK(copy != NULL);
  if (size > 0)
    memcpy(copy, data, size);
  sio_bytes text = {copy, size};
  sio_packet packet, again;
  const char *reason = NULL;
  if (sio_packet_parse(text, MOST_ATTACHMENTS, &packet, &reason) != 0) {
    CHECK(reason != NULL);
  } else {
    check_bounds(&packet, text);
    sio_frame *frame = sio_packet_encode(&sio_parser_text, &packet);
    CHECK(frame != NULL && frame->payload[0] == '4');
    sio_bytes written = sio_bytes_of(frame->payload + 1, frame->len - 1);
    CHECK(written.len <= size + 1); /* at most a comma more */
    CHECK(sio_packet_parse(written, MOST_ATTACHMENTS, &again, &reason) == 0);
    check_same(&packet, &again);
    sio_frame_unref(frame);
  }
  free(copy);
  return 0;
}
