/*
 * WebSocket frames in (RFC 6455, 5 and 7), without I/O. Unmasks in place, a word at a time, and
 * hands out a message that lies whole in the bytes given without copying it; only unfinished frames
 * and fragmented messages are gathered in a buffer, which grows with what has come, not with what a
 * header claims (of long frames once a part of them has come), and is freed when the message is
 * done. Between messages a decoder owns no memory. A compressed message is gathered as it comes and
 * inflated when it is complete.
 *
 * Everything a peer can do wrong ends in one code to close with: 1002 protocol (no mask, RSV bits,
 * opcodes, fragmented or long control frames, lengths that are not in their shortest form, close
 * payloads), 1007 UTF-8 (as early as it shows) and what cannot be inflated, 1009 message too large
 * (as its headers claim it, and as it is inflated), 1008 too many fragments.
 */
#ifndef SIO_WS_DECODER_H
#define SIO_WS_DECODER_H

#include <stdint.h>

#include "base/buf.h"
#include "ws/deflate.h"

typedef struct sio_ws_decoder_events {
  /* A whole message. Borrows data, which may be altered. False: stop, for now or for good. */
  bool (*on_message)(void *owner, char *data, size_t len, bool binary);
  /* Ping, pong or close, with its payload unmasked. False: stop. A close's payload is valid: empty,
   * or an allowed code and UTF-8 (sio_ws_close_code reads it). */
  bool (*on_control)(void *owner, int opcode, sio_bytes payload);
} sio_ws_decoder_events;

typedef struct sio_ws_decoder {
  /* Set by the owner. */
  size_t max_message;   /* bytes */
  sio_deflate *deflate; /* borrowed; NULL: compression was not agreed on */

  /* Private. */
  size_t remaining;   /* payload bytes of the current frame still to come */
  sio_buf gathered;   /* the message so far; behind it, the control payload so far */
  uint32_t utf8;      /* state of the text so far */
  uint16_t fragments; /* frames of the message so far */
  uint8_t kind;       /* opcode of the message, or 0 between messages */
  uint8_t opcode;     /* of the current frame */
  bool fin;
  bool packed; /* the message is compressed */
  bool in_payload;
  uint8_t control_len; /* control payload gathered */
  uint8_t head_len;    /* header bytes gathered */
  uint8_t mask[4];     /* turned to the next payload byte */
  uint8_t head[14];
} sio_ws_decoder;

void sio_ws_decoder_init(sio_ws_decoder *decoder, size_t max_message);
void sio_ws_decoder_deinit(sio_ws_decoder *decoder);

/* Between two messages, with nothing of the next: a new one would do as well. */
static inline bool sio_ws_decoder_is_idle(const sio_ws_decoder *decoder) {
  return decoder->kind == 0 && !decoder->in_payload && decoder->head_len == 0;
}

/*
 * Alters data. Returns 0, a close code, or SIO_ENOMEM; after anything but 0 the decoder is only
 * good for deinit. *left: so many bytes at the end were not used, as a callback stopped it; it goes
 * on with them.
 */
int sio_ws_decode(sio_ws_decoder *decoder, char *data, size_t len,
                  const sio_ws_decoder_events *events, void *owner, size_t *left);

/* The code in a valid close payload; 1005 for an empty one. */
int sio_ws_close_code(sio_bytes payload);

#endif
