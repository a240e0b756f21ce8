#include "ws/frame.h"

enum { FIN = 0x80, RSV1 = 0x40, LEN16 = 126, LEN64 = 127 };

static void put_big_endian(unsigned char *out, size_t n, uint64_t value) {
  while (n > 0) {
    out[--n] = (unsigned char)value;
    value >>= 8;
  }
}

void sio_ws_seal(sio_frame *frame, enum sio_ws_opcode opcode) {
  size_t wide = frame->len < LEN16 ? 0 : frame->len <= UINT16_MAX ? 2 : 8;
  frame->head = (uint8_t)(2 + wide);
  unsigned char *head = frame->room + SIO_FRAME_ROOM - frame->head;
  head[0] = (unsigned char)(FIN | opcode);
  head[1] = (unsigned char)(wide == 0 ? frame->len : wide == 2 ? LEN16 : LEN64);
  put_big_endian(head + 2, wide, frame->len);
}

void sio_ws_seal_packed(sio_frame *frame, enum sio_ws_opcode opcode) {
  sio_ws_seal(frame, opcode);
  frame->room[SIO_FRAME_ROOM - frame->head] |= RSV1;
}

sio_frame *sio_ws_control(enum sio_ws_opcode opcode, sio_bytes payload) {
  sio_frame *frame = sio_frame_copy(payload);
  if (frame != NULL)
    sio_ws_seal(frame, opcode);
  return frame;
}

static bool is_continuation_byte(char byte) {
  return ((unsigned char)byte & 0xc0) == 0x80;
}

sio_frame *sio_ws_close_frame(int code, sio_bytes reason) {
  if (code == 0)
    return sio_ws_control(SIO_WS_CLOSE, SIO_BYTES(""));
  size_t len = reason.len;
  if (len > SIO_WS_MAX_CONTROL - 2)
    for (len = SIO_WS_MAX_CONTROL - 2; len > 0 && is_continuation_byte(reason.base[len]); len--)
      ;
  sio_frame *frame = sio_frame_new(2 + len);
  if (frame == NULL)
    return NULL;
  put_big_endian((unsigned char *)frame->payload, 2, (uint64_t)code);
  if (len > 0)
    memcpy(frame->payload + 2, reason.base, len);
  sio_ws_seal(frame, SIO_WS_CLOSE);
  return frame;
}
