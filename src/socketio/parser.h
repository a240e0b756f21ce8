/*
 * How a server writes packets: as text with their attachments behind (packet.h), or in MessagePack,
 * where a packet is one binary message and bytes stand where they belong. What is in a payload is
 * the owner's business, save for the few that the core writes itself.
 */
#ifndef SIO_SOCKETIO_PARSER_H
#define SIO_SOCKETIO_PARSER_H

#include "base/buf.h"
#include "socketio/packet.h"

typedef struct sio_parser {
  bool is_binary; /* what packets come and go as; binary ones have no attachments */
  /*
   * Reads a packet, which borrows from the message. 0, or SIO_EPARSE or SIO_ELIMIT and a reason, in
   * the reference's words where it has some.
   */
  int (*parse)(sio_bytes message, size_t max_attachments, sio_packet *packet, const char **reason);
  /*
   * Begin a packet's frame in out and end it (sio_message_begin); between them the payload is
   * appended, of which room bytes are expected. room is 0 if there is none. 0 or SIO_ENOMEM.
   */
  int (*begin)(sio_buf *out, const sio_packet *packet, size_t room);
  int (*end)(sio_buf *out, const sio_packet *packet);
  /* Appends the payload of the CONNECT that tells a client its id and, unless that is empty, its
   * pid; both are printable ASCII without quotes. 0, SIO_ENOMEM. */
  int (*write_connect)(sio_buf *out, sio_bytes sid, sio_bytes pid);
  sio_bytes unknown; /* the payload of CONNECT_ERROR that says "Invalid namespace" */
} sio_parser;

/* The reference's default one. */
extern const sio_parser sio_parser_text;

/*
 * That of npm's socket.io-msgpack-parser: a packet is a map of type, nsp and perhaps data and id.
 * Its parse checks that data is a whole value of the kind that the type asks for, a CONNECT of
 * undefined having an empty payload, and that nothing follows. Unlike the reference it refuses a
 * name that is not UTF-8 or does not begin with '/', and negative ids.
 */
extern const sio_parser sio_parser_msgpack;

/* A packet as a sealed message frame, payload copied. NULL: out of memory. */
sio_frame *sio_packet_encode(const sio_parser *parser, const sio_packet *packet);

/* What one emit sends: the packet's frame, and the attachments behind it. */
typedef struct sio_message {
  sio_frame *text;
  sio_frame **attachments; /* NULL when there are none, &first if there is one */
  sio_frame *first;
  size_t count;
} sio_message; /* must not be moved */

/*
 * Encodes packet, with its type made the binary one and its count set if there are attachments,
 * which only a text has. Copies everything. 0, or SIO_ENOMEM and nothing to free.
 */
int sio_message_init(sio_message *message, const sio_parser *parser, const sio_packet *packet,
                     const sio_bytes *attachments, size_t count);

/*
 * The same of a packet that parser has begun in out, with its payload: nothing large is copied
 * (sio_frame_end).
 */
int sio_message_finish(sio_message *message, const sio_parser *parser, sio_buf *out,
                       const sio_packet *packet, const sio_bytes *attachments, size_t count);

void sio_message_deinit(sio_message *message);

#endif
