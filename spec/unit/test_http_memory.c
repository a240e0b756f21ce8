/* Whichever allocation fails, only the connection concerned dies, and nothing is left behind. */
#include <sys/stat.h>

#include "fail_alloc.h"
#include "http/cors.h"
#include "http/static.h"
#include "http_fixture.h"

static char folder[] = "/tmp/sio-memory-XXXXXX";

static const char requests[] =
    "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"
    "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
    "OPTIONS /cors HTTP/1.1\r\nHost: x\r\nAccess-Control-Request-Headers: x-a\r\n\r\n"
    "GET /pieces HTTP/1.1\r\nHost: x\r\n\r\n"
    "GET /text.txt HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n"
    "GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n"
    "GET /folder HTTP/1.1\r\nHost: x\r\n\r\n"
    "GET /frame HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

static bool is_path(const sio_exchange *exchange, const char *path) {
  return sio_bytes_eq(sio_exchange_request(exchange)->path, sio_bytes_str(path));
}

static void send_pieces(http_fixture *http, sio_exchange *exchange) {
  sio_exchange_set_owner(exchange, &http_owner_events, http);
  if (sio_exchange_start(exchange, 200, SIO_BYTES("text/plain")) == 0 &&
      sio_exchange_write(exchange, SIO_BYTES("hello")) == 0)
    sio_exchange_end(exchange);
}

static void send_frame(sio_exchange *exchange) {
  sio_frame *frame = sio_frame_new(5000);
  if (frame == NULL) {
    sio_exchange_destroy(exchange);
    return;
  }
  memset(frame->payload, 'f', frame->len);
  sio_exchange_send_frame(exchange, 200, SIO_BYTES("text/plain"), frame);
  sio_frame_unref(frame);
}

static bool on_request(http_fixture *http, sio_exchange *exchange) {
  sio_cors cors;
  sio_cors_init(&cors);
  if (is_path(exchange, "/hold"))
    return http_hold(http, exchange);
  if (is_path(exchange, "/echo"))
    return http_echo(http, exchange);
  if (is_path(exchange, "/cors"))
    return sio_cors_apply(&cors, exchange);
  if (is_path(exchange, "/pieces"))
    send_pieces(http, exchange);
  else
    send_frame(exchange);
  return true;
}

static size_t received;

/* Until the server has closed the connection: it always does, after the last answer or before. */
static void talk(http_fixture *http) {
  static char sink[65536];
  int fd = http_connect(http);
  net_say(fd, requests);
  uint64_t end = net_ms() + NET_PATIENCE;
  received = 0;
  for (;;) {
    ssize_t n = recv(fd, sink, sizeof(sink), 0);
    received += n > 0 ? (size_t)n : 0;
    if (n == 0 || (n < 0 && errno != EAGAIN))
      break;
    if (n > 0)
      continue;
    if (net_ms() > end)
      fail_msg("the connection was not closed");
    net_turn(http->loop);
    if (http->pending != NULL) {
      sio_exchange *exchange = http->pending;
      http->pending = NULL;
      sio_exchange_header(exchange, SIO_BYTES("X-A"), SIO_BYTES("b"));
      sio_exchange_send(exchange, 200, SIO_BYTES("text/plain"), SIO_BYTES("ok"));
    }
  }
  close(fd);
}

static void serve(void *ctx) {
  http_fixture http = {.on_request = on_request, .handler = {.on_request = http_on_request}};
  sio_static *files = NULL;
  (void)ctx;
  sio_http_options_init(&http.options);
  http.loop = sio_loop_new(NULL);
  if (http.loop == NULL)
    return;
  http.server = sio_http_server_new(http.loop, &http.options);
  if (http.server != NULL && sio_static_new("/", folder, &files) == 0) {
    sio_http_server_add(http.server, sio_static_handler(files), false);
    sio_http_server_add(http.server, &http.handler, false);
    if (sio_http_server_listen(http.server, "127.0.0.1:0", NULL) == 0)
      talk(&http);
  }
  if (http.server != NULL)
    sio_http_server_free(http.server);
  sio_loop_free(http.loop);
  sio_static_free(files);
  sio_buf_deinit(&http.bodies);
}

static void out_of_memory(void **state) {
  (void)state;
  assert_true(fail_each_alloc(serve, NULL) > 50);
  assert_true(received > 300000); /* with no failure, everything was answered */
}

static int make_folder(void **state) {
  static char text[300000];
  char path[64];
  (void)state;
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof(path), "%s/text.txt", folder);
  FILE *out = fopen(path, "w");
  fwrite(text, 1, 2000, out);
  fclose(out);
  snprintf(path, sizeof(path), "%s/large.bin", folder);
  out = fopen(path, "w");
  fwrite(text, 1, sizeof(text), out);
  fclose(out);
  snprintf(path, sizeof(path), "%s/folder", folder);
  return mkdir(path, 0700);
}

static int remove_folder(void **state) {
  static const char *const names[] = {"text.txt", "large.bin", "folder", ""};
  char path[64];
  (void)state;
  for (size_t i = 0; i < COUNT(names); i++) {
    snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
    remove(path);
  }
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(out_of_memory)};
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
