#include "socketio/parser.h"

#include "base/alloc.h"
#include "base/error.h"
#include "engine/packet.h"

/* --- the text --- */

static int write_connect(sio_buf *out, sio_bytes sid, sio_bytes pid) {
  int err = sio_buf_str(out, "{\"sid\":\"");
  if (err == 0)
    err = sio_buf_add(out, sid);
  if (err == 0 && pid.len > 0)
    err = sio_buf_str(out, "\",\"pid\":\"");
  if (err == 0)
    err = sio_buf_add(out, pid);
  return err != 0 ? err : sio_buf_str(out, "\"}");
}

static const char unknown[] = "{\"message\":\"Invalid namespace\"}";

static int end_text(sio_buf *out, const sio_packet *packet) {
  (void)out;
  (void)packet;
  return 0;
}

const sio_parser sio_parser_text = {
    .is_binary = false,
    .parse = sio_packet_parse,
    .begin = sio_packet_begin,
    .end = end_text,
    .write_connect = write_connect,
    .unknown = {unknown, sizeof(unknown) - 1},
};

/* --- whichever it is --- */

static int begin_packet(sio_buf *out, const sio_parser *parser, const sio_packet *packet) {
  int err = parser->begin(out, packet, packet->payload.len);
  return err != 0 ? err : sio_buf_add(out, packet->payload);
}

sio_frame *sio_packet_encode(const sio_parser *parser, const sio_packet *packet) {
  sio_buf out = {0};
  int err = begin_packet(&out, parser, packet);
  if (err == 0)
    err = parser->end(&out, packet);
  sio_frame *frame = err == 0 ? sio_message_end(&out) : NULL;
  sio_buf_deinit(&out);
  return frame;
}

/* --- messages --- */

static enum sio_type binary_type(enum sio_type type) {
  return type == SIO_EVENT ? SIO_BINARY_EVENT : type == SIO_ACK ? SIO_BINARY_ACK : type;
}

static int add_attachments(sio_message *message, const sio_bytes *attachments, size_t count) {
  message->attachments =
      count == 1 ? &message->first : sio_calloc(count, sizeof(*message->attachments));
  if (message->attachments == NULL)
    return SIO_ENOMEM;
  for (; message->count < count; message->count++) {
    sio_frame *frame = sio_message_binary(attachments[message->count]);
    if (frame == NULL)
      return SIO_ENOMEM;
    message->attachments[message->count] = frame;
  }
  return 0;
}

int sio_message_finish(sio_message *message, const sio_parser *parser, sio_buf *out,
                       const sio_packet *packet, const sio_bytes *attachments, size_t count) {
  *message = (sio_message){0};
  if ((count > 0 && sio_packet_announce(out, binary_type(packet->type), count) != 0) ||
      parser->end(out, packet) != 0)
    return SIO_ENOMEM;
  message->text = sio_message_end(out);
  if (message->text != NULL && (count == 0 || add_attachments(message, attachments, count) == 0))
    return 0;
  sio_message_deinit(message);
  return SIO_ENOMEM;
}

int sio_message_init(sio_message *message, const sio_parser *parser, const sio_packet *packet,
                     const sio_bytes *attachments, size_t count) {
  sio_buf out = {0};
  int err = begin_packet(&out, parser, packet);
  if (err == 0)
    err = sio_message_finish(message, parser, &out, packet, attachments, count);
  sio_buf_deinit(&out);
  return err;
}

void sio_message_deinit(sio_message *message) {
  sio_frame_unref(message->text);
  for (size_t i = 0; i < message->count; i++)
    sio_frame_unref(message->attachments[i]);
  if (message->attachments != &message->first)
    sio_free(message->attachments);
  *message = (sio_message){0};
}
