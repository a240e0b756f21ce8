#include "base/error.h"
#include "engine/private.h"
#include "ws/frame.h"
#include "ws/handshake.h"

const char *sio_websocket_check(const sio_engine *engine, const sio_request *request, int *status) {
  sio_deflate_params agreed;
  const char *message = sio_ws_check(request, status);
  if (message != NULL || engine->deflate == NULL)
    return message;
  *status = 400;
  return sio_deflate_negotiate(&engine->options.deflate.terms, request, &agreed) == SIO_OFFER_BAD
             ? "Invalid or unacceptable Sec-WebSocket-Extensions header"
             : NULL;
}

/* Writes the answer; *deflate: the compression it tells of, or NULL. 0 or SIO_ENOMEM. */
static int agree(const sio_engine *engine, const sio_exchange *exchange, sio_buf *answer,
                 sio_deflate **deflate) {
  const sio_request *request = sio_exchange_request(exchange);
  sio_deflate_params agreed;
  bool is_packed =
      engine->deflate != NULL &&
      sio_deflate_negotiate(&engine->options.deflate.terms, request, &agreed) == SIO_OFFER_TAKEN;
  *deflate = is_packed ? sio_deflate_new(engine->deflate, &agreed) : NULL;
  if (is_packed && *deflate == NULL)
    return SIO_ENOMEM;
  return sio_ws_answer(request, is_packed ? &agreed : NULL, sio_exchange_headers(exchange), answer);
}

sio_ws *sio_websocket_accept(sio_engine *engine, sio_exchange *exchange,
                             const sio_ws_events *events, void *owner) {
  sio_buf answer = {0};
  sio_deflate *deflate;
  if (agree(engine, exchange, &answer, &deflate) != 0) {
    sio_deflate_free(deflate);
    sio_buf_deinit(&answer);
    sio_exchange_destroy(exchange);
    return NULL;
  }
  char *rest;
  size_t rest_len;
  sio_stream *stream = sio_exchange_upgrade(exchange, &rest, &rest_len);
  sio_ws *ws = sio_ws_new(stream, sio_buf_bytes(&answer), rest, rest_len,
                          engine->options.max_http_buffer_size, deflate, events, owner);
  sio_buf_deinit(&answer);
  return ws;
}

void sio_websocket_turn_away(sio_engine *engine, sio_exchange *exchange) {
  sio_ws *ws = sio_websocket_accept(engine, exchange, NULL, NULL);
  if (ws != NULL)
    sio_ws_close(ws, 0);
}

int sio_websocket_send_form(sio_ws *ws, sio_frame *frame, enum sio_revision revision) {
  sio_frame *form = frame->binary ? sio_packet3_frame(frame, revision) : frame;
  return form != NULL ? sio_ws_send(ws, form) : SIO_ENOMEM;
}

static sio_packet_in read_packet(const sio_session *session, char *data, size_t len, bool binary) {
  if (sio_session_is_old(session))
    return binary ? sio_packet3_read_binary(data, len) : sio_packet3_read(data, len);
  return binary ? (sio_packet_in){SIO_PACKET_MESSAGE, true, data, len} : sio_packet_read(data, len);
}

static void on_message(void *owner, char *data, size_t len, bool binary) {
  sio_session *session = sio_session_ref(owner);
  sio_packet_in packet = read_packet(session, data, len, binary);
  sio_session_receive(session, &packet);
  sio_session_unref(session);
}

static void on_drain(void *owner) {
  sio_session *session = owner;
  session->stale = 0;
  sio_session_tell_drain(session);
}

static const char *fault_of(int code) {
  switch (code) {
  case SIO_WS_PROTOCOL_ERROR:
    return "invalid WebSocket frame";
  case SIO_WS_BAD_DATA:
    return "invalid UTF-8 or compression";
  case SIO_WS_POLICY:
    return "too many fragments";
  case SIO_WS_TOO_LARGE:
    return "message too large";
  default:
    return "out of memory";
  }
}

static void on_close(void *owner, int code, sio_bytes reason, bool error) {
  sio_session *session = owner;
  (void)reason;
  session->ws = NULL;
  if (error)
    sio_session_end(session, "transport error", fault_of(code));
  else
    sio_session_end(session, "transport close", NULL);
}

void sio_websocket_start(sio_session *session, sio_ws *ws) {
  static const sio_ws_events events = {on_message, on_drain, on_close};
  session->ws = ws;
  session->is_websocket = true;
  session->stale = 0;
  sio_ws_set_owner(ws, &events, session);
}
