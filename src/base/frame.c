#include "base/frame.h"

#include "base/alloc.h"

sio_frame *sio_frame_new(size_t len) {
  if (len > SIZE_MAX - sizeof(sio_frame))
    return NULL;
  sio_frame *frame = sio_malloc(sizeof(sio_frame) + len);
  if (frame == NULL)
    return NULL;
  *frame = (sio_frame){.refs = 1, .len = len};
  return frame;
}

sio_frame *sio_frame_copy(sio_bytes payload) {
  sio_frame *frame = sio_frame_new(payload.len);
  if (frame != NULL && payload.len > 0)
    memcpy(frame->payload, payload.base, payload.len);
  return frame;
}

void sio_frame_unref(sio_frame *frame) {
  while (frame != NULL && --frame->refs == 0) {
    sio_frame *others = frame->others;
    sio_free(frame);
    frame = others;
  }
}

sio_frame *sio_frame_form(const sio_frame *frame, uint8_t form) {
  sio_frame *other = frame->others;
  while (other != NULL && other->form != form)
    other = other->others;
  return other;
}

sio_frame *sio_frame_keep(sio_frame *frame, sio_frame *other) {
  other->others = frame->others;
  frame->others = other;
  return other;
}
