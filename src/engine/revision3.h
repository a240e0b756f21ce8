/*
 * Revision 3 of the protocol, which clients of Socket.IO 2 speak, as far as it differs from
 * packet.h:
 *
 *   a polling payload      <length>:<packet>..., lengths in UTF-16 units: 6:4hello2:4€
 *   with binary messages   0 (text) or 1, the digits of the length in bytes as bytes 0-9, ff,
 * packet a binary packet        04 and the data; where only text can go, "b4" and base64
 *
 * Nothing here reads or writes but memory.
 */
#ifndef SIO_ENGINE_REVISION3_H
#define SIO_ENGINE_REVISION3_H

#include "engine/packet.h"

/* What a client speaks, and whether it takes binary messages as base64 only; as bits of a frame's
 * form (base/frame.h). */
enum sio_revision {
  SIO_REVISION_4 = 0,
  SIO_REVISION_3 = 0x10,
  SIO_REVISION_3_TEXT = 0x20,
  SIO_REVISION_4_TEXT = 0x40
};

static inline bool sio_revision_is_old(enum sio_revision revision) {
  return revision == SIO_REVISION_3 || revision == SIO_REVISION_3_TEXT;
}

/* --- out --- */

/* A binary message as a revision other than SIO_REVISION_4 writes it on a WebSocket: made once,
 * kept with the frame and borrowed from it. NULL: out of memory. */
sio_frame *sio_packet3_frame(sio_frame *message, enum sio_revision revision);

/* The frames as one polling payload, binary if need be and allowed. Returns owned. NULL: out of
 * memory. */
sio_frame *sio_payload3_join(sio_frame *const *frames, size_t count, enum sio_revision revision);

/* --- in --- */

/* As sio_packet_read. */
sio_packet_in sio_packet3_read(char *text, size_t len);
/* The same of a binary frame. */
sio_packet_in sio_packet3_read_binary(char *data, size_t len);

/* As sio_payload_next. A packet without bytes is skipped; nothing is read behind a malformed one.
 */
bool sio_payload3_next(char *payload, size_t len, size_t *at, sio_packet_in *packet);
/* The same of a binary payload. */
bool sio_payload3_next_binary(char *payload, size_t len, size_t *at, sio_packet_in *packet);

#endif
