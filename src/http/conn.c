#include "http/conn.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "http/status.h"

/* --- time limits --- */

static void stop_clock(sio_conn *conn) {
  sio_deadline_stop(&conn->deadline);
  conn->clock = SIO_CLOCK_NONE;
}

static void start_clock(sio_conn *conn, enum sio_conn_clock clock) {
  conn->clock = clock;
  conn->queued = sio_stream_queued(conn->stream);
  sio_deadline_start(&conn->server->clocks[clock], &conn->deadline,
                     sio_loop_now(conn->server->loop));
}

static bool is_pending(const sio_conn *conn) {
  return conn->exchange.request != NULL && !conn->exchange.is_answered;
}

/* Requests came, but their answers would pile up: the peer takes none. */
static bool is_blocked(const sio_conn *conn) {
  return conn->exchange.request == NULL && sio_stream_queued(conn->stream) > SIO_MAX_ANSWERS;
}

/* What the connection waits for. */
static enum sio_conn_clock clock_of(const sio_conn *conn) {
  const sio_exchange *exchange = &conn->exchange;
  if (is_blocked(conn) && conn->rest.len > 0)
    return SIO_CLOCK_BODY;
  if (exchange->request == NULL)
    return conn->has_served && sio_http_parser_is_idle(conn->parser) ? SIO_CLOCK_IDLE
                                                                     : SIO_CLOCK_HEAD;
  return exchange->is_answered || exchange->wants_body ? SIO_CLOCK_BODY : SIO_CLOCK_NONE;
}

/* A clock that runs for the same purpose runs on: dripping bytes wins no time. */
static void set_clock(sio_conn *conn) {
  enum sio_conn_clock clock = clock_of(conn);
  if (clock == conn->clock)
    return;
  if (clock != SIO_CLOCK_NONE)
    start_clock(conn, clock);
  else if (!conn->exchange.is_started)
    stop_clock(conn);
}

static void watch_drain(sio_conn *conn) {
  sio_deadline_start(&conn->server->drains, &conn->drain, sio_loop_now(conn->server->loop));
}

void sio_conn_watch_output(sio_conn *conn) {
  conn->exchange.awaits_drain = true;
  watch_drain(conn);
  if (conn->clock == SIO_CLOCK_NONE)
    start_clock(conn, SIO_CLOCK_BODY);
}

/* --- endings --- */

void sio_conn_shut(sio_conn *conn) {
  stop_clock(conn);
  if (sio_stream_queued(conn->stream) > 0)
    sio_stream_finish(conn->stream);
  else
    sio_stream_close(conn->stream, 0);
}

static void end_exchange(sio_exchange *exchange) {
  exchange->is_answered = true;
  exchange->wants_body = false;
  exchange->events = NULL;
  sio_buf_deinit(&exchange->headers);
  sio_buf_deinit(&exchange->body);
}

void sio_conn_abort(sio_conn *conn) {
  const sio_exchange_events *events = conn->exchange.events;
  if (!is_pending(conn))
    return;
  end_exchange(&conn->exchange);
  if (events != NULL)
    events->on_abort(conn->exchange.owner, &conn->exchange);
}

void sio_conn_destroy(sio_conn *conn) {
  end_exchange(&conn->exchange);
  stop_clock(conn);
  sio_stream_close(conn->stream, 0);
}

/* Answers what cannot be served; nothing follows on this connection. */
static void refuse(sio_conn *conn, int status) {
  bool may_answer =
      conn->exchange.request == NULL || (is_pending(conn) && !conn->exchange.is_started);
  sio_logf(conn->server->options.log, "http", "%s refused with %d", conn->address, status);
  sio_conn_abort(conn);
  if (sio_stream_is_closing(conn->stream))
    return;
  if (may_answer) {
    char head[96];
    int len = snprintf(head, sizeof(head), "HTTP/1.1 %d %s\r\nConnection: close\r\n\r\n", status,
                       sio_http_reason(status));
    sio_stream_write(conn->stream, sio_bytes_of(head, (size_t)len));
  }
  sio_conn_shut(conn);
}

static void next_request(sio_conn *conn) {
  sio_request_unref(conn->exchange.request);
  conn->exchange = (sio_exchange){.promised = -1};
}

