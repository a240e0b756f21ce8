/* WebSocket frames out (RFC 6455, 5.2): servers send unmasked, so a frame is the same for
 * everybody. */
#ifndef SIO_WS_FRAME_H
#define SIO_WS_FRAME_H

#include "base/frame.h"

enum sio_ws_opcode {
  SIO_WS_CONTINUATION = 0,
  SIO_WS_TEXT = 1,
  SIO_WS_BINARY = 2,
  SIO_WS_CLOSE = 8,
  SIO_WS_PING = 9,
  SIO_WS_PONG = 10
};

/* Writes the header of a message of len bytes in one frame into frame->room and sets frame->head.
 */
void sio_ws_seal(sio_frame *frame, enum sio_ws_opcode opcode);

/* A control frame, sealed; at most 125 bytes. NULL: out of memory. */
sio_frame *sio_ws_control(enum sio_ws_opcode opcode, sio_bytes payload);

/* A close frame; code 0 is an empty payload (what the reference sends). NULL: out of memory. */
sio_frame *sio_ws_close_frame(int code, sio_bytes reason);

#endif
