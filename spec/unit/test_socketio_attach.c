/* The layer on the real engine, over real connections. */
#include "base/error.h"
#include "http_fixture.h"
#include "socketio/server.h"

typedef struct app {
  http_fixture *http;
  sio_server *server;
  sio_socket *socket; /* held */
  char reason[64];
  int sessions_closed;
} app;

static int on_connect(void *ctx, sio_socket *socket, sio_bytes auth) {
  app *it = ctx;
  (void)auth;
  it->socket = sio_socket_ref(socket);
  return sio_socket_accept(socket, sio_bytes_of(NULL, 0));
}

/* Sends the payload back, as an event of the same name. */
static int on_event(void *ctx, sio_socket *socket, const sio_incoming *in, const char **reason) {
  (void)ctx, (void)reason;
  sio_packet packet = {.type = SIO_EVENT, .nsp = SIO_BYTES("/"), .id = SIO_NO_ACK};
  packet.payload = in->packet->payload;
  sio_message message;
  if (sio_message_init(&message, &sio_parser_text, &packet, in->attachments,
                       in->packet->attachments) != 0)
    return SIO_ENOMEM;
  sio_socket_send(socket, &message, false);
  sio_message_deinit(&message);
  return 0;
}

static void ignore_reason(void *ctx, sio_socket *socket, const char *reason, const char *detail) {
  (void)ctx, (void)socket, (void)reason, (void)detail;
}

static void on_disconnect(void *ctx, sio_socket *socket, const char *reason, const char *detail) {
  app *it = ctx;
  (void)socket, (void)detail;
  snprintf(it->reason, sizeof(it->reason), "%s", reason);
}

static void ignore_error(void *ctx, sio_socket *socket, const char *message) {
  (void)ctx, (void)socket, (void)message;
}

static void ignore_socket(void *ctx, sio_socket *socket) {
  (void)ctx, (void)socket;
}

static void on_session_close(void *ctx, sio_session *session, const char *reason,
                             const char *detail) {
  app *it = ctx;
  (void)session, (void)reason, (void)detail;
  it->sessions_closed++;
}

static const sio_hooks hooks = {.on_connect = on_connect,
                                .on_event = on_event,
                                .on_ack = on_event,
                                .on_disconnecting = ignore_reason,
                                .on_disconnect = on_disconnect,
                                .on_error = ignore_error,
                                .on_forget = ignore_socket,
                                .on_session_close = on_session_close};

static void open_app(app *it, void **state) {
  *it = (app){.http = *state};
  sio_server_options options;
  sio_server_options_init(&options);
  it->server = sio_server_new(it->http->loop, &options, &hooks, it);
  assert_non_null(it->server);
  assert_int_equal(sio_server_attach(it->server, it->http->server), 0);
}

static void close_app(app *it) {
  sio_socket_unref(it->socket);
  sio_server_free(it->server);
}

/* Sends a request on a connection of its own; the answer's body is up to the FIN. */
static const char *ask(app *it, const char *method, const char *target, const char *body) {
  static char out[4096];
  char request[2048];
  snprintf(request, sizeof(request),
           "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
           method, target, strlen(body), body);
  int fd = http_connect(it->http);
  net_say(fd, request);
  sio_buf in = {0};
  UNTIL(it->http->loop, !net_hear(fd, &in));
  close(fd);
  assert_int_equal(sio_buf_put(&in, '\0'), 0);
  snprintf(out, sizeof(out), "%s", in.base);
  sio_buf_deinit(&in);
  char *end = strstr(out, "\r\n\r\n");
  assert_non_null(end);
  return end + 4;
}

/* A polling session; the target of its further requests. */
static const char *open_session(app *it) {
  static char target[128];
  static const char handshake[] = "/socket.io/?EIO=4&transport=polling";
  const char *packet = ask(it, "GET", handshake, "");
  static const char start[] = "0{\"sid\":\"";
  assert_memory_equal(packet, start, sizeof(start) - 1);
  snprintf(target, sizeof(target), "%s&sid=%.20s", handshake, packet + sizeof(start) - 1);
  return target;
}

static void a_client_by_polling(void **state) {
  app it;
  open_app(&it, state);
  const char *target = open_session(&it);
  assert_string_equal(ask(&it, "POST", target,
                          "40\x1e"
                          "451-[\"e\",{}]\x1e"
                          "bAQI="),
                      "ok");
  const char *answer = ask(&it, "GET", target, "");
  assert_memory_equal(answer, "40{\"sid\":\"", 10);
  sio_bytes id = sio_socket_id(it.socket);
  assert_memory_equal(answer + 10, id.base, id.len);
  assert_string_equal(answer + 10 + id.len, "\"}\x1e"
                                            "451-[\"e\",{}]\x1e"
                                            "bAQI=");
  assert_string_equal(ask(&it, "POST", target, "42{}"), "ok");
  UNTIL(it.http->loop, it.reason[0] != '\0');
  assert_string_equal(it.reason, "forced close");
  close_app(&it);
}

static void closing_the_server(void **state) {
  app it;
  open_app(&it, state);
  const char *target = open_session(&it);
  ask(&it, "POST", target, "40");
  assert_int_equal(sio_engine_count(sio_server_engine(it.server)), 1);
  sio_server_close(it.server);
  assert_string_equal(it.reason, "server shutting down");
  assert_int_equal(it.sessions_closed, 0);
  UNTIL(it.http->loop, it.sessions_closed == 1);
  close_app(&it);
}

/* Without being closed before; the HTTP server goes on without it. */
static void freeing_the_server(void **state) {
  app it;
  open_app(&it, state);
  const char *target = open_session(&it);
  ask(&it, "POST", target, "40");
  sio_server_free(it.server);
  assert_string_equal(it.reason, "");
  assert_int_equal(sio_socket_get_state(it.socket), SIO_SOCKET_DISCONNECTED);
  int before = it.http->requests;
  ask(&it, "GET", target, "");
  assert_int_equal(it.http->requests, before + 1);
  sio_socket_unref(it.socket);
}

static void client_files_come_before_the_engine(void **state) {
  app it;
  open_app(&it, state);
  const char *body = ask(&it, "GET", "/socket.io/socket.io.min.js", "");
  assert_null(strstr(body, "Transport unknown"));
  body = ask(&it, "GET", "/socket.io/other.js", "");
  assert_non_null(strstr(body, "Transport unknown"));
  assert_int_equal(it.http->requests, 0);
  close_app(&it);
}

static void client_files_may_be_left_out(void **state) {
  app it = {.http = *state};
  sio_server_options options;
  sio_server_options_init(&options);
  options.serve_client = false;
  it.server = sio_server_new(it.http->loop, &options, &hooks, &it);
  assert_int_equal(sio_server_attach(it.server, it.http->server), 0);
  assert_non_null(strstr(ask(&it, "GET", "/socket.io/socket.io.js", ""), "Transport unknown"));
  close_app(&it);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      HTTP_TEST(a_client_by_polling),          HTTP_TEST(closing_the_server),
      HTTP_TEST(freeing_the_server),           HTTP_TEST(client_files_come_before_the_engine),
      HTTP_TEST(client_files_may_be_left_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
