/*
 * Engine.IO 4 packets: one digit and data; a binary message has no digit on a WebSocket and is 'b'
 * and base64 in a polling payload, whose packets are separated by 0x1e (protocol: "Packet
 * encoding").
 */
#ifndef SIO_ENGINE_PACKET_H
#define SIO_ENGINE_PACKET_H

#include "base/bytes.h"
#include "base/frame.h"

enum sio_packet_type {
  SIO_PACKET_OPEN,
  SIO_PACKET_CLOSE,
  SIO_PACKET_PING,
  SIO_PACKET_PONG,
  SIO_PACKET_MESSAGE,
  SIO_PACKET_UPGRADE,
  SIO_PACKET_NOOP
};

/* --- out --- */

/* A packet as a sealed frame: text with its digit. NULL: out of memory. */
sio_frame *sio_packet_frame(enum sio_packet_type type, sio_bytes data);

/* A text message frame whose data the caller writes: len bytes at sio_message_data. NULL: no
 * memory. */
sio_frame *sio_message_new(size_t len);
static inline char *sio_message_data(sio_frame *frame) {
  return frame->payload + 1;
}

/*
 * A message frame in the making (base/frame.h): its data, of which room bytes are expected, is
 * appended to out. 0 or SIO_ENOMEM.
 */
int sio_message_begin(sio_buf *out, bool binary, size_t room);
enum { SIO_TEXT_START = SIO_FRAME_START + 1 }; /* where the data of a text message begins in out */
sio_frame *sio_message_end(sio_buf *out);      /* sealed. NULL: out of memory */

/* A binary message frame with a copy of the data. NULL: no memory. */
sio_frame *sio_message_binary(sio_bytes data);

/* The frames as one polling payload, which is plain if they all are: one text frame is shared,
 * others are copied. Returns owned. NULL: out of memory. */
sio_frame *sio_payload_join(sio_frame *const *frames, size_t count);

/* --- in --- */

/* One packet that came in. type < 0: malformed. Borrows. */
typedef struct sio_packet_in {
  int type;
  bool binary; /* a message that came as 'b' and base64, decoded in place */
  char *data;
  size_t len;
} sio_packet_in;

/* Reads a text frame; decodes base64 in place. The caller has checked its UTF-8. */
sio_packet_in sio_packet_read(char *text, size_t len);

/* The next packet of a polling payload; *at starts at 0. False at the end. An empty payload gives
 * one malformed packet; so does invalid UTF-8, where it stands. */
bool sio_payload_next(char *payload, size_t len, size_t *at, sio_packet_in *packet);
typedef bool sio_payload_reader(char *payload, size_t len, size_t *at, sio_packet_in *packet);

#endif
