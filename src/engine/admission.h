/*
 * What the application has a say in: who comes in and under which id; and what it may watch.
 *
 *   request ─► on_origin ─► on_request ─► verified ─► on_handshake ─► on_id ─► a session
 *                                              └─► a request of a session
 *
 * Each of the four questions takes the exchange: its answer, now or later, is a call below, or an
 * answer that ends the exchange. Until then the exchange is the owner's (who hears when the client
 * goes away). What is NULL costs nothing; the engine looks at each moment what is there.
 */
#ifndef SIO_ENGINE_ADMISSION_H
#define SIO_ENGINE_ADMISSION_H

#include "base/buf.h"
#include "base/frame.h"
#include "base/limits.h"
#include "base/random.h"
#include "engine/session.h"
#include "http/cors.h"

struct sio_engine;
struct sio_packet_in;

/* Why a request is not served: the codes of the reference. */
enum sio_fault {
  SIO_UNKNOWN_TRANSPORT,
  SIO_UNKNOWN_SID,
  SIO_BAD_METHOD,
  SIO_BAD_REQUEST,
  SIO_FORBIDDEN,
  SIO_BAD_PROTOCOL
};

typedef struct sio_refusal {
  enum sio_fault fault;
  int status;                 /* of the answer; 0: 403 for a forbidden poll, else 400 */
  sio_bytes message;          /* UTF-8; empty: the usual one of the fault */
  const char *name;           /* what exactly is bad, such as "TRANSPORT_MISMATCH"; may be NULL */
  const sio_session *session; /* that the request names, or NULL */
} sio_refusal;

typedef struct sio_policy {
  void *ctx;
  /* Instead of the option cors: what holds for this request? Then sio_engine_share or _refuse. */
  void (*on_origin)(void *ctx, sio_exchange *exchange);
  /* Any request, before it is looked at. Then sio_engine_verify or _refuse. */
  void (*on_request)(void *ctx, sio_exchange *exchange);
  /* A handshake that is in order. Then sio_engine_allow or _refuse. */
  void (*on_handshake)(void *ctx, sio_exchange *exchange);
  /* The same, once it was let in: which id? Then sio_engine_open or _refuse. */
  void (*on_id)(void *ctx, sio_exchange *exchange);
  /* The value of the cookie for this id, appended to out; else the id, escaped. False: no cookie.
   */
  bool (*on_cookie)(void *ctx, sio_bytes id, sio_buf *out);
  /* A request was refused. The usual message stands in refusal when it had none of its own. */
  void (*on_refused)(void *ctx, sio_request *request, const sio_refusal *refusal);
  /* An answer of a session or a WebSocket's 101 is about to go out: headers can be changed. */
  void (*on_headers)(void *ctx, sio_exchange *exchange);
  /* A new session, before the owner of the engine is told. */
  void (*on_session)(void *ctx, sio_session *session);
  /* Of sessions that are watched (session.h): a packet has come, or is queued; all is sent; a
   * WebSocket has been probed, which is to take the session over. */
  void (*on_packet)(void *ctx, sio_session *session, const struct sio_packet_in *packet);
  void (*on_packet_create)(void *ctx, sio_session *session, const sio_frame *frame);
  void (*on_drain)(void *ctx, sio_session *session);
  void (*on_upgrading)(void *ctx, sio_session *session);
} sio_policy;

/* An id as sessions have them: hard to guess, 20 characters. 0, or SIO_ENOMEM without randomness.
 */
int sio_engine_random_id(struct sio_engine *engine, char out[SIO_ID_LEN]);

/* These take the exchange. */
void sio_engine_share(struct sio_engine *engine, sio_exchange *exchange, const sio_cors *cors);
void sio_engine_verify(struct sio_engine *engine, sio_exchange *exchange);
void sio_engine_allow(struct sio_engine *engine, sio_exchange *exchange);
void sio_engine_refuse(struct sio_engine *engine, sio_exchange *exchange,
                       const sio_refusal *refusal);

/*
 * Takes the exchange and opens the session, under a random id if id is empty. SIO_EINVAL: the id is
 * in use, or not 1 to SIO_MAX_SESSION_ID printable ASCII characters without '"' and '\'; the
 * exchange is as it was.
 */
int sio_engine_open(struct sio_engine *engine, sio_exchange *exchange, sio_bytes id);

#endif
