#include "base/alloc.h"
#include "base/error.h"
#include "engine/jsonp.h"
#include "engine/private.h"
#include "http/compress.h"

static const sio_exchange_events poll_events, post_events;

/* Whether it answers with scripts is decided by its first request. */
static int set_jsonp(sio_polling *polling, const sio_request *request) {
  sio_bytes parameter = sio_request_query(request, "j");
  if (parameter.base == NULL)
    return 0;
  polling->jsonp = sio_jsonp_digits(parameter);
  return polling->jsonp != NULL ? 0 : SIO_ENOMEM;
}

int sio_polling_start(sio_session *session, sio_exchange *poll) {
  sio_polling *polling = sio_calloc(1, sizeof(*polling));
  if (polling == NULL)
    return SIO_ENOMEM;
  if (session->engine->options.allow_eio3 && set_jsonp(polling, sio_exchange_request(poll)) != 0) {
    sio_free(polling);
    return SIO_ENOMEM;
  }
  polling->session = session;
  polling->poll = poll;
  session->polling = polling;
  sio_exchange_set_owner(poll, &poll_events, session);
  return 0;
}

/* --- answers --- */

static bool contains(sio_bytes text, const char *part) {
  return text.len > 0 && memmem(text.base, text.len, part, strlen(part)) != NULL;
}

/* Some versions of Internet Explorer take an answer for an attack. A header that does not fit into
 * memory is no loss. */
static void add_headers(const sio_engine *engine, sio_exchange *exchange) {
  sio_bytes agent = sio_request_header(sio_exchange_request(exchange), "user-agent");
  if (contains(agent, ";MSIE") || contains(agent, "Trident/"))
    sio_exchange_header(exchange, SIO_BYTES("X-XSS-Protection"), SIO_BYTES("0"));
  sio_exchange_header(exchange, SIO_BYTES("cache-control"), SIO_BYTES("no-store"));
  sio_engine_tell_headers(engine, exchange);
}

static void answer_status(sio_exchange *exchange, int status) {
  sio_exchange_send(exchange, status, SIO_BYTES(""), SIO_BYTES(""));
}

static void answer_ok(const sio_engine *engine, sio_exchange *exchange) {
  add_headers(engine, exchange);
  sio_exchange_send(exchange, 200, SIO_BYTES("text/html"), SIO_BYTES("ok"));
}

static enum sio_coding choose_coding(const sio_engine *engine, sio_exchange *poll, size_t len) {
  long threshold = engine->options.compression_threshold;
  if (threshold < 0 || len < (size_t)threshold)
    return SIO_CODING_IDENTITY;
  sio_bytes accepted = sio_request_header(sio_exchange_request(poll), "accept-encoding");
  return sio_accept_coding(accepted, 1u << SIO_CODING_GZIP | 1u << SIO_CODING_DEFLATE);
}

/* The frames as this client reads them. Returns owned. NULL: out of memory. */
static sio_frame *make_payload(const sio_session *session, const sio_polling *polling,
                               sio_frame *const *frames, size_t count) {
  sio_frame *payload = sio_session_is_old(session)
                           ? sio_payload3_join(frames, count, session->revision)
                           : sio_payload_join(frames, count);
  if (payload == NULL || polling->jsonp == NULL)
    return payload;
  sio_frame *script = sio_jsonp_wrap(payload, polling->jsonp);
  sio_frame_unref(payload);
  return script;
}

/* A plain payload is never compressed. */
static void answer_poll(const sio_engine *engine, sio_exchange *poll, sio_frame *payload) {
  sio_bytes type = payload->binary ? SIO_BYTES("application/octet-stream")
                                   : SIO_BYTES("text/plain; charset=UTF-8");
  enum sio_coding coding =
      payload->plain ? SIO_CODING_IDENTITY : choose_coding(engine, poll, payload->len);
  sio_buf packed = {0};
  add_headers(engine, poll);
  if (coding != SIO_CODING_IDENTITY &&
      sio_compress(coding, &engine->options.packing, sio_frame_payload(payload), &packed) == 0 &&
      sio_exchange_header(poll, SIO_BYTES("Content-Encoding"), sio_coding_name(coding)) == 0)
    sio_exchange_send(poll, 200, type, sio_buf_bytes(&packed));
  else
    sio_exchange_send_frame(poll, 200, type, payload);
  sio_buf_deinit(&packed);
}

