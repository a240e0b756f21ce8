/*
 * A polling payload of revision 3: what is read, written again, reads the same. The first byte
 * chooses between text (0), bytes (1) and a form (2).
 */
#include "engine/revision3.h"

#include <string.h>

#include "base/utf8.h"
#include "engine/jsonp.h"
#include "fuzz.h"

enum { MOST = 64, TEXT = 0, BYTES = 1, FORM = 2 };

typedef bool next_packet(char *payload, size_t len, size_t *at, sio_packet_in *packet);

static sio_frame *write_again(const sio_packet_in *packet) {
  sio_bytes data = {packet->data, packet->len};
  return packet->binary ? sio_message_binary(data)
                        : sio_packet_frame((enum sio_packet_type)packet->type, data);
}

/* Reads up to MOST good packets into frames; returns their number. */
static size_t read_frames(next_packet *next, sio_bytes payload, sio_frame *frames[MOST]) {
  sio_packet_in packet;
  size_t count = 0, at = 0;
  while (count < MOST && next((char *)payload.base, payload.len, &at, &packet) &&
         packet.type >= 0) {
    CHECK(packet.data >= payload.base && packet.data + packet.len <= payload.base + payload.len);
    CHECK(packet.binary || sio_utf8_is_valid(sio_bytes_of(packet.data, packet.len)));
    frames[count] = write_again(&packet);
    CHECK(frames[count++] != NULL);
  }
  return count;
}

static void check_again(next_packet *next, const sio_frame *payload, sio_frame *const *frames,
                        size_t count) {
  sio_frame *again[MOST];
  CHECK(read_frames(next, sio_frame_payload(payload), again) == count);
  for (size_t i = 0; i < count; i++) {
    CHECK(again[i]->binary == frames[i]->binary);
    CHECK(sio_bytes_eq(sio_frame_payload(again[i]), sio_frame_payload(frames[i])));
    sio_frame_unref(again[i]);
  }
}

static void check_join(sio_frame *const *frames, size_t count, enum sio_revision revision) {
  sio_frame *payload = sio_payload3_join(frames, count, revision);
  CHECK(payload != NULL);
  check_again(payload->binary ? sio_payload3_next_binary : sio_payload3_next, payload, frames,
              count);
  sio_frame_unref(payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  sio_frame *frames[MOST];
  if (size == 0 || data[0] > FORM)
    return 0;
  char *copy = malloc(size);
  CHECK(copy != NULL);
  memcpy(copy, data + 1, size - 1);
  sio_bytes payload = {copy, size - 1};
  if (data[0] == FORM)
    payload = sio_jsonp_unwrap(copy, size - 1);
  CHECK(payload.len <= size - 1);
  size_t count = payload.base == NULL
                     ? 0
                     : read_frames(data[0] == BYTES ? sio_payload3_next_binary : sio_payload3_next,
                                   payload, frames);
  if (count > 0) {
    check_join(frames, count, SIO_REVISION_3);
    check_join(frames, count, SIO_REVISION_3_TEXT);
  }
  for (size_t i = 0; i < count; i++)
    sio_frame_unref(frames[i]);
  free(copy);
  return 0;
}
