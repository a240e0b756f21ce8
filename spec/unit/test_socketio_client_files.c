/* The browser client's files, over real connections. */
#include "socketio/client_files.h"

#include <zlib.h>

#include "http_fixture.h"
#include "socketio/client_data.h"

static bool is_embedded(void) {
  return sio_client_version[0] != '\0';
}

/* Sends a request for file with further header lines; returns the answer up to the FIN. */
static sio_buf ask(http_fixture *http, const char *method, const char *target,
                   const char *headers) {
  char request[512];
  snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n",
           method, target, headers);
  int fd = http_connect(http);
  net_say(fd, request);
  sio_buf in = {0};
  UNTIL(http->loop, !net_hear(fd, &in));
  assert_int_equal(sio_buf_put(&in, '\0'), 0);
  in.len--;
  close(fd);
  return in;
}

static bool has(const sio_buf *answer, const char *line) {
  const char *end = strstr(answer->base, "\r\n\r\n");
  const char *at = strstr(answer->base, line);
  return at != NULL && at < end;
}

static sio_bytes body_of(const sio_buf *answer) {
  const char *body = strstr(answer->base, "\r\n\r\n") + 4;
  return sio_bytes_of(body, answer->len - (size_t)(body - answer->base));
}

static sio_bytes span(sio_client_span it) {
  return sio_bytes_of(it.base, (size_t)(it.end - it.base));
}

typedef struct files_fixture {
  http_fixture *http;
  sio_http_handler handler;
  sio_client_files *files;
} files_fixture;

static bool serve(sio_http_handler *handler, sio_exchange *exchange) {
  return sio_client_files_serve(SIO_OF(handler, files_fixture, handler)->files, exchange);
}

static void open_at(files_fixture *it, void **state, sio_bytes path) {
  *it = (files_fixture){.http = *state, .handler.on_request = serve};
  it->files = sio_client_files_new(path);
  assert_non_null(it->files);
  sio_http_server_add(it->http->server, &it->handler, true);
}

static void open_files(files_fixture *it, void **state) {
  open_at(it, state, SIO_BYTES("/socket.io/"));
}

static void close_files(files_fixture *it) {
  sio_http_server_remove(&it->handler);
  sio_client_files_free(it->files);
}

static void every_file_is_served(void **state) {
  files_fixture it;
  open_files(&it, state);
  char etag[64];
  snprintf(etag, sizeof(etag), "ETag: \"%s\"\r\n", sio_client_version);
  for (int i = 0; i < SIO_CLIENT_FILES; i++) {
    char target[64];
    snprintf(target, sizeof(target), "/socket.io/%s?x=1", sio_client_data[i].name);
    sio_buf answer = ask(it.http, "GET", target, "");
    bool is_map = strstr(sio_client_data[i].name, ".map") != NULL;
    if (is_embedded()) {
      assert_true(has(&answer, "HTTP/1.1 200 OK\r\n"));
      assert_true(has(&answer, "Cache-Control: public, max-age=0\r\n"));
      assert_true(has(&answer, etag));
      assert_true(has(&answer, is_map ? "Content-Type: application/json; charset=utf-8\r\n"
                                      : "Content-Type: application/javascript; charset=utf-8\r\n"));
      assert_true(!has(&answer, "Content-Encoding"));
      assert_true(sio_bytes_eq(body_of(&answer), span(sio_client_data[i].plain)));
    } else {
      assert_true(has(&answer, "HTTP/1.1 404 Not Found\r\n"));
      assert_non_null(strstr(answer.base, "npm ci"));
    }
    sio_buf_deinit(&answer);
  }
  close_files(&it);
}

static void assert_inflates(sio_bytes packed, sio_bytes expected) {
  char *out = malloc(expected.len);
  z_stream zlib = {.next_in = (Bytef *)packed.base, .avail_in = (uInt)packed.len};
  zlib.next_out = (Bytef *)out;
  zlib.avail_out = (uInt)expected.len;
  assert_int_equal(inflateInit2(&zlib, 15 + 32), Z_OK); /* gzip or zlib, as it says */
  assert_int_equal(inflate(&zlib, Z_FINISH), Z_STREAM_END);
  assert_int_equal(zlib.total_out, expected.len);
  assert_memory_equal(out, expected.base, expected.len);
  inflateEnd(&zlib);
  free(out);
}

