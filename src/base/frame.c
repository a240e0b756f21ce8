#include "base/frame.h"

#include "base/alloc.h"
#include "base/error.h"

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

int sio_frame_begin(sio_buf *out, size_t room) {
  sio_buf_clear(out);
  if (room > SIZE_MAX - sizeof(sio_frame) || sio_buf_reserve(out, sizeof(sio_frame) + room) != 0)
    return SIO_ENOMEM;
  *(sio_frame *)out->base = (sio_frame){.refs = 1};
  out->len = SIO_FRAME_START;
  return 0;
}

enum {
  SPARE = 64,   /* bytes that a frame may have too many, beside an eighth of it */
  SMALL = 4096, /* up to so many bytes, a copy costs less than memory for the next frame */
};

static sio_frame *copy_whole(const sio_buf *out) {
  sio_frame *frame = sio_malloc(out->len > sizeof(sio_frame) ? out->len : sizeof(sio_frame));
  if (frame != NULL)
    memcpy(frame, out->base, out->len);
  return frame;
}

/* The memory of out without what it has too much. */
static sio_frame *take_whole(sio_buf *out, bool is_tight) {
  char *base = is_tight ? NULL : sio_realloc(out->base, out->len);
  sio_frame *frame = (sio_frame *)(base != NULL ? base : out->base);
  *out = (sio_buf){0};
  return frame;
}

sio_frame *sio_frame_end(sio_buf *out) {
  size_t len = out->len;
  bool is_tight = out->cap - len <= SPARE + len / 8;
  bool is_copied = !is_tight && len <= SMALL;
  sio_frame *frame = is_copied ? copy_whole(out) : take_whole(out, is_tight);
  if (frame != NULL)
    frame->len = len - SIO_FRAME_START;
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