void sio_conn_free(sio_conn *conn) {
  sio_http_server *server = conn->server;
  sio_deadline_stop(&conn->deadline);
  sio_deadline_stop(&conn->drain);
  sio_list_remove(&conn->flush.node);
  sio_list_remove(&conn->node);
  sio_http_parser_free(conn->parser);
  sio_buf_deinit(&conn->rest);
  end_exchange(&conn->exchange);
  sio_request_unref(conn->exchange.request);
  if (conn->is_leaving)
    sio_http_server_left(server);
  sio_free(conn);
  sio_http_server_collect(server);
}

sio_stream *sio_conn_release(sio_conn *conn) {
  sio_stream *stream = conn->stream;
  end_exchange(&conn->exchange);
  stop_clock(conn);
  sio_stream_resume(stream);
  conn->stream = NULL;
  sio_loop_flush_later(conn->server->loop, &conn->flush);
  return stream;
}

/* --- requests --- */

static bool can_parse(const sio_conn *conn) {
  const sio_exchange *exchange = &conn->exchange;
  if (conn->stream == NULL || sio_stream_is_closing(conn->stream))
    return false;
  if (exchange->request == NULL)
    return !is_blocked(conn);
  return exchange->is_answered || exchange->wants_body;
}

static uint64_t body_left(const sio_exchange *exchange) {
  const sio_request *request = exchange->request;
  return request->chunked ? 0 : (uint64_t)request->content_length - exchange->body.len;
}

bool sio_conn_keeps_alive(const sio_conn *conn) {
  const sio_exchange *exchange = &conn->exchange;
  if (!exchange->request->keep_alive || exchange->close_after || conn->is_leaving ||
      exchange->request->upgrade)
    return false;
  if (exchange->is_received)
    return true;
  /* Nobody knows whether a client that was not told to continue will send its body. */
  return !exchange->expects_continue && body_left(exchange) <= SIO_DRAIN_LIMIT;
}

void sio_conn_answered(sio_conn *conn, bool keeps_alive) {
  end_exchange(&conn->exchange);
  if (!keeps_alive) {
    sio_conn_shut(conn);
    return;
  }
  if (conn->exchange.is_received)
    next_request(conn);
  sio_conn_continue(conn);
}

void sio_conn_continue(sio_conn *conn) {
  if (!conn->is_parsing)
    sio_loop_flush_later(conn->server->loop, &conn->flush);
}

/* False: answered, because it demands what we do not have. */
static bool meet_expectation(sio_exchange *exchange) {
  sio_bytes expect = sio_request_header(exchange->request, "expect");
  if (expect.base == NULL || exchange->request->minor == 0)
    return true;
  if (sio_bytes_ieq(expect, SIO_BYTES("100-continue"))) {
    exchange->expects_continue = !exchange->is_received;
    return true;
  }
  sio_exchange_send(exchange, 417, (sio_bytes){0}, (sio_bytes){0});
  return false;
}

static void serve(sio_conn *conn, sio_request *request) {
  sio_exchange *exchange = &conn->exchange;
  next_request(conn);
  stop_clock(conn);
  exchange->request = request;
  request->secure = sio_stream_is_secure(conn->stream);
  exchange->is_received = !sio_request_has_body(request);
  conn->has_served = true;
  sio_logf(conn->server->options.log, "http", "%s %.*s %.*s", request->remote_address.base,
           (int)request->method.len, request->method.base, (int)request->url.len,
           request->url.base);
  if (meet_expectation(exchange) && !sio_http_server_ask(conn->server, exchange))
    sio_exchange_send(exchange, 404, (sio_bytes){0}, (sio_bytes){0});
}

/* --- bodies --- */

static void refuse_body(sio_exchange *exchange) {
  exchange->wants_body = false;
  exchange->close_after = true;
  sio_buf_deinit(&exchange->body);
  exchange->events->on_too_large(exchange->owner, exchange);
}

static void drop(sio_conn *conn, size_t len) {
  conn->exchange.dropped += len;
  if (conn->exchange.dropped > SIO_DRAIN_LIMIT)
    sio_conn_shut(conn);
}

static void receive(sio_conn *conn, sio_bytes piece) {
  sio_exchange *exchange = &conn->exchange;
  exchange->expects_continue = false;
  if (exchange->is_answered)
    drop(conn, piece.len);
  else if (piece.len > exchange->body_limit - exchange->body.len)
    refuse_body(exchange);
  else if ((uint64_t)piece.len == (uint64_t)exchange->request->content_length)
    conn->all = piece;
  else if (sio_buf_add(&exchange->body, piece) != 0)
    refuse(conn, 503);
}

