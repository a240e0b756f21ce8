#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "http/conn.h"

typedef struct listener {
  sio_list node; /* in the server's listeners */
  sio_http_server *server;
  sio_listener *listener;
  bool is_leaving;
} listener;

void sio_http_options_init(sio_http_options *options) {
  *options = (sio_http_options){.max_header_size = SIO_MAX_HEADER_SIZE,
                                .max_headers = SIO_MAX_HEADERS,
                                .headers_timeout = SIO_HEADERS_TIMEOUT,
                                .request_timeout = SIO_REQUEST_TIMEOUT,
                                .keep_alive_timeout = SIO_KEEP_ALIVE_TIMEOUT};
}

static void tell_closed(sio_flush *flush) {
  sio_http_server *server = SIO_OF(flush, sio_http_server, flush);
  void (*on_closed)(void *) = server->on_closed;
  if (server->leaving > 0 || on_closed == NULL)
    return;
  server->on_closed = NULL;
  on_closed(server->owner);
}

sio_http_server *sio_http_server_new(sio_loop *loop, const sio_http_options *options) {
  sio_http_server *server = sio_calloc(1, sizeof(*server));
  if (server == NULL || sio_packed_init(&server->packed) != 0) {
    sio_free(server);
    return NULL;
  }
  server->loop = loop;
  server->options = *options;
  server->limits.max_header_size = options->max_header_size;
  server->limits.max_headers =
      options->max_headers < UINT16_MAX ? options->max_headers : UINT16_MAX;
  server->flush.run = tell_closed;
  sio_list_init(&server->handlers);
  sio_list_init(&server->listeners);
  sio_list_init(&server->conns);
  sio_deadlines *clocks = server->clocks;
  sio_deadlines_init(&clocks[SIO_CLOCK_HEAD], options->headers_timeout, sio_conn_expire_head);
  sio_deadlines_init(&clocks[SIO_CLOCK_BODY], options->request_timeout, sio_conn_expire_body);
  sio_deadlines_init(&clocks[SIO_CLOCK_IDLE], options->keep_alive_timeout, sio_conn_expire_idle);
  sio_deadlines_init(&server->drains, 1, sio_conn_expire_drain);
  for (int i = 0; i < SIO_CLOCK_NONE; i++)
    sio_loop_watch(loop, &clocks[i]);
  sio_loop_watch(loop, &server->drains);
  return server;
}

/* --- handlers --- */

void sio_http_server_add(sio_http_server *server, sio_http_handler *handler, bool first) {
  sio_list_push(first ? server->handlers.next : &server->handlers, &handler->node);
}

void sio_http_server_remove(sio_http_handler *handler) {
  sio_list_remove(&handler->node);
}

/* A mark in the list holds the place: a handler may add and remove others, and itself. */
bool sio_http_server_ask(sio_http_server *server, sio_exchange *exchange) {
  sio_list mark = {0};
  bool is_taken = false;
  sio_list_push(server->handlers.next, &mark);
  while (!is_taken && sio_list_is_linked(&mark) && mark.next != &server->handlers) {
    sio_list *node = mark.next;
    sio_list_remove(&mark);
    sio_list_push(node->next, &mark);
    sio_http_handler *handler = SIO_OF(node, sio_http_handler, node);
    is_taken = handler->on_request(handler, exchange);
  }
  bool is_freed = !sio_list_is_linked(&mark);
  sio_list_remove(&mark);
  return is_taken || is_freed;
}

/* --- listeners --- */

static void on_accept(void *owner, sio_stream *stream, const sio_address *peer) {
  listener *entry = owner;
  sio_conn_open(entry->server, stream, peer);
}

static void on_listener_close(void *owner) {
  listener *entry = owner;
  sio_http_server *server = entry->server;
  sio_list_remove(&entry->node);
  if (entry->is_leaving)
    sio_http_server_left(server);
  sio_free(entry);
  sio_http_server_collect(server);
}

static const sio_listener_events listener_events = {.on_accept = on_accept,
                                                    .on_close = on_listener_close};

int sio_http_server_listen(sio_http_server *server, const char *address, sio_tls *tls) {
  listener *entry = sio_calloc(1, sizeof(*entry));
  if (entry == NULL)
    return SIO_ENOMEM;
  entry->server = server;
  int err = sio_listener_open(server->loop, address, &listener_events, entry, &entry->listener);
  if (err != 0) {
    sio_free(entry);
    return err;
  }
  sio_listener_set_tls(entry->listener, tls);
  sio_list_push(&server->listeners, &entry->node);
  return 0;
}

bool sio_http_server_address(const sio_http_server *server, sio_address *out) {
  if (sio_list_is_empty(&server->listeners))
    return false;
  listener *newest = SIO_OF(server->listeners.prev, listener, node);
  if (newest->is_leaving)
    return false;
  sio_listener_address(newest->listener, out);
  return true;
}

/* --- the end --- */

void sio_http_server_left(sio_http_server *server) {
  if (--server->leaving == 0)
    sio_loop_flush_later(server->loop, &server->flush);
}

static void close_listeners(sio_http_server *server) {
  for (sio_list *node = server->listeners.next; node != &server->listeners; node = node->next) {
    listener *entry = SIO_OF(node, listener, node);
    if (entry->is_leaving)
      continue;
    entry->is_leaving = true;
    server->leaving++;
    sio_listener_close(entry->listener);
  }
}

void sio_http_server_close(sio_http_server *server, void (*on_closed)(void *owner), void *owner) {
  server->on_closed = on_closed;
  server->owner = owner;
  close_listeners(server);
  for (sio_list *node = server->conns.next; node != &server->conns; node = node->next) {
    sio_conn *conn = SIO_OF(node, sio_conn, node);
    if (conn->stream == NULL || conn->is_leaving)
      continue;
    conn->is_leaving = true;
    server->leaving++;
    if (conn->exchange.request == NULL && !sio_stream_is_closing(conn->stream))
      sio_conn_shut(conn);
  }
  if (server->leaving == 0)
    sio_loop_flush_later(server->loop, &server->flush);
}

void sio_http_server_collect(sio_http_server *server) {
  if (!server->is_freed || !sio_list_is_empty(&server->conns) ||
      !sio_list_is_empty(&server->listeners))
    return;
  for (int i = 0; i < SIO_CLOCK_NONE; i++)
    sio_loop_unwatch(&server->clocks[i]);
  sio_loop_unwatch(&server->drains);
  sio_list_remove(&server->flush.node);
  sio_packed_deinit(&server->packed);
  sio_free(server);
}

static void close_connections(sio_http_server *server) {
  sio_list *next;
  for (sio_list *node = server->conns.next; node != &server->conns; node = next) {
    sio_conn *conn = SIO_OF(node, sio_conn, node);
    next = node->next;
    if (conn->stream != NULL) {
      sio_conn_abort(conn);
      sio_stream_close(conn->stream, 0);
    } else if (!conn->is_parsing) {
      sio_conn_free(conn);
    }
  }
}

void sio_http_server_free(sio_http_server *server) {
  server->on_closed = NULL;
  close_listeners(server);
  while (!sio_list_is_empty(&server->handlers))
    sio_list_shift(&server->handlers);
  close_connections(server);
  server->is_freed = true;
  sio_http_server_collect(server);
}
