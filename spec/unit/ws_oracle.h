/*
 * The same transcript from wslay (include <wslay/wslay.h> first). transcript_is_comparable tells
 * where it is no judge:
 * - a close frame with one byte of payload, which it takes for an empty one;
 * - codes 1012 to 1014, which it refuses; they were registered after it was written;
 * - a close reason that comes in pieces, whose first bytes it does not check (whole input only);
 * - the header of a frame, or a close frame, that has not come whole: either may judge it earlier;
 * - a message of more than SIO_WS_MAX_FRAGMENTS frames, which it has no limit for;
 * - a frame both malformed and too large: which of the two it reports depends on its order.
 */
#ifndef SPEC_UNIT_WS_ORACLE_H
#define SPEC_UNIT_WS_ORACLE_H

#include "base/limits.h"
#include "ws_transcript.h"

typedef struct oracle {
  sio_bytes left;
  transcript *out;
} oracle;

static inline ssize_t oracle_recv(wslay_event_context_ptr ctx, uint8_t *data, size_t len, int flags,
                                  void *owner) {
  oracle *now = owner;
  (void)flags;
  if (now->left.len == 0) {
    wslay_event_set_error(ctx, WSLAY_ERR_WOULDBLOCK);
    return -1;
  }
  size_t n = len < now->left.len ? len : now->left.len;
  memcpy(data, now->left.base, n);
  now->left.base += n;
  now->left.len -= n;
  return (ssize_t)n;
}

static inline ssize_t oracle_send(wslay_event_context_ptr ctx, const uint8_t *data, size_t len,
                                  int flags, void *owner) {
  (void)ctx, (void)data, (void)flags, (void)owner;
  return (ssize_t)len;
}

static inline void oracle_message(wslay_event_context_ptr ctx,
                                  const struct wslay_event_on_msg_recv_arg *arg, void *owner) {
  oracle *now = owner;
  (void)ctx;
  transcript_add(now->out, arg->opcode, sio_bytes_of((const char *)arg->msg, arg->msg_length));
}

static inline void oracle_read(transcript *out, sio_bytes stream, size_t max_message) {
  static const struct wslay_event_callbacks callbacks = {.recv_callback = oracle_recv,
                                                         .send_callback = oracle_send,
                                                         .on_msg_recv_callback = oracle_message};
  oracle now = {stream, out};
  wslay_event_context_ptr ctx;
  if (wslay_event_context_server_init(&ctx, &callbacks, &now) != 0)
    abort();
  wslay_event_config_set_max_recv_msg_length(ctx, max_message);
  int err = wslay_event_recv(ctx);
  wslay_event_send(ctx);
  int sent = wslay_event_get_status_code_sent(ctx);
  if (err != 0)
    out->code = SIO_WS_PROTOCOL_ERROR;
  else if (!out->closed && wslay_event_get_close_sent(ctx))
    out->code = sent;
  wslay_event_context_free(ctx);
}

/* Is wslay a judge of a stream for which our decoder gave this transcript? */
static inline bool transcript_is_comparable(const transcript *ours, const transcript *wslays) {
  int goodbye = sio_ws_close_code(ours->goodbye);
  if (ours->code == SIO_WS_POLICY || wslays->goodbye.len == 1 ||
      (goodbye >= 1012 && goodbye <= 1014))
    return false;
  if (ours->code != 0 && wslays->code != 0) /* both refuse */
    return ours->code == wslays->code ||
           (ours->code != SIO_WS_TOO_LARGE && wslays->code != SIO_WS_TOO_LARGE);
  return true;
}

#endif
