#include "socketio/server.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "net/loop.h"
#include "socketio/private.h"

void sio_server_options_init(sio_server_options *options) {
  *options = (sio_server_options){
      .connect_timeout = SIO_CONNECT_TIMEOUT,
      .max_attachments = SIO_MAX_ATTACHMENTS,
      .max_namespaces = SIO_MAX_NAMESPACES,
      .parser = &sio_parser_text,
      .serve_client = true,
  };
  sio_engine_options_init(&options->engine);
}

/* --- what the engine tells --- */

static void on_session(void *ctx, sio_session *session) {
  sio_server *server = ctx;
  if (server->hooks->on_session != NULL)
    server->hooks->on_session(server->ctx, session);
  if (server->options.raw)
    return;
  sio_client *client = sio_client_new(server, session);
  if (client != NULL)
    sio_client_join_main(client);
  else
    sio_session_close(session, true);
}

/* A session without a client is raw, or closing. */
static void on_message(void *ctx, sio_session *session, char *data, size_t len, bool binary) {
  const sio_server *server = ctx;
  sio_client *client = sio_session_data(session);
  if (client != NULL)
    sio_client_receive(client, sio_bytes_of(data, len), binary);
  else if (server->hooks->on_message != NULL && sio_session_get_state(session) == SIO_OPEN)
    server->hooks->on_message(server->ctx, session, sio_bytes_of(data, len), binary);
}

static void on_upgrade(void *ctx, sio_session *session) {
  const sio_server *server = ctx;
  if (server->hooks->on_upgrade != NULL)
    server->hooks->on_upgrade(server->ctx, session);
}

static void on_close(void *ctx, sio_session *session, const char *reason, const char *detail) {
  const sio_server *server = ctx;
  sio_client *client = sio_session_data(session);
  if (client != NULL)
    sio_client_end(client, reason, detail);
  server->hooks->on_session_close(server->ctx, session, reason, detail);
}

/* Its path is the client files' too. */
static bool on_request(void *ctx, sio_exchange *exchange) {
  const sio_server *server = ctx;
  return server->files != NULL && sio_client_files_serve(server->files, exchange);
}

static const sio_engine_hooks engine_hooks = {
    .on_request = on_request,
    .on_session = on_session,
    .on_message = on_message,
    .on_upgrade = on_upgrade,
    .on_close = on_close,
};

/* --- life --- */

static int set_up(sio_server *server) {
  if (sio_server_nsp(server, SIO_BYTES("/"), true) == NULL)
    return SIO_ENOMEM;
  server->engine = sio_engine_new(server->loop, &server->options.engine, &engine_hooks, server);
  if (server->engine == NULL)
    return SIO_ENOMEM;
  /* The engine has copied what its options borrow. */
  server->options.engine = *sio_engine_get_options(server->engine);
  if (!server->options.serve_client)
    return 0;
  server->files = sio_client_files_new(server->options.engine.path);
  return server->files != NULL ? 0 : SIO_ENOMEM;
}

static sio_bytes name_of(const void *ctx, const void *nsp) {
  (void)ctx;
  return sio_nsp_name(nsp);
}

sio_server *sio_server_new(sio_loop *loop, const sio_server_options *options,
                           const sio_hooks *hooks, void *ctx) {
  sio_server *server = sio_calloc(1, sizeof(*server));
  if (server == NULL)
    return NULL;
  server->options = *options;
  server->hooks = hooks;
  server->ctx = ctx;
  server->loop = loop;
  sio_list_init(&server->clients);
  sio_list_init(&server->attachments);
  sio_deadlines_init(&server->connecting, options->connect_timeout, sio_client_expire);
  sio_loop_watch(loop, &server->connecting);
  if (sio_map_init(&server->nsps, name_of, NULL) == 0 && set_up(server) == 0)
    return server;
  sio_server_free(server);
  return NULL;
}

/* --- HTTP servers --- */

typedef struct attachment { /* to one of them */
  sio_list node;
  sio_server *server;
  sio_http_handler handler;
} attachment;

static bool ask_engine(sio_http_handler *handler, sio_exchange *exchange) {
  sio_http_handler *engine =
      sio_engine_handler(SIO_OF(handler, attachment, handler)->server->engine);
  return engine->on_request(engine, exchange);
}

int sio_server_attach(sio_server *server, sio_http_server *http) {
  attachment *new = sio_calloc(1, sizeof(*new));
  if (new == NULL)
    return SIO_ENOMEM;
  new->server = server;
  new->handler.on_request = ask_engine;
  sio_list_push(&server->attachments, &new->node);
  sio_http_server_add(http, &new->handler, true);
  return 0;
}

static void detach(sio_server *server) {
  sio_list *node;
  while ((node = sio_list_shift(&server->attachments)) != NULL) {
    attachment *old = SIO_OF(node, attachment, node);
    sio_http_server_remove(&old->handler);
    sio_free(old);
  }
}

static void end_clients(sio_server *server) {
  sio_list *lists[] = {&server->clients, &server->connecting.head};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    while (!sio_list_is_empty(lists[i]))
      sio_client_end(SIO_OF(lists[i]->next, sio_client, node), "server shutting down", NULL);
}

void sio_server_close(sio_server *server) {
  end_clients(server);
  sio_engine_close(server->engine);
}

void sio_server_reopen(sio_server *server) {
  sio_engine_reopen(server->engine);
}

static void free_nsps(sio_server *server) {
  size_t at = 0;
  for (sio_nsp *nsp; (nsp = sio_map_next(&server->nsps, &at)) != NULL;)
    sio_nsp_remove(nsp);
  sio_map_deinit(&server->nsps);
}

void sio_server_free(sio_server *server) {
  server->is_silent = true;
  end_clients(server);
  detach(server);
  sio_client_files_free(server->files);
  if (server->engine != NULL)
    sio_engine_free(server->engine);
  sio_loop_unwatch(&server->connecting);
  free_nsps(server);
  sio_free(server);
}

/* --- what it has --- */

void sio_server_bind(sio_server *server, const sio_server_options *options) {
  server->options.raw = false;
  server->options.connect_timeout = server->connecting.ms = options->connect_timeout;
  server->options.max_attachments = options->max_attachments;
  server->options.max_namespaces = options->max_namespaces;
  server->options.parser = options->parser;
}

sio_engine *sio_server_engine(const sio_server *server) {
  return server->engine;
}

sio_nsp *sio_server_nsp(sio_server *server, sio_bytes name, bool create) {
  sio_nsp *nsp = sio_map_get(&server->nsps, name);
  if (nsp != NULL || !create)
    return nsp;
  nsp = sio_nsp_new(server, name);
  if (nsp != NULL && sio_map_put(&server->nsps, nsp) != 0) {
    sio_nsp_unref(nsp);
    return NULL;
  }
  return nsp;
}