static void end_body(sio_conn *conn) {
  sio_exchange *exchange = &conn->exchange;
  exchange->is_received = true;
  if (exchange->is_answered) {
    next_request(conn);
    return;
  }
  sio_buf body = exchange->body;
  exchange->body = (sio_buf){0};
  exchange->wants_body = false;
  exchange->events->on_body(exchange->owner, exchange,
                            conn->all.len > 0 ? conn->all : sio_buf_bytes(&body));
  conn->all.len = 0;
  sio_buf_deinit(&body);
}

static void promise_continue(sio_conn *conn) {
  conn->exchange.expects_continue = false;
  if ((conn->is_parsing ? conn->in.len : conn->rest.len) > 0)
    return; /* it is coming already */
  if (sio_stream_write(conn->stream, SIO_BYTES("HTTP/1.1 100 Continue\r\n\r\n")) != 0)
    sio_stream_close(conn->stream, 0);
}

void sio_exchange_read_body(sio_exchange *exchange, size_t limit) {
  sio_conn *conn = sio_conn_of(exchange);
  exchange->body_limit = limit;
  if (exchange->is_received) {
    exchange->events->on_body(exchange->owner, exchange, (sio_bytes){0});
  } else if (!exchange->request->chunked && body_left(exchange) > limit) {
    refuse_body(exchange);
  } else {
    exchange->wants_body = true;
    if (exchange->expects_continue)
      promise_continue(conn);
    sio_conn_continue(conn);
  }
}

/* --- parsing --- */

/* False: that was all for now. */
static bool step(sio_conn *conn) {
  sio_http_event event = sio_http_parser_next(conn->parser, &conn->in);
  switch (event.type) {
  case SIO_HTTP_HEAD:
    serve(conn, event.request);
    return true;
  case SIO_HTTP_BODY:
    receive(conn, event.body);
    return true;
  case SIO_HTTP_END:
    end_body(conn);
    return true;
  case SIO_HTTP_REFUSED:
    refuse(conn, event.status);
    return false;
  case SIO_HTTP_MORE:
    break;
  }
  return false;
}

static int keep_rest(sio_conn *conn) {
  if (conn->in.len == 0) {
    sio_buf_deinit(&conn->rest);
    return 0;
  }
  if (conn->rest.len == 0)
    return sio_buf_add(&conn->rest, conn->in);
  sio_buf_consume(&conn->rest, conn->rest.len - conn->in.len);
  return 0;
}

/* For bytes, for an answer or for the peer to take one; what cannot be parsed before stays in the
 * kernel. */
static void wait(sio_conn *conn) {
  if (conn->rest.len > 0)
    sio_stream_pause(conn->stream);
  else
    sio_stream_resume(conn->stream);
  if (is_blocked(conn))
    watch_drain(conn);
  set_clock(conn);
}

/* Until nothing more can be done. False: enough for this turn. */
static bool step_on(sio_conn *conn) {
  sio_loop *loop = conn->server->loop;
  while (can_parse(conn)) {
    size_t before = conn->in.len;
    if (!step(conn))
      return true;
    if (!sio_loop_spend(loop, before - conn->in.len))
      return false;
  }
  return true;
}

/* in is what was just read, or all of rest. */
static void parse(sio_conn *conn, sio_bytes in) {
  conn->in = in;
  conn->is_parsing = true;
  bool is_enough = !step_on(conn);
  conn->is_parsing = false;
  if (conn->stream == NULL || sio_stream_is_closing(conn->stream))
    return;
  if (is_enough)
    sio_loop_next_turn(conn->server->loop, &conn->flush);
  if (keep_rest(conn) != 0)
    sio_stream_close(conn->stream, SIO_ENOMEM);
  else if (conn->is_leaving && conn->exchange.request == NULL)
    sio_conn_shut(conn);
  else
    wait(conn);
}

static void on_flush(sio_flush *flush) {
  sio_conn *conn = SIO_OF(flush, sio_conn, flush);
  sio_loop_begin_share(conn->server->loop);
  if (conn->stream == NULL)
    sio_conn_free(conn);
  else if (!sio_stream_is_closing(conn->stream))
    parse(conn, sio_buf_bytes(&conn->rest));
}

