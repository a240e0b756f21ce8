/*
 * What the files of the engine share; private to this folder.
 *
 *   handshake.c   what a request is
 *   admission.c   the application's questions, refusals, new sessions
 *   quota.c       sessions by address
 *   session.c     state, heartbeat, the one way to end
 *   polling.c     the GET that waits, the POST that brings, the queue
 *   websocket.c   the same over a WebSocket
 *   packet3.c     packets of revision 3
 *   payload3.c    its polling payloads
 *   jsonp.c       polling by script elements
 *   upgrade.c     from the first to the second
 *   engine.c      the sessions together
 *
 * A session ends by sio_session_end, at once and silently; the hook is called from the loop's next
 * flush. So no call of the owner is answered by a hook from inside it; but by the policy, if it
 * listens to headers or packets, which may then call anything.
 */
#ifndef SIO_ENGINE_PRIVATE_H
#define SIO_ENGINE_PRIVATE_H

#include "base/map.h"
#include "base/random.h"
#include "engine/engine.h"
#include "engine/packet.h"
#include "engine/quota.h"
#include "engine/revision3.h"
#include "http/kept.h"
#include "ws/connection.h"

struct sio_engine {
  sio_http_handler handler;
  sio_loop *loop;
  sio_engine_options options; /* its path is ours */
  const sio_engine_hooks *hooks;
  void *ctx;
  sio_map sessions; /* by id: those that are not closed, or whose hook is still to be called */
  size_t open;      /* those that are not closed */
  sio_quota quota;  /* of these */
  sio_keeper keeper;
  sio_deadlines ping_interval;
  sio_deadlines ping_timeout;
  sio_deadlines poll_close; /* closing sessions, until the poll that tells it */
  sio_deadlines upgrade_timeout;
  sio_deadlines upgrade_noop; /* polls that wait during an upgrade */
  sio_deadlines silence;      /* of clients of revision 3, which send the pings */
  sio_frame *ping, *pong, *noop, *close;
  sio_deflate_pool *deflate; /* NULL: off */
  unsigned id_counter;
  bool is_closed;
  bool is_watched; /* a session is, or was */
};

/* What is not handed out yet of a POST that has come: it waits for the next turn, and the POST for
 * its answer. */
typedef struct sio_leftover {
  sio_flush turn;
  sio_session *session;
  sio_payload_reader *read;
  size_t at, len;
  char payload[];
} sio_leftover;

/* What a session needs on polling only. */
typedef struct sio_polling {
  sio_exchange *poll; /* the GET that waits, or NULL */
  sio_exchange *post; /* the POST in progress, or NULL */
  sio_leftover *leftover;
  bool has_body; /* all of its body has come; its packets are being handed out */
  bool is_late;  /* closing, and the poll at hand could not be told */
  sio_frame **queue;
  size_t count, cap;
  size_t bytes;                /* of the queue */
  char *jsonp;                 /* digits of the function to call, or NULL */
  struct sio_upgrade *upgrade; /* while it runs */
  sio_deadline closing;
  sio_session *session;
} sio_polling;

/* What it needs while a WebSocket is about to take over. */
typedef struct sio_upgrade {
  sio_ws *ws;
  enum sio_revision revision;
  sio_deadline timeout;
  sio_deadline noop;
  bool is_probed;
  sio_session *session;
} sio_upgrade;

/* There are many of them, most of them idle: each byte counts. */
struct sio_session {
  uint32_t refs; /* one is the engine's, until its hook has been called */
  enum sio_session_state state : 8;
  bool is_websocket;
  enum sio_revision revision : 8; /* of what is sent on the present transport */
  bool awaits_pong;
  bool is_extended; /* another packet has proved life once since the ping */
  bool is_watched;  /* the policy is told of its packets */
  uint8_t id_len;
  uint32_t stale;     /* bytes that an earlier turn left queued, as far as they can be counted */
  sio_engine *engine; /* NULL: it has told of the end, or was freed */
  void *data;
  union {
    sio_deadline heartbeat;
    struct { /* CLOSED */
      const char *reason, *detail;
    };
  };
  sio_flush flush; /* answers the poll, looks at what stays queued, or tells of the end */
  union {          /* the transport, or NULL */
    sio_polling *polling;
    sio_ws *ws; /* if is_websocket */
  };
  sio_kept kept; /* the request of the handshake */
  char id[];     /* and what kept has of its own */
};

static inline sio_ws *sio_session_ws(const sio_session *session) {
  return session->is_websocket ? session->ws : NULL;
}

static inline sio_polling *sio_session_polling(const sio_session *session) {
  return session->is_websocket ? NULL : session->polling;
}

/* --- session.c --- */

/* A new session among the engine's, which holds it; id is free, or empty: a random one. NULL: out
 * of memory. */
