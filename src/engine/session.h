/*
 * A session: one client's connection, whatever transport carries it. It is reference-counted: the
 * engine holds it while it is open, and whoever keeps a pointer holds it too. Calls on a closed
 * session are harmless.
 */
#ifndef SIO_ENGINE_SESSION_H
#define SIO_ENGINE_SESSION_H

#include "base/frame.h"
#include "http/request.h"

typedef struct sio_session sio_session;

enum sio_session_state { SIO_OPENING, SIO_OPEN, SIO_CLOSING, SIO_CLOSED };

sio_session *sio_session_ref(sio_session *session);
void sio_session_unref(sio_session *session); /* NULL is allowed */

sio_bytes sio_session_id(const sio_session *session); /* secret of this client */
/* Of the handshake. Returns owned; the same as long as anybody holds it. NULL: out of memory. */
sio_request *sio_session_request(sio_session *session);
enum sio_session_state sio_session_get_state(const sio_session *session);
int sio_session_protocol(const sio_session *session);          /* revision: 4 or 3 */
const char *sio_session_transport(const sio_session *session); /* "polling" or "websocket" */

bool sio_session_is_upgrading(const sio_session *session); /* a WebSocket is to take it over */

/* A pointer of the owner's, NULL at first. */
void sio_session_set_data(sio_session *session, void *data);
void *sio_session_data(const sio_session *session);

/* From now on the engine's policy is told of its packets. */
void sio_session_watch(sio_session *session);

/*
 * Queues a message frame (engine/packet.h): it goes out at the end of the turn, with the next poll,
 * or after a running upgrade; in order, none lost or doubled. Shares. SIO_ECLOSED, or SIO_ENOMEM
 * (then the session is closing: a gap in the order would be worse).
 *
 * When more than max_backpressure bytes are left over from earlier turns the client is too slow and
 * the session closes ("transport error") unless the policy is to keep it.
 */
int sio_session_send(sio_session *session, sio_frame *frame);

/* May a volatile packet be sent: a poll is pending, or no bytes of an earlier turn wait on the
 * WebSocket? */
bool sio_session_is_ready(const sio_session *session);

size_t sio_session_buffered(const sio_session *session); /* bytes queued, whoever holds them */

/*
 * Closes. With discard at once, dropping what is queued; otherwise after it was sent. The client is
 * told (close packet, close frame); on_close says "forced close" from the loop.
 */
void sio_session_close(sio_session *session, bool discard);

#endif