static void files_are_compressed(void **state) {
  files_fixture it;
  open_files(&it, state);
  static const char *const accepted[] = {"gzip, deflate, br", "deflate", "deflate, gzip", "gzip"};
  static const char *const chosen[] = {"gzip", "deflate", "deflate", "gzip"};
  for (size_t i = 0; is_embedded() && i < sizeof(chosen) / sizeof(*chosen); i++) {
    char header[64], line[64];
    snprintf(header, sizeof(header), "Accept-Encoding: %s\r\n", accepted[i]);
    snprintf(line, sizeof(line), "Content-Encoding: %s\r\n", chosen[i]);
    sio_buf answer = ask(it.http, "GET", "/socket.io/socket.io.js", header);
    assert_true(has(&answer, line));
    assert_true(has(&answer, "Vary: Accept-Encoding\r\n"));
    assert_inflates(body_of(&answer), span(sio_client_data[0].plain));
    sio_buf_deinit(&answer);
  }
  if (sio_client_data[0].brotli.base != NULL) {
    sio_buf answer = ask(it.http, "GET", "/socket.io/socket.io.js", "Accept-Encoding: br\r\n");
    assert_true(has(&answer, "Content-Encoding: br\r\n"));
    assert_true(sio_bytes_eq(body_of(&answer), span(sio_client_data[0].brotli)));
    sio_buf_deinit(&answer);
  }
  close_files(&it);
}

static void versions_are_compared(void **state) {
  files_fixture it;
  open_files(&it, state);
  static const char *const same[] = {"\"%s\"", "W/\"%s\""};
  static const char *const other[] = {"%s", "\"x%s\"", "W/%s", "\"%s\", \"x\""};
  for (size_t i = 0; is_embedded() && i < 6; i++) {
    char header[128];
    size_t len = (size_t)snprintf(header, sizeof(header), "If-None-Match: ");
    len += (size_t)snprintf(header + len, sizeof(header) - len, i < 2 ? same[i] : other[i - 2],
                            sio_client_version);
    snprintf(header + len, sizeof(header) - len, "\r\n");
    sio_buf answer = ask(it.http, "GET", "/socket.io/socket.io.min.js", header);
    assert_true(has(&answer, i < 2 ? "HTTP/1.1 304 " : "HTTP/1.1 200 "));
    if (i < 2)
      assert_true(!has(&answer, "Cache-Control") && !has(&answer, "ETag"));
    sio_buf_deinit(&answer);
  }
  close_files(&it);
}

static void methods_do_not_matter(void **state) {
  files_fixture it;
  open_files(&it, state);
  if (is_embedded()) {
    sio_buf answer = ask(it.http, "HEAD", "/socket.io/socket.io.js", "");
    assert_true(has(&answer, "HTTP/1.1 200 OK\r\n"));
    assert_int_equal(body_of(&answer).len, 0);
    sio_buf_deinit(&answer);
    answer = ask(it.http, "POST", "/socket.io/socket.io.js", "Content-Length: 0\r\n");
    assert_true(sio_bytes_eq(body_of(&answer), span(sio_client_data[0].plain)));
    sio_buf_deinit(&answer);
  }
  close_files(&it);
}

static void other_paths_are_left_to_others(void **state) {
  static const char *const targets[] = {"/socket.io/",
                                        "/socket.io/socket.io.jsx",
                                        "/socket.io.js",
                                        "/socket.ioXsocket.io.js",
                                        "/socket.io/x/socket.io.js",
                                        "/socket.io//socket.io.js"};
  files_fixture it;
  open_files(&it, state);
  for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++) {
    int before = it.http->requests;
    sio_buf answer = ask(it.http, "GET", targets[i], "");
    assert_int_equal(it.http->requests, before + 1);
    sio_buf_deinit(&answer);
  }
  int before = it.http->requests; /* an upgrade is the engine's, whatever its path */
  sio_buf answer = ask(it.http, "GET", "/socket.io/socket.io.js",
                       "Connection: Upgrade\r\nUpgrade: websocket\r\n");
  assert_int_equal(it.http->requests, before + 1);
  sio_buf_deinit(&answer);
  close_files(&it);
}

static void a_path_without_its_last_slash(void **state) {
  files_fixture it;
  open_at(&it, state, SIO_BYTES("/rt"));
  sio_buf answer = ask(it.http, "GET", "/rt/socket.io.js", "");
  assert_int_equal(it.http->requests, 0);
  sio_buf_deinit(&answer);
  close_files(&it);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      HTTP_TEST(every_file_is_served),           HTTP_TEST(files_are_compressed),
      HTTP_TEST(versions_are_compared),          HTTP_TEST(methods_do_not_matter),
      HTTP_TEST(other_paths_are_left_to_others), HTTP_TEST(a_path_without_its_last_slash),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