/* --- the stream's events --- */

static void on_read(void *owner, char *data, size_t len) {
  parse(owner, sio_bytes_of(data, len)); /* rest is empty: else the stream is paused */
}

/* Whoever does not wait for the answer until it has come does not get it (as in the reference). */
static void on_end(void *owner) {
  sio_conn *conn = owner;
  sio_conn_abort(conn);
  if (!sio_stream_is_closing(conn->stream))
    sio_conn_shut(conn);
}

static void on_drain(void *owner) {
  sio_conn *conn = owner;
  const sio_exchange_events *events = conn->exchange.events;
  if (conn->exchange.request == NULL)
    sio_conn_continue(conn);
  if (!is_pending(conn) || !conn->exchange.awaits_drain)
    return;
  conn->exchange.awaits_drain = false;
  if (!conn->exchange.wants_body)
    stop_clock(conn);
  if (events != NULL && events->on_drain != NULL)
    events->on_drain(conn->exchange.owner, &conn->exchange);
}

static void on_close(void *owner, int error) {
  sio_conn *conn = owner;
  (void)error;
  sio_conn_abort(conn);
  conn->stream = NULL;
  sio_conn_free(conn);
}

static const sio_stream_events stream_events = {
    .on_read = on_read, .on_end = on_end, .on_drain = on_drain, .on_close = on_close};

void sio_conn_open(sio_http_server *server, sio_stream *stream, const sio_address *peer) {
  sio_bytes address = sio_bytes_str(peer->host);
  sio_conn *conn = sio_calloc(1, sizeof(*conn) + address.len + 1);
  sio_http_parser *parser =
      conn != NULL ? sio_http_parser_new(&server->limits, sio_bytes_of(conn->address, address.len))
                   : NULL;
  if (parser == NULL) {
    sio_free(conn);
    sio_stream_close(stream, SIO_ENOMEM);
    return;
  }
  memcpy(conn->address, address.base, address.len);
  conn->server = server;
  conn->stream = stream;
  conn->parser = parser;
  conn->flush.run = on_flush;
  conn->exchange.promised = -1;
  sio_list_push(&server->conns, &conn->node);
  sio_stream_set_owner(stream, &stream_events, conn);
  start_clock(conn, SIO_CLOCK_HEAD);
}

/* --- expired --- */

static sio_conn *of_deadline(sio_deadline *deadline) {
  sio_conn *conn = SIO_OF(deadline, sio_conn, deadline);
  conn->clock = SIO_CLOCK_NONE;
  return conn;
}

void sio_conn_expire_head(sio_deadline *deadline) {
  sio_conn *conn = of_deadline(deadline);
  if (sio_http_parser_is_idle(conn->parser))
    sio_conn_shut(conn);
  else
    refuse(conn, 408);
}

/* Output has no limit of its own, as long as the peer takes some of it. */
void sio_conn_expire_body(sio_deadline *deadline) {
  sio_conn *conn = of_deadline(deadline);
  size_t queued = sio_stream_queued(conn->stream);
  bool is_input = conn->exchange.request != NULL && clock_of(conn) == SIO_CLOCK_BODY;
  if (is_input)
    refuse(conn, 408);
  else if (queued > 0 && queued < conn->queued)
    start_clock(conn, SIO_CLOCK_BODY);
  else if (queued > 0)
    sio_stream_close(conn->stream, 0);
}

/* It is not idle while it still takes the last answer. */
void sio_conn_expire_idle(sio_deadline *deadline) {
  sio_conn *conn = of_deadline(deadline);
  size_t queued = sio_stream_queued(conn->stream);
  if (queued > 0 && queued < conn->queued)
    start_clock(conn, SIO_CLOCK_IDLE);
  else
    sio_conn_shut(conn);
}

/* The stream tells of a drain only when something had to wait. One drain a turn: a peer that reads
 * as fast as we write must not keep the others waiting. */
void sio_conn_expire_drain(sio_deadline *deadline) {
  sio_conn *conn = SIO_OF(deadline, sio_conn, drain);
  if (conn->stream == NULL || sio_stream_is_closing(conn->stream))
    return;
  if (sio_stream_queued(conn->stream) == 0)
    on_drain(conn);
  else if (sio_stream_stalled(conn->stream) == 0) /* not flushed yet */
    watch_drain(conn);
}
