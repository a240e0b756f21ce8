#include "base/base64.h"
#include "engine/revision3.h"
#include "ws/frame.h"

/* --- out --- */

static sio_frame *new_typed(const sio_frame *message) {
  sio_frame *frame = message->len < SIZE_MAX ? sio_frame_new(1 + message->len) : NULL;
  if (frame == NULL)
    return NULL;
  frame->payload[0] = SIO_PACKET_MESSAGE;
  memcpy(frame->payload + 1, message->payload, message->len);
  frame->binary = true;
  sio_ws_seal(frame, SIO_WS_BINARY);
  return frame;
}

static sio_frame *new_base64(const sio_frame *message, sio_bytes start) {
  sio_frame *frame = sio_frame_new(start.len + sio_base64_size(message->len));
  if (frame == NULL)
    return NULL;
  memcpy(frame->payload, start.base, start.len);
  sio_base64_encode(frame->payload + start.len, sio_frame_payload(message));
  sio_ws_seal(frame, SIO_WS_TEXT);
  return frame;
}

static sio_frame *new_form(const sio_frame *message, enum sio_revision revision) {
  if (revision == SIO_REVISION_3)
    return new_typed(message);
  return new_base64(message, revision == SIO_REVISION_3_TEXT ? SIO_BYTES("b4") : SIO_BYTES("b"));
}

sio_frame *sio_packet3_frame(sio_frame *message, enum sio_revision revision) {
  sio_frame *frame = sio_frame_form(message, (uint8_t)revision);
  if (frame != NULL)
    return frame;
  frame = new_form(message, revision);
  if (frame == NULL)
    return NULL;
  frame->form = (uint8_t)revision;
  frame->plain = message->plain;
  return sio_frame_keep(message, frame);
}

/* --- in --- */

/* Only messages are ever binary. */
static sio_packet_in read_base64(char *text, size_t len) {
  if (len == 0 || text[0] != '0' + SIO_PACKET_MESSAGE)
    return (sio_packet_in){.type = -1};
  long n = sio_base64_decode(text + 1, sio_bytes_of(text + 1, len - 1));
  if (n < 0)
    return (sio_packet_in){.type = -1};
  return (sio_packet_in){SIO_PACKET_MESSAGE, true, text + 1, (size_t)n};
}

sio_packet_in sio_packet3_read(char *text, size_t len) {
  return len > 0 && text[0] == 'b' ? read_base64(text + 1, len - 1) : sio_packet_read(text, len);
}

sio_packet_in sio_packet3_read_binary(char *data, size_t len) {
  if (len == 0 || data[0] != SIO_PACKET_MESSAGE)
    return (sio_packet_in){.type = -1};
  return (sio_packet_in){SIO_PACKET_MESSAGE, true, data + 1, len - 1};
}
