#include <ftw.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/limits.h"
#include "http/compress.h"
#include "http/mime.h"
#include "http/static.h"
#include "http_fixture.h"

/* A folder of files that all were changed at 784111777 (6 November 1994). */
#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"
#define STAMP "2ebc98a1000000000"

static char folder[64];
static sio_static *files;

static void write_file(const char *name, const char *text, size_t len) {
  char path[128];
  snprintf(path, sizeof(path), "%s/%s", folder, name);
  FILE *out = fopen(path, "w");
  assert_non_null(out);
  assert_int_equal(fwrite(text, 1, len, out), len);
  fclose(out);
  const struct timespec times[] = {{.tv_sec = 784111777}, {.tv_sec = 784111777}};
  assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void make(const char *name, const char *target) {
  char path[128];
  snprintf(path, sizeof(path), "%s/%s", folder, name);
  assert_int_equal(target != NULL ? symlink(target, path) : mkdir(path, 0700), 0);
}

enum { LARGE = 16000000, LONG = 2000 };
static char large[LARGE];

static int make_folder(void **state) {
  (void)state;
  strcpy(folder, "/tmp/sio-static-XXXXXX");
  assert_non_null(mkdtemp(folder));
  make("public", NULL);
  make("public/sub", NULL);
  make("public/empty", NULL);
  write_file("secret", "secret", 6);
  write_file("public/a.txt", "0123456789", 10);
  write_file("public/none", "", 0);
  write_file("public/a b.HTML", "space", 5);
  write_file("public/.hidden", "hidden", 6);
  write_file("public/sub/index.html", "index", 5);
  memset(large, 'x', LONG);
  write_file("public/long.js", large, LONG);
  write_file("public/long.png", large, LONG);
  for (size_t i = 0; i < LARGE; i++)
    large[i] = (char)(i * 31 + i / 251);
  write_file("public/large.bin", large, LARGE);
  make("public/out", "../secret");
  make("public/in", "a.txt");
  make("public/up", "..");
  strcat(folder, "/public");
  return 0;
}

static int remove_one(const char *path, const struct stat *stat_of, int type, struct FTW *ftw) {
  (void)stat_of;
  (void)type;
  (void)ftw;
  return remove(path);
}

static int remove_folder(void **state) {
  (void)state;
  *strrchr(folder, '/') = '\0';
  return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static int set_up_at(void **state, const char *prefix) {
  http_set_up(state);
  http_fixture *http = *state;
  assert_int_equal(sio_static_new(prefix, folder, &files), 0);
  sio_http_server_add(http->server, sio_static_handler(files), true);
  return 0;
}

static int set_up(void **state) {
  return set_up_at(state, "/");
}

static int set_up_below(void **state) {
  return set_up_at(state, "/assets/");
}

static int tear_down(void **state) {
  int result = http_tear_down(state);
  sio_static_free(files);
  return result;
}

#define FILE_HEADERS(size, more)                                                                   \
  "Accept-Ranges: bytes\r\nCache-Control: public, max-age=0\r\nLast-Modified: " DATE               \
  "\r\nETag: \"" size "-" STAMP "\"\r\n" more
#define TEXT(length) "Content-Type: text/plain; charset=utf-8\r\nContent-Length: " length "\r\n"
#define A_TXT "HTTP/1.1 200 OK\r\n" FILE_HEADERS("a", TEXT("10")) HTTP_KEEP

/* The dates in headers are the file's: only Date is blanked, and that begins a line. */
static void expect(http_fixture *http, const char *method, const char *path, const char *headers,
                   const char *answer) {
  char request[512];
  int fd = http_connect(http);
  snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: x\r\n%s\r\n", method, path, headers);
  net_say(fd, request);
  HTTP_EXPECT(http, fd, answer);
  close(fd);
}

static void expect_none(http_fixture *http, const char *path) {
  expect(http, "GET", path, "", HTTP_404 HTTP_KEEP);
}

static void serves_files(void **state) {
  http_fixture *http = *state;
  expect(http, "GET", "/a.txt", "", A_TXT "0123456789");
  expect(http, "GET", "/a%2etxt?x=y", "", A_TXT "0123456789");
  expect(http, "GET", "/in", "",
         "HTTP/1.1 200 OK\r\n" FILE_HEADERS("a", "Content-Type: application/octet-stream\r\n"
                                                 "Content-Length: 10\r\n") HTTP_KEEP "0123456789");
  expect(http, "HEAD", "/a.txt", "", A_TXT);
  expect(http, "GET", "/a%20b.HTML", "",
         "HTTP/1.1 200 OK\r\n" FILE_HEADERS("5", "Content-Type: text/html; charset=utf-8\r\n"
                                                 "Content-Length: 5\r\n") HTTP_KEEP "space");
  expect(http, "GET", "/none", "",
         "HTTP/1.1 200 OK\r\n" FILE_HEADERS("0", "Content-Type: application/octet-stream\r\n"
                                                 "Content-Length: 0\r\n") HTTP_KEEP);
  expect(http, "HEAD", "/large.bin", "",
         "HTTP/1.1 200 OK\r\n" FILE_HEADERS("f42400", "Content-Length: 16000000\r\n"
                                                      "Content-Type: application/octet-stream\r\n")
             HTTP_KEEP);
}

static void serves_folders(void **state) {
  http_fixture *http = *state;
  expect(http, "GET", "/sub/", "",
         "HTTP/1.1 200 OK\r\n" FILE_HEADERS("5", "Content-Type: text/html; charset=utf-8\r\n"
                                                 "Content-Length: 5\r\n") HTTP_KEEP "index");
  expect(
      http, "GET", "/sub?a=b", "",
      "HTTP/1.1 301 Moved Permanently\r\nLocation: /sub/?a=b\r\nContent-Length: 0\r\n" HTTP_KEEP);
  expect_none(http, "/");
  expect_none(http, "/empty/");
}

static void serves_below_a_prefix(void **state) {
  http_fixture *http = *state;
  expect(http, "GET", "/assets/a.txt", "", A_TXT "0123456789");
  expect(http, "GET", "/assets", "",
         "HTTP/1.1 301 Moved Permanently\r\nLocation: /assets/\r\nContent-Length: 0\r\n" HTTP_KEEP);
  expect_none(http, "/a.txt");
  expect_none(http, "/assetsa.txt");
  expect_none(http, "/assets/a.txt/");
}

static void leaves_the_rest_to_others(void **state) {
  http_fixture *http = *state;
  http->on_request = http_answer;
  expect(http, "POST", "/a.txt", "", HTTP_200("6") HTTP_KEEP "/a.txt");
  expect(http, "GET", "/b.txt", "", HTTP_200("6") HTTP_KEEP "/b.txt");
  assert_int_equal(http->requests, 2);
}

static void no_way_out(void **state) {
  http_fixture *http = *state;
  static const char *const paths[] = {
      "/../secret",
      "/%2e%2e/secret",
      "/.%2e/secret",
      "/sub/../../secret",
      "/..%2fsecret",
      "/sub/%2e%2e/a.txt",
      "/sub/../a.txt",
      "/./a.txt",
      "//a.txt",
      "/sub//index.html",
      "/.hidden",
      "/%2ehidden",
      "/out",
      "/up/secret",
      "/up/",

      "/a.txt%00",
      "/a.txt%00.html",
      "/a.txt/",
      "/a.txt/x",
      "/a%2",
      "/a%",
      "/%zz",
      "/sub%2findex.html",
      "/up",
      "/..",
      "/%5c..%5csecret",
  };
  for (size_t i = 0; i < COUNT(paths); i++)
    expect_none(http, paths[i]);
  char long_path[5000];
  memset(long_path, 'a', sizeof(long_path));
  long_path[0] = '/';
  char request[5100];
  snprintf(request, sizeof(request), "GET %.*s HTTP/1.1\r\nHost: x\r\n\r\n", (int)sizeof(long_path),
           long_path);
  int fd = http_connect(http);
  net_say(fd, request);
  HTTP_EXPECT(http, fd, HTTP_404 HTTP_KEEP);
  close(fd);
}

#define NOT_MODIFIED "HTTP/1.1 304 Not Modified\r\n" FILE_HEADERS("a", "") HTTP_KEEP

static void conditions(void **state) {
  http_fixture *http = *state;
  expect(http, "GET", "/a.txt", "If-None-Match: \"a-" STAMP "\"\r\n", NOT_MODIFIED);
  expect(http, "GET", "/a.txt", "If-None-Match: \"x\", W/\"a-" STAMP "\"\r\n", NOT_MODIFIED);
  expect(http, "HEAD", "/a.txt", "If-None-Match: *\r\n", NOT_MODIFIED);
  expect(http, "GET", "/a.txt", "If-None-Match: \"b-" STAMP "\"\r\n", A_TXT "0123456789");
  expect(http, "GET", "/a.txt", "If-None-Match: \"b\"\r\nIf-Modified-Since: " DATE "\r\n",
         A_TXT "0123456789");
  expect(http, "GET", "/a.txt", "If-Modified-Since: " DATE "\r\n", NOT_MODIFIED);
  expect(http, "GET", "/a.txt", "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n",
         A_TXT "0123456789");
  expect(http, "GET", "/a.txt", "If-Modified-Since: yesterday\r\n", A_TXT "0123456789");
}

#define REFUSED                                                                                    \
  "HTTP/1.1 412 Precondition Failed\r\n" FILE_HEADERS("a", "Content-Length: 0\r\n") HTTP_KEEP

static void preconditions(void **state) {
  http_fixture *http = *state;
  expect(http, "GET", "/a.txt", "If-Match: \"b\", \"a-" STAMP "\"\r\n", A_TXT "0123456789");
  expect(http, "GET", "/a.txt", "If-Match: *\r\n", A_TXT "0123456789");
  expect(http, "GET", "/a.txt", "If-Match: \"b\"\r\n", REFUSED);
  expect(http, "GET", "/a.txt", "If-Match: W/\"a-" STAMP "\"\r\n", REFUSED);
  expect(http, "GET", "/a.txt", "If-Match: \"b\"\r\nRange: bytes=0-1\r\n", REFUSED);
  expect(http, "GET", "/a.txt", "If-Unmodified-Since: " DATE "\r\n", A_TXT "0123456789");
  expect(http, "GET", "/a.txt", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n", REFUSED);
  expect(http, "GET", "/a.txt", "If-Unmodified-Since: tomorrow\r\n", A_TXT "0123456789");
}

#define PARTIAL(range, length)                                                                     \
  "HTTP/1.1 206 Partial Content\r\n" FILE_HEADERS("a", "Content-Range: bytes " range               \
                                                       "/10\r\n" TEXT(length)) HTTP_KEEP
#define UNSATISFIABLE                                                                              \
  "HTTP/1.1 416 Range Not Satisfiable\r\n" FILE_HEADERS(                                           \
      "a", "Content-Range: bytes */10\r\nContent-Length: 0\r\n") HTTP_KEEP

static void ranges(void **state) {
  http_fixture *http = *state;
  expect(http, "GET", "/a.txt", "Range: bytes=2-4\r\n", PARTIAL("2-4", "3") "234");
  expect(http, "GET", "/a.txt", "Range: bytes=0-0\r\n", PARTIAL("0-0", "1") "0");
  expect(http, "GET", "/a.txt", "Range: bytes=8-\r\n", PARTIAL("8-9", "2") "89");
  expect(http, "GET", "/a.txt", "Range: bytes=8-99\r\n", PARTIAL("8-9", "2") "89");
  expect(http, "GET", "/a.txt", "Range: bytes=-3\r\n", PARTIAL("7-9", "3") "789");
  expect(http, "GET", "/a.txt", "Range: bytes=-99\r\n", PARTIAL("0-9", "10") "0123456789");
  expect(http, "GET", "/a.txt", "Range: bytes=10-\r\n", UNSATISFIABLE);
  expect(http, "GET", "/a.txt", "Range: bytes=-0\r\n", UNSATISFIABLE);
  static const char *const ignored[] = {"bytes=4-2", "bytes=-",    "bytes=a-b",
                                        "bytes=1",   "lines=0-1",  "bytes=0-1,3-4",
                                        "bytes=",    "bytes=1-2x", "bytes=+1-2"};
  for (size_t i = 0; i < COUNT(ignored); i++) {
    char header[64];
    snprintf(header, sizeof(header), "Range: %s\r\n", ignored[i]);
    expect(http, "GET", "/a.txt", header, A_TXT "0123456789");
  }
  expect(http, "HEAD", "/a.txt", "Range: bytes=2-4\r\n", A_TXT);
  expect(http, "GET", "/a.txt", "Range: bytes=2-4\r\nIf-Range: \"a-" STAMP "\"\r\n",
         PARTIAL("2-4", "3") "234");
  expect(http, "GET", "/a.txt", "Range: bytes=2-4\r\nIf-Range: " DATE "\r\n",
         PARTIAL("2-4", "3") "234");
  expect(http, "GET", "/a.txt", "Range: bytes=2-4\r\nIf-Range: \"b\"\r\n", A_TXT "0123456789");
}

/* The length of the answer's body, which follows in out. */
static size_t fetch(http_fixture *http, const char *request, sio_buf *out) {
  int fd = http_connect(http);
  net_say(fd, request);
  uint64_t end = net_ms() + NET_PATIENCE;
  char *body = NULL;
  size_t promised = 0;
  while (net_ms() < end) {
    bool open = net_hear(fd, out);
    sio_buf_reserve(out, 1);
    out->base[out->len] = '\0';
    if (body == NULL && out->len > 0 && strstr(out->base, "\r\n\r\n") != NULL)
      promised = strtoul(strstr(out->base, "Content-Length: ") + 16, NULL, 10);
    body = out->len > 0 ? strstr(out->base, "\r\n\r\n") : NULL;
    if (!open || (body != NULL && out->len - (size_t)(body + 4 - out->base) >= promised))
      break;
    net_turn(http->loop);
  }
  close(fd);
  assert_non_null(body);
  size_t len = out->len - (size_t)(body + 4 - out->base);
  assert_int_equal(len, promised);
  sio_buf_consume(out, out->len - len);
  return len;
}

static void sends_large_files(void **state) {
  http_fixture *http = *state;
  sio_buf out = {0};
  assert_int_equal(fetch(http, "GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n", &out), LARGE);
  assert_memory_equal(out.base, large, LARGE);
  sio_buf_clear(&out);
  assert_int_equal(
      fetch(http, "GET /large.bin HTTP/1.1\r\nHost: x\r\nRange: bytes=1000-2000999\r\n\r\n", &out),
      2000000);
  assert_memory_equal(out.base, large + 1000, 2000000);
  sio_buf_deinit(&out);
}

/* Fetches /long.js with this Accept-Encoding; the length of the body, which is in out. */
static size_t fetch_long(http_fixture *http, const char *accepted, sio_buf *out) {
  char request[128];
  snprintf(request, sizeof(request),
           "GET /long.js HTTP/1.1\r\nHost: x\r\nAccept-Encoding: %s\r\n\r\n", accepted);
  sio_buf_clear(out);
  return fetch(http, request, out);
}

static void packs_text(void **state) {
  http_fixture *http = *state;
  sio_buf out = {0};
  for (int i = 0; i < 2; i++) { /* made, and kept */
    assert_true(fetch_long(http, "gzip, deflate", &out) < LONG / 10);
    assert_memory_equal(out.base, "\x1f\x8b", 2);
  }
  assert_int_equal(fetch_long(http, "gzip;q=0", &out), LONG);
  assert_int_equal(fetch_long(http, "deflate", &out), LONG);
  sio_buf_clear(&out);
  assert_int_equal(
      fetch(http, "GET /long.png HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n", &out),
      LONG);
  sio_buf_deinit(&out);
  expect(http, "GET", "/long.js",
         "Accept-Encoding: gzip\r\nIf-None-Match: \"7d0-" STAMP "-gz\"\r\n",
         "HTTP/1.1 304 Not Modified\r\nVary: Accept-Encoding\r\nAccept-Ranges: bytes\r\n"
         "Cache-Control: public, max-age=0\r\nLast-Modified: " DATE "\r\nETag: \"7d0-" STAMP
         "-gz\"\r\nContent-Encoding: gzip\r\n" HTTP_KEEP);
  expect(http, "GET", "/long.js", "Accept-Encoding: gzip\r\nRange: bytes=0-2\r\n",
         "HTTP/1.1 206 Partial Content\r\nVary: Accept-Encoding\r\n" FILE_HEADERS(
             "7d0", "Content-Range: bytes 0-2/2000\r\n"
                    "Content-Type: text/javascript; charset=utf-8\r\nContent-Length: 3\r\n")
             HTTP_KEEP "xxx");
}

/* What is too short gains nothing, what is too long would keep everybody waiting. */
static void packs_within_limits(void **state) {
  http_fixture *http = *state;
  static char text[SIO_PACK_MAX + 1];
  memset(text, 'x', sizeof(text));
  static const struct {
    size_t size;
    bool packed;
  } cases[] = {{1023, false},        {1024, true},
               {1025, true},         {SIO_PACK_MAX - 1, true},
               {SIO_PACK_MAX, true}, {SIO_PACK_MAX + 1, false}};
  sio_buf out = {0};
  for (size_t i = 0; i < COUNT(cases); i++) {
    write_file("sized.js", text, cases[i].size);
    sio_buf_clear(&out);
    size_t len =
        fetch(http, "GET /sized.js HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n", &out);
    assert_int_equal(len < cases[i].size, cases[i].packed);
  }
  sio_buf_deinit(&out);
}

static void packs_with_brotli(void **state) {
  http_fixture *http = *state;
  if ((sio_compress_codings() & 1u << SIO_CODING_BR) == 0)
    skip();
  expect(http, "HEAD", "/long.js",
         "Accept-Encoding: gzip, br\r\nIf-None-Match: \"7d0-" STAMP "-br\"\r\n",
         "HTTP/1.1 304 Not Modified\r\nVary: Accept-Encoding\r\nAccept-Ranges: bytes\r\n"
         "Cache-Control: public, max-age=0\r\nLast-Modified: " DATE "\r\nETag: \"7d0-" STAMP
         "-br\"\r\nContent-Encoding: br\r\n" HTTP_KEEP);
  sio_buf out = {0};
  size_t len = fetch_long(http, "gzip, deflate, br", &out);
  char body[64];
  assert_true(len < sizeof(body));
  memcpy(body, out.base, len);
  assert_int_equal(fetch_long(http, "br;q=0.5", &out), len);
  assert_memory_equal(body, out.base, len);
  fetch_long(http, "br;q=0.5, gzip", &out);
  assert_memory_equal(out.base, "\x1f\x8b", 2);
  sio_buf_deinit(&out);
}

/* What is kept of a file is that of the file as it is now. */
static void packs_a_changed_file_again(void **state) {
  http_fixture *http = *state;
  sio_buf one = {0}, two = {0};
  char text[LONG];
  size_t len = fetch_long(http, "gzip", &one);
  assert_int_equal(fetch_long(http, "gzip", &two), len);
  assert_memory_equal(one.base, two.base, len);
  memset(text, 'y', sizeof(text));
  write_file("long.js", text, sizeof(text));
  assert_true(fetch_long(http, "gzip", &two) != len || memcmp(one.base, two.base, len) != 0);
  memset(text, 'x', sizeof(text));
  write_file("long.js", text, sizeof(text));
  sio_buf_deinit(&one);
  sio_buf_deinit(&two);
}

static bool send_file(http_fixture *http, sio_exchange *exchange) {
  (void)http;
  char path[128];
  snprintf(path, sizeof(path), "%s%.*s", folder, (int)sio_exchange_request(exchange)->path.len - 5,
           sio_exchange_request(exchange)->path.base + 5);
  sio_static_send_file(exchange, path, 200);
  return true;
}

static sio_stream *watched;

static bool watch_and_send(http_fixture *http, sio_exchange *exchange) {
  watched = sio_exchange_stream(exchange);
  return send_file(http, exchange);
}

/* While nobody reads, no more than a part is in memory; then somebody goes away. */
static void a_slow_reader_costs_little(void **state) {
  http_fixture *http = *state;
  http->on_request = watch_and_send;
  int fd = http_connect(http);
  int small = 4096;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
  net_say(fd, "GET /send/large.bin HTTP/1.1\r\nHost: x\r\n\r\n");
  UNTIL(http->loop, watched != NULL && sio_stream_stalled(watched) > 0);
  for (int i = 0; i < 50; i++) {
    net_turn(http->loop);
    assert_in_range(sio_stream_queued(watched), 1, 262144);
  }
  net_reset(fd);
}

/* Less than was promised: the connection ends, and the client knows that something is missing. */
static void a_file_becomes_shorter(void **state) {
  http_fixture *http = *state;
  http->on_request = watch_and_send;
  watched = NULL;
  write_file("shrinking.bin", large, LARGE);
  int fd = http_connect(http);
  net_say(fd, "GET /send/shrinking.bin HTTP/1.1\r\nHost: x\r\n\r\n");
  UNTIL(http->loop, watched != NULL && sio_stream_stalled(watched) > 0);
  write_file("shrinking.bin", large, 1000);
  sio_buf in = {0};
  UNTIL(http->loop, !net_hear(fd, &in));
  assert_in_range(in.len, 1000, LARGE - 1);
  sio_buf_deinit(&in);
  close(fd);
}

#define NOT_FOUND_PAGE(length)                                                                     \
  "HTTP/1.1 404 Not Found\r\nCache-Control: no-store\r\nAccept-Ranges: bytes\r\n"                  \
  "Last-Modified: " DATE "\r\nETag: \"a-" STAMP "\"\r\n" TEXT(length) HTTP_KEEP

static bool send_page(http_fixture *http, sio_exchange *exchange) {
  (void)http;
  char path[128];
  snprintf(path, sizeof(path), "%s/a.txt", folder);
  sio_exchange_header(exchange, SIO_BYTES("Cache-Control"), SIO_BYTES("no-store"));
  sio_static_send_file(exchange, path, 404);
  return true;
}

/* With another status it is sent whole, and headers that were set are not set twice. */
static void sends_a_page_of_its_own(void **state) {
  http_fixture *http = *state;
  http->on_request = send_page;
  expect(http, "GET", "/nothing", "Range: bytes=0-1\r\n", NOT_FOUND_PAGE("10") "0123456789");
  expect(http, "GET", "/nothing", "If-None-Match: *\r\n", NOT_FOUND_PAGE("10") "0123456789");
  expect(http, "HEAD", "/nothing", "", NOT_FOUND_PAGE("10"));
}

static void sends_one_file(void **state) {
  http_fixture *http = *state;
  http->on_request = send_file;
  expect(http, "GET", "/send/a.txt", "", A_TXT "0123456789");
  expect(http, "GET", "/send/sub", "", HTTP_404 HTTP_KEEP);
  expect(http, "GET", "/send/nothing", "", HTTP_404 HTTP_KEEP);
}

static void needs_a_folder(void **state) {
  (void)state;
  sio_static *none;
  assert_int_equal(sio_static_new("/", "/nonexistent", &none), SIO_ENOTFOUND);
  char path[128];
  snprintf(path, sizeof(path), "%s/a.txt", folder);
  assert_int_equal(sio_static_new("/", path, &none), SIO_ENOTFOUND);
}

static void media_types(void **state) {
  (void)state;
  assert_string_equal(sio_mime_of(SIO_BYTES("/a.b/c.MJS")).type, "text/javascript; charset=utf-8");
  assert_string_equal(sio_mime_of(SIO_BYTES("a.min.css")).type, "text/css; charset=utf-8");
  assert_false(sio_mime_of(SIO_BYTES("a.png")).is_text);
  static const char *const unknown[] = {"",         "/",  "css",   "/css",
                                        "/a.css/b", "a.", "a.xyz", "a.css."};
  for (size_t i = 0; i < COUNT(unknown); i++)
    assert_string_equal(sio_mime_of(sio_bytes_str(unknown[i])).type, "application/octet-stream");
}

#define STATIC_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      STATIC_TEST(serves_files),
      STATIC_TEST(serves_folders),
      cmocka_unit_test_setup_teardown(serves_below_a_prefix, set_up_below, tear_down),
      STATIC_TEST(leaves_the_rest_to_others),
      STATIC_TEST(no_way_out),
      STATIC_TEST(conditions),
      STATIC_TEST(preconditions),
      STATIC_TEST(ranges),
      STATIC_TEST(sends_large_files),
      STATIC_TEST(a_slow_reader_costs_little),
      STATIC_TEST(a_file_becomes_shorter),
      STATIC_TEST(packs_text),
      STATIC_TEST(packs_within_limits),
      STATIC_TEST(packs_with_brotli),
      STATIC_TEST(packs_a_changed_file_again),
      STATIC_TEST(sends_a_page_of_its_own),
      STATIC_TEST(sends_one_file),
      cmocka_unit_test(needs_a_folder),
      cmocka_unit_test(media_types),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
