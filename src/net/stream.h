/*
 * A stream: one connection's bytes in and out, over TCP or a Unix socket, with or without TLS
 * (net/tls.h) on it. With TLS nothing is read before the handshake is over, and what is sent waits
 * for it.
 *
 * In: bytes are handed out from the loop's read buffer, in place. Out: a queue of slices of shared
 * frames; writing only queues, the end of the turn sends everything in one writev.
 *
 * Life: a stream belongs to its owner from the moment it is accepted until its on_close returns. It
 * dies through one path: whoever wants it gone calls sio_stream_close (or _finish), once or many
 * times; no other event follows, and on_close is called exactly once, later, from the loop. So no
 * callback ever finds a stream or an owner freed under it.
 */
#ifndef SIO_NET_STREAM_H
#define SIO_NET_STREAM_H

#include "base/bytes.h"
#include "base/frame.h"
#include "net/loop.h"

typedef struct sio_stream sio_stream;

typedef struct sio_stream_events {
  /* Bytes came. Borrows data, which the callee may alter in place; what it wants to keep it copies.
   */
  void (*on_read)(void *owner, char *data, size_t len);
  /* The peer will send no more (FIN, or TLS's close_notify). Output still flows. The owner usually
   * finishes the stream. */
  void (*on_end)(void *owner);
  /* The queue has become empty after bytes had to wait in it. May be NULL. */
  void (*on_drain)(void *owner);
  /* The last event. error is what sio_stream_close was given, or libuv's. The owner frees itself;
   * the stream follows. */
  void (*on_close)(void *owner, int error);
} sio_stream_events;

/* Gives the stream to another owner, also from inside on_read (then no further bytes of that read).
 */
void sio_stream_set_owner(sio_stream *stream, const sio_stream_events *events, void *owner);

/* Queues the wire bytes of a frame (header and payload). Shares. SIO_ENOMEM, SIO_ECLOSED. */
int sio_stream_send(sio_stream *stream, sio_frame *frame);

/* The same without the WebSocket header (a polling response shares its body so). */
int sio_stream_send_payload(sio_stream *stream, sio_frame *frame);

/* Queues a copy. SIO_ENOMEM, SIO_ECLOSED. */
int sio_stream_write(sio_stream *stream, sio_bytes bytes);

size_t sio_stream_queued(const sio_stream *stream);  /* bytes not yet taken by the kernel; those
                                                      * already encrypted count as records */
size_t sio_stream_stalled(const sio_stream *stream); /* of these, left over from an earlier flush */

/* Stops and resumes reading (back-pressure on what comes in); costs nothing unless the peer sends
 * meanwhile. Streams start reading when accepted. */
void sio_stream_pause(sio_stream *stream);
void sio_stream_resume(sio_stream *stream);

/* Closes at once; what is queued is dropped. error goes to on_close. Harmless when closing already.
 * With TLS: a close_notify goes first when nothing is dropped and error is 0. */
void sio_stream_close(sio_stream *stream, int error);

/*
 * Sends what is queued, then (a close_notify and) a FIN, waits for the peer's FIN and closes; what
 * comes in meanwhile is thrown away. (Closing while the peer still sends would make the kernel
 * answer with a reset, which can destroy what we sent before it is read: RFC 9112 9.6.) Bounded: a
 * peer that takes nothing for SIO_WS_CLOSE_TIMEOUT is cut, and one that keeps its side open after
 * our FIN in a few seconds.
 */
void sio_stream_finish(sio_stream *stream);

bool sio_stream_is_closing(const sio_stream *stream); /* close or finish has been asked for */
bool sio_stream_is_secure(const sio_stream *stream);  /* speaks TLS */
sio_loop *sio_stream_loop(const sio_stream *stream);

#endif
