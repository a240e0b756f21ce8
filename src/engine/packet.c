#include "engine/packet.h"

#include "base/base64.h"
#include "base/error.h"
#include "ws/frame.h"

static sio_frame *new_text(enum sio_packet_type type, size_t len) {
  sio_frame *frame = len < SIZE_MAX ? sio_frame_new(1 + len) : NULL;
  if (frame == NULL)
    return NULL;
  frame->payload[0] = (char)('0' + type);
  sio_ws_seal(frame, SIO_WS_TEXT);
  return frame;
}

sio_frame *sio_packet_frame(enum sio_packet_type type, sio_bytes data) {
  sio_frame *frame = new_text(type, data.len);
  if (frame != NULL && data.len > 0)
    memcpy(frame->payload + 1, data.base, data.len);
  return frame;
}

sio_frame *sio_message_new(size_t len) {
  return new_text(SIO_PACKET_MESSAGE, len);
}

int sio_message_begin(sio_buf *out, bool binary, size_t room) {
  if (room == SIZE_MAX || sio_frame_begin(out, 1 + room) != 0)
    return SIO_ENOMEM;
  ((sio_frame *)out->base)->binary = binary;
  if (!binary)
    out->base[out->len++] = '0' + SIO_PACKET_MESSAGE;
  return 0;
}

sio_frame *sio_message_end(sio_buf *out) {
  sio_frame *frame = sio_frame_end(out);
  if (frame == NULL)
    return NULL;
  sio_ws_seal(frame, frame->binary ? SIO_WS_BINARY : SIO_WS_TEXT);
  return frame;
}

sio_frame *sio_message_binary(sio_bytes data) {
  sio_frame *frame = sio_frame_copy(data);
  if (frame == NULL)
    return NULL;
  frame->binary = true;
  sio_ws_seal(frame, SIO_WS_BINARY);
  return frame;
}

static sio_packet_in read_base64(char *text, size_t len) {
  long n = sio_base64_decode(text, sio_bytes_of(text, len));
  if (n < 0)
    return (sio_packet_in){.type = -1};
  return (sio_packet_in){SIO_PACKET_MESSAGE, true, text, (size_t)n};
}

sio_packet_in sio_packet_read(char *text, size_t len) {
  if (len == 0)
    return (sio_packet_in){.type = -1};
  if (text[0] == 'b')
    return read_base64(text + 1, len - 1);
  if (text[0] < '0' || text[0] > '0' + SIO_PACKET_NOOP)
    return (sio_packet_in){.type = -1};
  return (sio_packet_in){text[0] - '0', false, text + 1, len - 1};
}
