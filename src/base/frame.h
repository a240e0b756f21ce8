/*
 * A shared frame: one Engine.IO packet as it goes out, immutable and reference-counted, so that a
 * broadcast is encoded once and every recipient's queue points to the same bytes.
 *
 * The WebSocket header stands right before the payload. A WebSocket sends header and payload in one
 * run; a polling response uses the payload alone (base64 if binary). Frames of other bytes (HTTP
 * responses) have no header.
 */
#ifndef SIO_BASE_FRAME_H
#define SIO_BASE_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* What of a form is its compression and what its revision; see ws/deflate.h, engine/revision3.h. */
enum { SIO_FORM_WINDOW = 0x0f, SIO_FORM_REVISION = 0xf0 };

enum { SIO_FRAME_ROOM = 10 }; /* the longest unmasked WebSocket header */

typedef struct sio_frame {
  uint32_t refs;
  uint8_t head;             /* bytes of WebSocket header, right-aligned in room */
  bool binary;              /* a binary message, not text */
  bool plain;               /* in a polling answer not compressed: the application says so */
  uint8_t form;             /* of another form: which one, SIO_FORM_* (0: the frame itself) */
  size_t len;               /* bytes of payload */
  struct sio_frame *others; /* the first of its other forms, made when first needed, which go with
                               it; the forms of a form stand behind that one */
  unsigned char room[SIO_FRAME_ROOM];
  char payload[];
} sio_frame;

/* A frame with one reference, no header and len bytes of uninitialised payload. NULL: no memory. */
sio_frame *sio_frame_new(size_t len);

/* The same, with a copy of the bytes. */
sio_frame *sio_frame_copy(sio_bytes payload);

/*
 * A frame in the making: out, whose content is forgotten, then holds the frame itself and after it
 * what is appended as the payload, of which room bytes are expected. 0 or SIO_ENOMEM. Whoever gives
 * it up clears the buffer.
 */
enum { SIO_FRAME_START = offsetof(sio_frame, payload) };
int sio_frame_begin(sio_buf *out, size_t room);

/*
 * What was begun in out becomes a frame, as of sio_frame_new. A large one takes the memory of out,
 * of a small one that stays with out for the next. NULL: out of memory.
 */
sio_frame *sio_frame_end(sio_buf *out);

static inline sio_frame *sio_frame_ref(sio_frame *frame) {
  frame->refs++;
  return frame;
}

void sio_frame_unref(sio_frame *frame); /* NULL is allowed */

/* The form of the frame that was made before, borrowed, or NULL. */
sio_frame *sio_frame_form(const sio_frame *frame, uint8_t form);

/* Keeps a form that was made. Takes it; returns it borrowed. */
sio_frame *sio_frame_keep(sio_frame *frame, sio_frame *other);

static inline sio_bytes sio_frame_payload(const sio_frame *frame) {
  return (sio_bytes){frame->payload, frame->len};
}

/* Header and payload: what goes out on a WebSocket, or all of a frame without header. */
static inline sio_bytes sio_frame_wire(const sio_frame *frame) {
  return (sio_bytes){frame->payload - frame->head, frame->len + frame->head};
}

#endif
