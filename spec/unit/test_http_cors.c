/* What the reference (npm cors 2.8.6 in engine.io 6.6.12) answered to the same requests. */
#include "http/cors.h"
#include "http_fixture.h"

static sio_cors cors;

static bool allows_a(void *ctx, sio_bytes origin) {
  (void)ctx;
  return sio_bytes_eq(origin, SIO_BYTES("http://a"));
}

static bool allows_b(void *ctx, sio_bytes origin) {
  (void)ctx;
  return sio_bytes_eq(origin, SIO_BYTES("http://b"));
}

static bool apply(http_fixture *http, sio_exchange *exchange) {
  return sio_cors_apply(&cors, exchange) || http_answer(http, exchange);
}

#define GET "GET /a HTTP/1.1\r\nHost: x\r\nOrigin: http://a\r\n\r\n"
#define GET_NO_ORIGIN "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
#define OPTIONS                                                                                    \
  "OPTIONS /a HTTP/1.1\r\nHost: x\r\nOrigin: http://a\r\n"                                         \
  "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: x-foo\r\n\r\n"
#define OPTIONS_BARE "OPTIONS /a HTTP/1.1\r\nHost: x\r\n\r\n"

#define ANSWER(headers)                                                                            \
  "HTTP/1.1 200 OK\r\n" headers "Content-Type: text/plain\r\nContent-Length: 2\r\n" HTTP_KEEP "/a"
#define PREFLIGHT(headers) "HTTP/1.1 204 No Content\r\n" headers "Content-Length: 0\r\n" HTTP_KEEP
#define ORIGIN(origin) "Access-Control-Allow-Origin: " origin "\r\n"
#define METHODS "Access-Control-Allow-Methods: GET,HEAD,PUT,PATCH,POST,DELETE\r\n"
#define ASKED "Access-Control-Allow-Headers: x-foo\r\n"

static void expect(http_fixture *http, const char *request, const char *answer) {
  int fd = http_connect(http);
  net_say(fd, request);
  HTTP_EXPECT(http, fd, answer);
  close(fd);
}

static void any_origin(void **state) {
  http_fixture *http = *state;
  http->on_request = apply;
  sio_cors_init(&cors);
  expect(http, GET, ANSWER(ORIGIN("*")));
  expect(http, OPTIONS,
         PREFLIGHT(ORIGIN("*") METHODS "Vary: Access-Control-Request-Headers\r\n" ASKED));
  expect(http, OPTIONS_BARE,
         PREFLIGHT(ORIGIN("*") METHODS "Vary: Access-Control-Request-Headers\r\n"));
  cors.max_age = 0;
  cors.allowed_headers = SIO_BYTES("");
  expect(http, OPTIONS, PREFLIGHT(ORIGIN("*") METHODS "Access-Control-Max-Age: 0\r\n"));
}

static void one_origin(void **state) {
  http_fixture *http = *state;
  http->on_request = apply;
  sio_cors_init(&cors);
  cors.origin = SIO_CORS_FIXED;
  cors.fixed = SIO_BYTES("http://fixed");
  expect(http, GET, ANSWER(ORIGIN("http://fixed") "Vary: Origin\r\n"));
  expect(http, OPTIONS,
         PREFLIGHT(ORIGIN(
             "http://fixed") "Vary: Origin, Access-Control-Request-Headers\r\n" METHODS ASKED));
}

static void reflected_origins(void **state) {
  http_fixture *http = *state;
  http->on_request = apply;
  sio_cors_init(&cors);
  cors.origin = SIO_CORS_REFLECT;
  expect(http, GET, ANSWER(ORIGIN("http://a") "Vary: Origin\r\n"));
  expect(http, GET_NO_ORIGIN, ANSWER("Vary: Origin\r\n"));
  expect(http, OPTIONS,
         PREFLIGHT(
             ORIGIN("http://a") "Vary: Origin, Access-Control-Request-Headers\r\n" METHODS ASKED));
  cors.allows = allows_a;
  expect(http, GET, ANSWER(ORIGIN("http://a") "Vary: Origin\r\n"));
  cors.allows = allows_b;
  expect(http, GET, ANSWER("Vary: Origin\r\n"));
}

static void all_options(void **state) {
  http_fixture *http = *state;
  http->on_request = apply;
  sio_cors_init(&cors);
  cors.origin = SIO_CORS_REFLECT;
  cors.credentials = true;
  cors.methods = SIO_BYTES("GET,POST");
  cors.allowed_headers = SIO_BYTES("x-a,x-b");
  cors.exposed_headers = SIO_BYTES("x-c");
  cors.max_age = 600;
  expect(http, OPTIONS,
         PREFLIGHT(ORIGIN("http://a") "Vary: Origin\r\nAccess-Control-Allow-Credentials: true\r\n"
                                      "Access-Control-Allow-Methods: GET,POST\r\n"
                                      "Access-Control-Allow-Headers: x-a,x-b\r\n"
                                      "Access-Control-Max-Age: 600\r\n"
                                      "Access-Control-Expose-Headers: x-c\r\n"));
  expect(http, GET,
         ANSWER(ORIGIN("http://a") "Vary: Origin\r\nAccess-Control-Allow-Credentials: true\r\n"
                                   "Access-Control-Expose-Headers: x-c\r\n"));
}

static void preflights(void **state) {
  http_fixture *http = *state;
  http->on_request = apply;
  sio_cors_init(&cors);
  cors.options_success_status = 200;
  expect(http, OPTIONS,
         "HTTP/1.1 200 OK\r\n" ORIGIN("*") METHODS "Vary: Access-Control-Request-Headers\r\n" ASKED
                                                   "Content-Length: 0\r\n" HTTP_KEEP);
  cors.preflight_continue = true;
  expect(http, OPTIONS,
         ANSWER(ORIGIN("*") METHODS "Vary: Access-Control-Request-Headers\r\n" ASKED));
}

static void no_cors(void **state) {
  http_fixture *http = *state;
  http->on_request = apply;
  sio_cors_init(&cors);
  cors.origin = SIO_CORS_NONE;
  expect(http, GET, ANSWER(""));
  expect(http, OPTIONS, ANSWER(""));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      HTTP_TEST(any_origin),  HTTP_TEST(one_origin), HTTP_TEST(reflected_origins),
      HTTP_TEST(all_options), HTTP_TEST(preflights), HTTP_TEST(no_cors),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
