/*
 * What a stream of WebSocket bytes means, as text that can be compared: one line for each message
 * or control frame, and the code that the stream was refused with (0: it was not).
 */
#ifndef SPEC_UNIT_WS_TRANSCRIPT_H
#define SPEC_UNIT_WS_TRANSCRIPT_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "ws/decoder.h"
#include "ws/frame.h"

typedef struct transcript {
  sio_buf text;
  int code;
  bool closed;       /* a close frame came: nothing counts after it */
  sio_bytes goodbye; /* its payload; lies in text */
} transcript;

static inline void transcript_deinit(transcript *out) {
  sio_buf_deinit(&out->text);
}

static inline void transcript_add(transcript *out, int opcode, sio_bytes payload) {
  char head[32];
  int n = snprintf(head, sizeof(head), "%d %zu ", opcode, payload.len);
  if (sio_buf_append(&out->text, head, (size_t)n) != 0 || sio_buf_add(&out->text, payload) != 0 ||
      sio_buf_put(&out->text, '\n') != 0)
    abort();
  if (opcode != SIO_WS_CLOSE)
    return;
  out->closed = true;
  out->goodbye = sio_bytes_of(out->text.base + out->text.len - 1 - payload.len, payload.len);
}

static inline bool transcript_eq(const transcript *a, const transcript *b) {
  return a->code == b->code && sio_bytes_eq(sio_buf_bytes(&a->text), sio_buf_bytes(&b->text));
}

static inline bool transcript_message(void *owner, char *data, size_t len, bool binary) {
  transcript_add(owner, binary ? SIO_WS_BINARY : SIO_WS_TEXT, sio_bytes_of(data, len));
  return true;
}

static inline bool transcript_control(void *owner, int opcode, sio_bytes payload) {
  transcript_add(owner, opcode, payload);
  return opcode != SIO_WS_CLOSE;
}

/* Feeds one piece, from memory of exactly its size, so that a sanitizer sees every step outside. */
static inline void transcript_feed(transcript *out, sio_ws_decoder *decoder, sio_bytes piece) {
  static const sio_ws_decoder_events events = {transcript_message, transcript_control};
  if (out->closed || out->code != 0)
    return;
  char *copy = malloc(piece.len > 0 ? piece.len : 1);
  if (copy == NULL)
    abort();
  if (piece.len > 0)
    memcpy(copy, piece.base, piece.len);
  size_t left;
  out->code = sio_ws_decode(decoder, copy, piece.len, &events, out, &left);
  free(copy);
}

/*
 * Reads the stream in pieces whose sizes next_size gives (NULL: all at once). *out is empty before.
 * deflate: what was agreed on, or NULL.
 */
static inline void transcript_read_packed(transcript *out, sio_bytes stream, size_t max_message,
                                          sio_deflate *deflate, size_t (*next_size)(void *ctx),
                                          void *ctx) {
  sio_ws_decoder decoder;
  sio_ws_decoder_init(&decoder, max_message);
  decoder.deflate = deflate;
  for (size_t at = 0, n; at < stream.len; at += n) {
    size_t left = stream.len - at;
    n = next_size != NULL ? next_size(ctx) : left;
    n = n > left ? left : n;
    transcript_feed(out, &decoder, sio_bytes_of(stream.base + at, n));
  }
  sio_ws_decoder_deinit(&decoder);
}

static inline void transcript_read(transcript *out, sio_bytes stream, size_t max_message,
                                   size_t (*next_size)(void *ctx), void *ctx) {
  transcript_read_packed(out, stream, max_message, NULL, next_size, ctx);
}

#endif
