/*
 * An exchange: one request and its answer on a connection. It is valid until its answer is complete
 * (then the callee must not touch it again) or on_abort has been called, whichever is first.
 *
 * Answer in one call (sio_exchange_send), in pieces (start, write, end), or take the connection
 * away (upgrade). The body of the request comes only to who asks for it: until then it waits in the
 * socket, and what nobody wanted when the answer is complete is read and dropped.
 *
 * Every call is allowed inside every callback. No callback is called from inside a call, but for
 * sio_exchange_read_body.
 */
#ifndef SIO_HTTP_EXCHANGE_H
#define SIO_HTTP_EXCHANGE_H

#include "base/frame.h"
#include "http/request.h"
#include "net/stream.h"

typedef struct sio_exchange sio_exchange;

typedef struct sio_exchange_events {
  /* The whole body has come. Borrows. */
  void (*on_body)(void *owner, sio_exchange *exchange, sio_bytes body);
  /* The body is larger than the limit given (known from Content-Length, or counted): answer (413 is
   * expected); the connection is closed after it. */
  void (*on_too_large)(void *owner, sio_exchange *exchange);
  /* The connection died before the answer was complete. The exchange is gone when this returns. */
  void (*on_abort)(void *owner, sio_exchange *exchange);
  /* In pieces only: what was written has been sent (back-pressure). May be NULL. */
  void (*on_drain)(void *owner, sio_exchange *exchange);
} sio_exchange_events;

sio_request *sio_exchange_request(const sio_exchange *exchange); /* borrows */
sio_stream *sio_exchange_stream(const sio_exchange *exchange);   /* borrows; for its limits */

/* Whoever took the exchange and does not answer at once registers here. Borrows events. */
void sio_exchange_set_owner(sio_exchange *exchange, const sio_exchange_events *events, void *owner);

/*
 * Asks for the body, at most limit bytes; needs an owner. Answers "Expect: 100-continue". on_body
 * (when there is none) and on_too_large (when Content-Length says so) may be called before it
 * returns, so it is the last thing to do with the exchange.
 */
void sio_exchange_read_body(sio_exchange *exchange, size_t limit);

/*
 * Adds a header to the answer to come. Copies. SIO_EINVAL if the name is no token or the value
 * holds control characters (nothing is added: an answer can never be split); SIO_ENOMEM.
 *
 * What frames the answer is the connection's business: "Connection: close" does what
 * sio_exchange_close_after does; other values of it, Keep-Alive and Transfer-Encoding are
 * SIO_EINVAL. A Content-Length counts for an answer in pieces, which is sent plain then, and for
 * one without body; a Date or Content-Type replaces the one that would be sent.
 */
int sio_exchange_header(sio_exchange *exchange, sio_bytes name, sio_bytes value);
/* Removes or finds one that was added; names in any case. */
void sio_exchange_remove_header(sio_exchange *exchange, sio_bytes name);
bool sio_exchange_has_header(const sio_exchange *exchange, sio_bytes name);
/* The lines added, each with its CR LF, for the answer that an upgrade writes itself. Borrows,
 * until the next call. */
sio_bytes sio_exchange_headers(const sio_exchange *exchange);

/*
 * Answers: status line, the headers added, Content-Type, Content-Length, Date, Connection (and
 * Keep-Alive), body. No body for HEAD, 204 and 304. content_type may be empty (none). Copies the
 * body. Out of memory: the connection is closed. The exchange is over.
 */
void sio_exchange_send(sio_exchange *exchange, int status, sio_bytes content_type, sio_bytes body);
/* The same with a body that is already a frame's payload: shared, not copied (unless it is small).
 */
void sio_exchange_send_frame(sio_exchange *exchange, int status, sio_bytes content_type,
                             sio_frame *body);

/*
 * In pieces: chunked; as long as the Content-Length that was added; or until the connection closes
 * for an HTTP/1.0 client. start and write return 0 or what sio_stream_send returns: then the
 * connection is closing and on_abort follows. More bytes than Content-Length are SIO_EINVAL, fewer
 * close the connection in end. A peer that takes nothing for SIO_REQUEST_TIMEOUT is cut.
 */
int sio_exchange_start(sio_exchange *exchange, int status, sio_bytes content_type);
int sio_exchange_write(sio_exchange *exchange, sio_bytes piece);
void sio_exchange_end(sio_exchange *exchange);

/* Closes the connection without (further) answer; on_abort is not called. The exchange is over. */
void sio_exchange_destroy(sio_exchange *exchange);

/* After the answer the connection closes instead of waiting for the next request. */
void sio_exchange_close_after(sio_exchange *exchange);

/*
 * Takes the stream out of HTTP. The caller becomes its owner at once (sio_stream_set_owner) and
 * gets the bytes that came after the head in rest (borrowed until the loop's next flush, may be
 * altered in place). The exchange is over.
 */
sio_stream *sio_exchange_upgrade(sio_exchange *exchange, char **rest, size_t *rest_len);

#endif
