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

/* Close codes (RFC 6455, 7.4.1) that the library itself uses. */
enum sio_ws_code {
  SIO_WS_PROTOCOL_ERROR = 1002,
  SIO_WS_NO_CODE = 1005,  /* stands for an empty close payload; never sent */
  SIO_WS_ABNORMAL = 1006, /* stands for a connection that died; never sent */
  SIO_WS_BAD_DATA = 1007,
  SIO_WS_POLICY = 1008,
  SIO_WS_TOO_LARGE = 1009
};

enum { SIO_WS_MAX_CONTROL = 125 }; /* bytes of a control frame's payload */

/* Writes the header of a message of frame->len bytes in one frame into frame->room and sets
 * frame->head. */
void sio_ws_seal(sio_frame *frame, enum sio_ws_opcode opcode);

/* The same of a message whose payload is compressed (RFC 7692, 6.1). */
void sio_ws_seal_packed(sio_frame *frame, enum sio_ws_opcode opcode);

/* A control frame, sealed; at most SIO_WS_MAX_CONTROL bytes. NULL: out of memory. */
sio_frame *sio_ws_control(enum sio_ws_opcode opcode, sio_bytes payload);

/* A close frame; code 0 is an empty payload (what the reference sends); a reason that does not fit
 * is cut between two characters. NULL: out of memory. */
sio_frame *sio_ws_close_frame(int code, sio_bytes reason);

#endif