static sio_exchange *take_poll(sio_polling *polling) {
  sio_exchange *poll = polling->poll;
  polling->poll = NULL;
  return poll;
}

/* Ends a poll that waits. */
static void answer_frame(const sio_session *session, sio_polling *polling, sio_frame *frame) {
  sio_exchange *poll = take_poll(polling);
  sio_frame *payload = poll != NULL ? make_payload(session, polling, &frame, 1) : NULL;
  if (payload != NULL)
    answer_poll(session->engine, poll, payload);
  else if (poll != NULL)
    sio_exchange_destroy(poll);
  sio_frame_unref(payload);
}

/* --- the queue --- */

static void clear_queue(sio_polling *polling) {
  for (size_t i = 0; i < polling->count; i++)
    sio_frame_unref(polling->queue[i]);
  sio_free(polling->queue);
  polling->queue = NULL;
  polling->count = polling->cap = polling->bytes = 0;
}

static int grow_queue(sio_polling *polling) {
  if (polling->count < polling->cap)
    return 0;
  size_t cap = polling->cap > 0 ? 2 * polling->cap : 4;
  sio_frame **queue = sio_realloc(polling->queue, cap * sizeof(sio_frame *));
  if (queue == NULL)
    return SIO_ENOMEM;
  polling->queue = queue;
  polling->cap = cap;
  return 0;
}

int sio_polling_push(sio_session *session, sio_frame *frame) {
  sio_polling *polling = session->polling;
  if (grow_queue(polling) != 0)
    return SIO_ENOMEM;
  polling->queue[polling->count++] = sio_frame_ref(frame);
  polling->bytes += frame->len;
  sio_session_flush_later(session);
  return 0;
}

static void send_queue(sio_session *session) {
  sio_polling *polling = session->polling;
  sio_frame *payload = make_payload(session, polling, polling->queue, polling->count);
  if (payload == NULL) {
    sio_session_end(session, "transport error", "out of memory");
    return;
  }
  clear_queue(polling);
  session->stale = 0;
  answer_poll(session->engine, take_poll(polling), payload);
  sio_frame_unref(payload);
  if (session->state != SIO_CLOSED)
    sio_session_tell_drain(session);
}

/* --- closing --- */

static void await_close_poll(sio_session *session) {
  sio_engine *engine = session->engine;
  session->polling->is_late = true;
  sio_deadline_start(&engine->poll_close, &session->polling->closing, sio_loop_now(engine->loop));
}

void sio_polling_close(sio_session *session) {
  sio_polling *polling = session->polling;
  if (polling->poll == NULL || polling->count > 0)
    await_close_poll(session);
  sio_session_flush_later(session);
}

void sio_polling_on_close_timeout(sio_deadline *deadline) {
  sio_session_end(SIO_OF(deadline, sio_polling, closing)->session, "forced close", NULL);
}

/* A client that polls again after the rest of its packets gets a noop before the close packet. */
static void tell_closed(sio_session *session) {
  const sio_engine *engine = session->engine;
  sio_polling *polling = session->polling;
  sio_frame *const both[] = {engine->noop, engine->close};
  sio_frame *payload = polling->is_late ? make_payload(session, polling, both, 2) : NULL;
  if (payload != NULL)
    answer_poll(session->engine, take_poll(polling), payload);
  sio_frame_unref(payload);
  sio_session_end(session, "forced close", NULL);
}

