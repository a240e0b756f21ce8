/*
 * Socket.IO 5 packets: <type>[<attachments>-][<namespace>,][<ack id>][<JSON>]. Only the grammar:
 * the payload stays bytes, attachments follow as binary messages of their own.
 */
#ifndef SIO_SOCKETIO_PACKET_H
#define SIO_SOCKETIO_PACKET_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/frame.h"

enum sio_type {
  SIO_CONNECT,
  SIO_DISCONNECT,
  SIO_EVENT,
  SIO_ACK,
  SIO_CONNECT_ERROR,
  SIO_BINARY_EVENT,
  SIO_BINARY_ACK
};

enum { SIO_NO_ACK = -1 };

typedef struct sio_packet {
  enum sio_type type;
  sio_bytes nsp;      /* "/" when the text names none */
  int64_t id;         /* of the acknowledgement, or SIO_NO_ACK */
  size_t attachments; /* announced */
  sio_bytes payload;  /* perhaps empty; JSON, or what another parser (parser.h) makes of it */
} sio_packet;

/*
 * Reads a packet's text; the packet borrows from it. 0, or SIO_EPARSE or SIO_ELIMIT and a reason,
 * in the reference's words where it has some ("unknown packet type 9", "Illegal attachments", "too
 * many attachments", "invalid payload"). Digits are digits: no signs, blanks, exponents. A name has
 * at most SIO_MAX_NAME bytes, an id SIO_MAX_ACK_DIGITS digits and 63 bits, and no id is rounded.
 *
 * Of the payload, its first byte is checked: '[' for events and acknowledgements, '{' or nothing
 * for CONNECT, '{', '"' or nothing for CONNECT_ERROR, nothing for DISCONNECT.
 */
int sio_packet_parse(sio_bytes text, size_t max_attachments, sio_packet *packet,
                     const char **reason);

/* As begin of a parser (parser.h). */
int sio_packet_begin(sio_buf *out, const sio_packet *packet, size_t room);

/* Turns a packet that was begun without attachments into one of that type, a binary one, with so
 * many. 0 or SIO_ENOMEM. */
int sio_packet_announce(sio_buf *out, enum sio_type type, size_t attachments);

#endif
