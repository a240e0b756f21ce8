/*
 * Engine.IO (protocol 4, and 3 where allowed): sessions over HTTP long-polling and WebSocket, the
 * upgrade from one to the other, the heartbeat. It knows nothing of what its messages mean.
 *
 *   handshake ──► open ──► closing ──► closed          one session
 *   polling ──(probe, upgrade)──► websocket             its transport
 */
#ifndef SIO_ENGINE_ENGINE_H
#define SIO_ENGINE_ENGINE_H

#include "engine/admission.h"
#include "engine/session.h"
#include "http/compress.h"
#include "http/cors.h"
#include "http/server.h"
#include "ws/deflate.h"

typedef struct sio_engine sio_engine;

typedef struct sio_engine_options {
  sio_bytes path;          /* "/socket.io/": requests whose path begins with it are ours; without
                              the slash at its end also that path itself. Copied */
  bool polling, websocket; /* transports enabled */
  bool allow_upgrades;
  bool allow_eio3; /* clients of revision 3 (engine/revision3.h), and JSONP */
  uint64_t ping_interval, ping_timeout, upgrade_timeout; /* ms */
  size_t max_http_buffer_size; /* bytes: one POST body, one WebSocket message */
  size_t max_backpressure;     /* bytes that an earlier turn left queued for one client */
  bool close_slow;             /* beyond that close it (else only volatile packets are dropped) */
  long compression_threshold; /* bytes of a polling answer from which it is compressed; -1: never */
  sio_packing packing;        /* how, then */
  sio_deflate_options deflate;   /* of WebSocket messages */
  size_t max_connections;        /* sessions; one more is answered 503. 0: any number */
  size_t max_connections_per_ip; /* the same for one address */
  sio_bytes cookie_name;       /* of the cookie with the id, set by polling; empty: none. Copied */
  sio_bytes cookie_attributes; /* what follows its value: "; Path=/". Copied */
  sio_frame *initial;          /* a message sent behind the open packet. Shared; NULL: none */
  const sio_policy *policy;    /* borrowed; NULL: none */
  const sio_cors *cors;        /* borrowed; NULL: none */
  const sio_log *log;          /* borrowed; NULL: none */
} sio_engine_options;

void sio_engine_options_init(sio_engine_options *options); /* the reference's defaults */

/* What the engine tells its owner. The session is held while it is told about. */
typedef struct sio_engine_hooks {
  /* A request on the path, before the policy is asked about it; CORS is settled. True: the owner
   * has taken the exchange. May be NULL. */
  bool (*on_request)(void *ctx, sio_exchange *exchange);
  void (*on_session)(void *ctx, sio_session *session);
  /* One message. Borrows data, which may be altered. Not called after the session closed. */
  void (*on_message)(void *ctx, sio_session *session, char *data, size_t len, bool binary);
  void (*on_upgrade)(void *ctx, sio_session *session); /* now on its new transport */
  /*
   * Once for each session. reason is one of the reference's: "transport close", "transport error",
   * "ping timeout", "parse error", "forced close". detail (may be NULL) says more. Never called
   * from inside a sio_session_ call: those only ask.
   */
  void (*on_close)(void *ctx, sio_session *session, const char *reason, const char *detail);
} sio_engine_hooks;

/* Copies options, borrows hooks. NULL: out of memory. */
sio_engine *sio_engine_new(sio_loop *loop, const sio_engine_options *options,
                           const sio_engine_hooks *hooks, void *ctx);

/* Its place in a server's chain of handlers. */
sio_http_handler *sio_engine_handler(sio_engine *engine);

size_t sio_engine_count(const sio_engine *engine); /* sessions that are not closed */
/* Whether sending on a session may call the policy, which may do anything: no list that such calls
 * change must be walked meanwhile. */
bool sio_engine_calls_out(const sio_engine *engine);
const sio_engine_options *sio_engine_get_options(const sio_engine *engine);

/* Closes every session at once: an empty close frame on a WebSocket, a close packet to a pending
 * poll. New handshakes are refused from then on with 503 until sio_engine_reopen. */
void sio_engine_close(sio_engine *engine);
void sio_engine_reopen(sio_engine *engine);

/* Frees; its handler has been removed. What is left of sessions is closed without further hooks. */
void sio_engine_free(sio_engine *engine);

#endif
