/*
 * The upgrade: the client opens a WebSocket with its sid, sends "2probe" and gets "3probe"; its
 * polls are ended with a noop, so that it can stop polling; its "5" makes the WebSocket the
 * transport. Until then everything goes on over polling; anything else on the WebSocket, a "5"
 * before a POST was answered that is still being handed out, or too long a silence, closes that and
 * leaves the session as it is.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "engine/private.h"

static void forget(sio_session *session) {
  sio_upgrade *upgrade = session->polling->upgrade;
  session->polling->upgrade = NULL;
  sio_deadline_stop(&upgrade->timeout);
  sio_deadline_stop(&upgrade->noop);
  sio_free(upgrade);
}

static void refuse(sio_ws *ws) {
  sio_ws_set_owner(ws, NULL, NULL);
  sio_ws_close(ws, 0);
}

void sio_upgrade_abort(sio_session *session) {
  if (!sio_session_is_upgrading(session))
    return;
  refuse(session->polling->upgrade->ws);
  forget(session);
}

void sio_upgrade_on_timeout(sio_deadline *deadline) {
  sio_upgrade_abort(SIO_OF(deadline, sio_upgrade, timeout)->session);
}

/* --- polls meanwhile --- */

void sio_upgrade_on_poll(sio_session *session) {
  sio_engine *engine = session->engine;
  sio_upgrade *upgrade = session->polling->upgrade;
  if (upgrade != NULL && upgrade->is_probed)
    sio_deadline_start(&engine->upgrade_noop, &upgrade->noop, sio_loop_now(engine->loop));
}

void sio_upgrade_on_noop_due(sio_deadline *deadline) {
  sio_polling_send_noop(SIO_OF(deadline, sio_upgrade, noop)->session);
}

/* --- the WebSocket --- */

/* A client that asks again and again, and reads no answer, makes nothing grow. */
static void on_probe(sio_session *session) {
  sio_upgrade *upgrade = session->polling->upgrade;
  bool is_stalled = sio_ws_stalled(upgrade->ws) > 0;
  sio_frame *pong = sio_packet_frame(SIO_PACKET_PONG, SIO_BYTES("probe"));
  if (is_stalled || pong == NULL || sio_ws_send(upgrade->ws, pong) != 0) {
    sio_frame_unref(pong);
    sio_upgrade_abort(session);
    return;
  }
  sio_frame_unref(pong);
  const sio_policy *policy = upgrade->is_probed ? NULL : sio_session_watcher(session);
  upgrade->is_probed = true;
  sio_polling_send_noop(session);
  if (policy != NULL && session->state == SIO_OPEN)
    policy->on_upgrading(policy->ctx, session);
}

/* What polling has not sent goes first. */
static int hand_over(const sio_session *session, sio_ws *ws) {
  const sio_polling *polling = session->polling;
  for (size_t i = 0; i < polling->count; i++)
    if (sio_websocket_send(ws, polling->queue[i], session->revision) == SIO_ENOMEM)
      return SIO_ENOMEM;
  return 0;
}

static void complete(sio_session *session) {
  sio_engine *engine = session->engine;
  sio_polling *polling = session->polling;
  sio_ws *ws = polling->upgrade->ws;
  session->revision = polling->upgrade->revision;
  forget(session);
  if (hand_over(session, ws) != 0) {
    refuse(ws);
    sio_session_end(session, "transport error", "out of memory");
    return;
  }
  sio_websocket_start(session, ws);
  /* Which may tell the policy: the session must be whole. */
  sio_polling_end(session, polling, engine->close);
  if (session->state == SIO_CLOSED)
    return;
  sio_logf(engine->options.log, "engine", "%.*s upgraded", (int)session->id_len, session->id);
  if (session->state == SIO_CLOSING)
    sio_session_end(session, "forced close", NULL);
  else
    engine->hooks->on_upgrade(engine->ctx, session);
}

static void on_message(void *owner, char *data, size_t len, bool binary) {
  sio_session *session = sio_session_ref(owner);
  sio_packet_in packet = {.type = -1};
  if (!binary)
    packet = sio_packet_read(data, len);
  if (packet.type == SIO_PACKET_PING &&
      sio_bytes_eq(sio_bytes_of(packet.data, packet.len), SIO_BYTES("probe")))
    on_probe(session);
  else if (packet.type == SIO_PACKET_UPGRADE && session->polling->leftover == NULL)
    complete(session);
  else
    sio_upgrade_abort(session);
  sio_session_unref(session);
}

static void on_drain(void *owner) {
  (void)owner;
}

static void on_close(void *owner, int code, sio_bytes reason, bool error) {
  (void)code, (void)reason, (void)error;
  forget(owner);
}

static const sio_ws_events events = {on_message, on_drain, on_close};

void sio_upgrade_start(sio_session *session, sio_exchange *exchange) {
  sio_engine *engine = session->engine;
  const sio_polling *polling = sio_session_polling(session);
  bool is_possible = polling != NULL && polling->upgrade == NULL;
  if (!is_possible || !engine->options.allow_upgrades) {
    sio_websocket_turn_away(engine, exchange);
    return;
  }
  sio_upgrade *upgrade = sio_calloc(1, sizeof(*upgrade));
  if (upgrade == NULL) {
    sio_exchange_destroy(exchange);
    return;
  }
  upgrade->session = session;
  upgrade->revision = sio_request_revision(sio_exchange_request(exchange));
  upgrade->ws = sio_websocket_accept(engine, exchange, &events, session);
  if (upgrade->ws == NULL) {
    sio_free(upgrade);
    return;
  }
  session->polling->upgrade = upgrade;
  sio_deadline_start(&engine->upgrade_timeout, &upgrade->timeout, sio_loop_now(engine->loop));
}
