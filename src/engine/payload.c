#include "base/base64.h"
#include "base/utf8.h"
#include "engine/packet.h"

enum { SEPARATOR = 0x1e };

/* --- in --- */

bool sio_payload_next(char *payload, size_t len, size_t *at, sio_packet_in *packet) {
  if (*at > len)
    return false;
  size_t left = len - *at;
  char *from = left > 0 ? payload + *at : NULL; /* an empty payload may have no address */
  char *separator = left > 0 ? memchr(from, SEPARATOR, left) : NULL;
  size_t size = separator != NULL ? (size_t)(separator - from) : left;
  *at += size + 1;
  if (sio_utf8_is_valid(sio_bytes_of(from, size)))
    *packet = sio_packet_read(from, size);
  else
    *packet = (sio_packet_in){.type = -1};
  return true;
}

/* --- out --- */

static size_t packet_size(const sio_frame *frame) {
  return frame->binary ? 1 + sio_base64_size(frame->len) : frame->len;
}

static char *put_packet(char *out, const sio_frame *frame) {
  if (frame->binary) {
    *out = 'b';
    sio_base64_encode(out + 1, sio_frame_payload(frame));
  } else {
    memcpy(out, frame->payload, frame->len);
  }
  return out + packet_size(frame);
}

sio_frame *sio_payload_join(sio_frame *const *frames, size_t count) {
  if (count == 1 && !frames[0]->binary)
    return sio_frame_ref(frames[0]);
  size_t size = count > 0 ? count - 1 : 0;
  for (size_t i = 0; i < count; i++)
    size += packet_size(frames[i]);
  sio_frame *payload = sio_frame_new(size);
  if (payload == NULL)
    return NULL;
  char *out = payload->payload;
  payload->plain = true;
  for (size_t i = 0; i < count; i++) {
    payload->plain = payload->plain && frames[i]->plain;
    if (i > 0)
      *out++ = SEPARATOR;
    out = put_packet(out, frames[i]);
  }
  return payload;
}
