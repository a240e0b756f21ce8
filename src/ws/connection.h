/*
 * A WebSocket on a stream, after the handshake: messages in, frames out, pings answered, the
 * closing handshake with its time limit. It owns the stream, and frees itself when that is gone.
 *
 *   open ──(our close frame)──► closing ──(the peer's, or time)──► over
 *     └──(the peer's close frame, refused bytes, a dead stream)──────┘
 *
 * Messages that come in while it is closing are dropped. When it is over, the owner has heard
 * on_close, its last event, and must forget the pointer.
 */
#ifndef SIO_WS_CONNECTION_H
#define SIO_WS_CONNECTION_H

#include "net/stream.h"
#include "ws/decoder.h"

typedef struct sio_ws sio_ws;

typedef struct sio_ws_events {
  /* Borrows data, which may be altered. Not called after sio_ws_close. */
  void (*on_message)(void *owner, char *data, size_t len, bool binary);
  void (*on_drain)(void *owner); /* what had to wait has been sent */
  /*
   * The connection is over; called once, never from inside a sio_ws_ call. code is the peer's close
   * code (1005 without one), 1006 when the stream died, or the code we refused its bytes with
   * (error is true then; 1006 when memory ran out). Borrows reason.
   */
  void (*on_close)(void *owner, int code, sio_bytes reason, bool error);
} sio_ws_events;

/*
 * Takes the stream, and deflate (NULL: no compression was agreed on). Answers with the 101 bytes of
 * answer (copied), then decodes rest (bytes that came with the request; copied) from the next turn
 * on, so that the caller can finish setting up. Borrows events. NULL: out of memory, and the stream
 * is closing.
 */
sio_ws *sio_ws_new(sio_stream *stream, sio_bytes answer, const char *rest, size_t rest_len,
                   size_t max_message, sio_deflate *deflate, const sio_ws_events *events,
                   void *owner);

/* Another owner, or none (NULL, NULL: nothing is reported any more). */
void sio_ws_set_owner(sio_ws *ws, const sio_ws_events *events, void *owner);

/* Queues a sealed frame, compressed where that was agreed on. Shares. SIO_ECLOSED after a close,
 * SIO_ENOMEM. */
int sio_ws_send(sio_ws *ws, sio_frame *frame);

size_t sio_ws_queued(const sio_ws *ws);  /* bytes not yet taken by the kernel */
size_t sio_ws_stalled(const sio_ws *ws); /* of these, left over from an earlier turn */

/*
 * Sends a close frame behind what is queued and waits for the peer's, at most SIO_WS_CLOSE_TIMEOUT.
 * code 0: an empty payload. Harmless when closing already.
 */
void sio_ws_close(sio_ws *ws, int code);

/* Drops the connection at once. on_close follows from the loop. */
void sio_ws_destroy(sio_ws *ws);

#endif