void sio_polling_flush(sio_session *session) {
  sio_polling *polling = session->polling;
  if (polling->poll == NULL)
    sio_session_set_stale(session, polling->bytes);
  else if (session->state == SIO_CLOSING && polling->count == 0)
    tell_closed(session);
  else if (polling->count > 0)
    send_queue(session);
}

void sio_polling_send_noop(sio_session *session) {
  sio_polling *polling = session->polling;
  if (polling->count == 0)
    answer_frame(session, polling, session->engine->noop);
}

static void forget_leftover(sio_leftover *leftover) {
  if (leftover != NULL)
    sio_list_remove(&leftover->turn.node);
  sio_free(leftover);
}

void sio_polling_end(sio_session *session, sio_polling *polling, sio_frame *last) {
  answer_frame(session, polling, last);
  if (polling->post != NULL && polling->has_body)
    answer_ok(session->engine, polling->post);
  else if (polling->post != NULL)
    sio_exchange_destroy(polling->post);
  forget_leftover(polling->leftover);
  sio_deadline_stop(&polling->closing);
  clear_queue(polling);
  sio_free(polling->jsonp);
  sio_free(polling);
}

/* --- GET --- */

static void on_poll_abort(void *owner, sio_exchange *exchange) {
  sio_session *session = owner;
  (void)exchange;
  session->polling->poll = NULL;
  sio_session_end(session, "transport error", "poll connection closed prematurely");
}

static void serve_get(sio_session *session, sio_exchange *exchange) {
  sio_polling *polling = session->polling;
  if (polling->poll != NULL) {
    sio_session_end(session, "transport error", "overlap from client");
    answer_status(exchange, 400);
    return;
  }
  polling->poll = exchange;
  sio_exchange_set_owner(exchange, &poll_events, session);
  sio_session_flush_later(session);
  sio_upgrade_on_poll(session);
}

/* --- POST --- */

/* Tells whether the packet was the last one that counts. */
static bool receive(sio_session *session, const sio_packet_in *packet) {
  /* The poll is ended with a noop: the client knows that it has closed. */
  sio_polling *polling = session->polling;
  if (packet->type == SIO_PACKET_CLOSE)
    answer_frame(session, polling, session->engine->noop);
  sio_session_receive(session, packet);
  return packet->type < 0 || session->state == SIO_CLOSED;
}

static bool is_octet_stream(const sio_request *request) {
  static const sio_bytes octets = {"application/octet-stream", 24};
  sio_bytes type = sio_request_header(request, "content-type");
  if (type.len < octets.len || !sio_bytes_ieq(sio_bytes_of(type.base, octets.len), octets))
    return false;
  return type.len == octets.len || strchr("; \t", type.base[octets.len]) != NULL;
}

static sio_payload_reader *find_reader(const sio_session *session, const sio_exchange *post) {
  if (!sio_session_is_old(session))
    return sio_payload_next;
  return is_octet_stream(sio_exchange_request(post)) ? sio_payload3_next_binary : sio_payload3_next;
}

/* Hands out packets from *at on. True: no more count; false: enough for this turn. */
static bool receive_some(sio_session *session, sio_payload_reader *read, sio_bytes payload,
                         size_t *at) {
  sio_loop *loop = session->engine->loop;
  sio_packet_in packet;
  for (size_t from = *at; read((char *)payload.base, payload.len, at, &packet); from = *at) {
    if (receive(session, &packet))
      return true;
    if (!sio_loop_spend(loop, *at - from))
      return *at > payload.len;
  }
  return true;
}

/* Unless its end has answered, or it was aborted. */
static void answer_post(sio_session *session) {
  sio_polling *polling = sio_session_polling(session);
  sio_exchange *post = polling != NULL ? polling->post : NULL;
  if (post == NULL)
    return;
  polling->post = NULL;
  answer_ok(session->engine, post);
}

