/* A polling payload: what is read, written again, reads the same. */
#include "engine/packet.h"

#include <string.h>

#include "base/utf8.h"
#include "fuzz.h"

enum { MOST = 64 };

static sio_frame *write_again(const sio_packet_in *packet) {
  sio_bytes data = {packet->data, packet->len};
  return packet->binary ? sio_message_binary(data)
                        : sio_packet_frame((enum sio_packet_type)packet->type, data);
}

/* Reads up to MOST good packets into frames; returns their number. */
static size_t read_frames(char *payload, size_t len, sio_frame *frames[MOST], bool *all) {
  sio_packet_in packet;
  size_t count = 0, at = 0;
  *all = true;
  while (*all && sio_payload_next(payload, len, &at, &packet)) {
    *all = packet.type >= 0 && count < MOST;
    if (!*all)
      break;
    CHECK(packet.data >= payload && packet.data + packet.len <= payload + len);
    CHECK(packet.binary || sio_utf8_is_valid(sio_bytes_of(packet.data, packet.len)));
    frames[count] = write_again(&packet);
    CHECK(frames[count++] != NULL);
  }
  return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  sio_frame *frames[MOST];
  bool all;
  char *copy = malloc(size + 1);
  CHECK(copy != NULL);
  if (size > 0)
    memcpy(copy, data, size);
  size_t count = read_frames(copy, size, frames, &all);
  if (all) {
    sio_frame *payload = sio_payload_join(frames, count);
    CHECK(payload != NULL);
    CHECK(payload->len == size && memcmp(payload->payload, data, size) == 0);
    sio_frame_unref(payload);
  }
  for (size_t i = 0; i < count; i++)
    sio_frame_unref(frames[i]);
  free(copy);
  return 0;
}