sio_session *sio_session_new(sio_engine *engine, sio_request *request, sio_bytes id);
/* Takes back one that was never opened. */
void sio_session_drop(sio_session *session);
/* Its transport is there: queues the open packet, starts the heartbeat, tells the owner. */
void sio_session_open(sio_session *session);
/* Borrows. */
void sio_session_receive(sio_session *session, const sio_packet_in *packet);
/* Queues any frame on the present transport. SIO_ENOMEM or SIO_ECLOSED. */
int sio_session_push(sio_session *session, sio_frame *frame);
/* Closes at once, whatever the state; harmless when closed. The texts are static. */
void sio_session_end(sio_session *session, const char *reason, const char *detail);
void sio_session_flush_later(sio_session *session);
/* So many bytes are left queued. */
void sio_session_set_stale(sio_session *session, size_t bytes);
/* What is to be told of the session's packets, or NULL. */
const sio_policy *sio_session_watcher(const sio_session *session);
void sio_session_tell_drain(sio_session *session); /* all that was queued is sent */
void sio_session_silence(sio_session *session);    /* the engine is being freed */
void sio_session_on_ping_due(sio_deadline *deadline);
void sio_session_on_silence(sio_deadline *deadline);
static inline bool sio_session_is_old(const sio_session *session) {
  return sio_revision_is_old(session->revision);
}

/* --- polling.c --- */

/* The session's first poll. SIO_ENOMEM: the exchange is as it was. */
int sio_polling_start(sio_session *session, sio_exchange *poll);
/* A further request of the session. Takes the exchange. */
void sio_polling_serve(sio_session *session, sio_exchange *exchange);
int sio_polling_push(sio_session *session, sio_frame *frame);
void sio_polling_flush(sio_session *session);
void sio_polling_send_noop(sio_session *session); /* if a poll waits and nothing is queued */
/* Closes after what is queued was sent. */
void sio_polling_close(sio_session *session);
/* Answers or destroys what is pending and frees the rest; last ends a poll that waits. Takes
 * polling, which is the session's transport no more. */
void sio_polling_end(sio_session *session, sio_polling *polling, sio_frame *last);
void sio_polling_on_close_timeout(sio_deadline *deadline);

/* --- websocket.c --- */

/* Checks the upgrade's headers, extensions included: as sio_ws_check (ws/handshake.h). */
const char *sio_websocket_check(const sio_engine *engine, const sio_request *request, int *status);
/* Answers 101 and takes the stream. NULL: out of memory, and the connection is closing. */
sio_ws *sio_websocket_accept(sio_engine *engine, sio_exchange *exchange,
                             const sio_ws_events *events, void *owner);
/* Accepts and closes it, as the reference does with a WebSocket that a session has no use for. */
void sio_websocket_turn_away(sio_engine *engine, sio_exchange *exchange);
/* As sio_ws_send, in the form of the revision. */
int sio_websocket_send_form(sio_ws *ws, sio_frame *frame, enum sio_revision revision);
static inline int sio_websocket_send(sio_ws *ws, sio_frame *frame, enum sio_revision revision) {
  return revision == SIO_REVISION_4 ? sio_ws_send(ws, frame)
                                    : sio_websocket_send_form(ws, frame, revision);
}
/* Makes the WebSocket the session's transport. */
void sio_websocket_start(sio_session *session, sio_ws *ws);

/* --- upgrade.c --- */

/* Takes the exchange. */
void sio_upgrade_start(sio_session *session, sio_exchange *exchange);
void sio_upgrade_abort(sio_session *session); /* nothing when none runs */
void sio_upgrade_on_poll(sio_session *session);
void sio_upgrade_on_timeout(sio_deadline *deadline);
void sio_upgrade_on_noop_due(sio_deadline *deadline);

/* Answers an upgrade in the reference's own form, with the headers that were added. */
void sio_websocket_refuse(sio_exchange *exchange, int status, sio_bytes message);

/* --- handshake.c --- */

/* What it says of its client. */
enum sio_revision sio_request_revision(const sio_request *request);
static inline bool sio_is_upgrade(const sio_engine *engine, const sio_exchange *exchange) {
  return sio_exchange_request(exchange)->upgrade && engine->options.websocket;
}
bool sio_engine_on_request(sio_http_handler *handler, sio_exchange *exchange);

/* --- admission.c --- */

/* A request has come. Takes the exchange. */
void sio_engine_receive(sio_engine *engine, sio_exchange *exchange);
/* It is a handshake, and in order. Takes the exchange. */
void sio_engine_greet(sio_engine *engine, sio_exchange *exchange);
/* Headers of an answer are about to go out. */
static inline void sio_engine_tell_headers(const sio_engine *engine, sio_exchange *exchange) {
  const sio_policy *policy = engine->options.policy;
  if (policy != NULL && policy->on_headers != NULL)
    policy->on_headers(policy->ctx, exchange);
}

#endif