/* While packets are handed out the session may end, and its polling be freed. */
static void go_on(sio_flush *turn) {
  sio_leftover *leftover = SIO_OF(turn, sio_leftover, turn);
  sio_session *session = sio_session_ref(leftover->session);
  session->polling->leftover = NULL;
  sio_loop_begin_share(session->engine->loop);
  if (receive_some(session, leftover->read, sio_bytes_of(leftover->payload, leftover->len),
                   &leftover->at)) {
    sio_free(leftover);
    answer_post(session);
  } else {
    session->polling->leftover = leftover;
    sio_loop_next_turn(session->engine->loop, turn);
  }
  sio_session_unref(session);
}

static void keep(sio_session *session, sio_payload_reader *read, sio_bytes payload, size_t at) {
  sio_leftover *leftover = sio_malloc(sizeof(*leftover) + payload.len);
  if (leftover == NULL) {
    sio_session_end(session, "transport error", "out of memory");
    return;
  }
  *leftover = (sio_leftover){
      .turn.run = go_on, .session = session, .read = read, .at = at, .len = payload.len};
  memcpy(leftover->payload, payload.base, payload.len);
  session->polling->leftover = leftover;
  sio_loop_next_turn(session->engine->loop, &leftover->turn);
}

static void receive_payload(sio_session *session, sio_payload_reader *read, sio_bytes payload) {
  size_t at = 0;
  if (receive_some(session, read, payload, &at))
    answer_post(session);
  else
    keep(session, read, payload, at);
}

static void on_post_body(void *owner, sio_exchange *exchange, sio_bytes body) {
  sio_session *session = sio_session_ref(owner);
  bool is_form = session->polling->jsonp != NULL;
  session->polling->has_body = true;
  if (is_form)
    body = sio_jsonp_unwrap((char *)body.base, body.len);
  if (is_form && body.base == NULL)
    answer_post(session);
  else
    receive_payload(session, find_reader(session, exchange), body);
  sio_session_unref(session);
}

static void on_post_too_large(void *owner, sio_exchange *exchange) {
  sio_session *session = owner;
  session->polling->post = NULL;
  answer_status(exchange, 413);
}

static void on_post_abort(void *owner, sio_exchange *exchange) {
  sio_session *session = owner;
  sio_polling *polling = session->polling;
  (void)exchange;
  polling->post = NULL;
  if (polling->leftover == NULL) /* else all of it has come, but nobody waits for the answer */
    sio_session_end(session, "transport error", "data request connection closed prematurely");
}

static void serve_post(sio_session *session, sio_exchange *exchange) {
  sio_polling *polling = session->polling;
  const char *fault = NULL;
  if (polling->post != NULL || polling->leftover != NULL)
    fault = "data request overlap from client";
  else if (!sio_session_is_old(session) && is_octet_stream(sio_exchange_request(exchange)))
    fault = "invalid content";
  if (fault != NULL) {
    sio_session_end(session, "transport error", fault);
    answer_status(exchange, 400);
    return;
  }
  polling->post = exchange;
  polling->has_body = false;
  sio_exchange_set_owner(exchange, &post_events, session);
  sio_exchange_read_body(exchange, session->engine->options.max_http_buffer_size);
}

/* --- */

static const sio_exchange_events poll_events = {.on_abort = on_poll_abort};
static const sio_exchange_events post_events = {
    .on_body = on_post_body, .on_too_large = on_post_too_large, .on_abort = on_post_abort};

void sio_polling_serve(sio_session *session, sio_exchange *exchange) {
  sio_bytes method = sio_exchange_request(exchange)->method;
  if (sio_bytes_eq(method, SIO_BYTES("GET"))) {
    serve_get(session, exchange);
  } else if (sio_bytes_eq(method, SIO_BYTES("POST"))) {
    serve_post(session, exchange);
  } else {
    sio_exchange_header(exchange, SIO_BYTES("Allow"), SIO_BYTES("GET, POST"));
    answer_status(exchange, 405);
  }
}
