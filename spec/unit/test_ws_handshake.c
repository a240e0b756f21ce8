#include "ws/handshake.h"

#include "fail_alloc.h"

static void hashes_the_key(void **state) {
  (void)state;
  char out[SIO_WS_ACCEPT_LEN];
  sio_ws_accept(out, SIO_BYTES("dGhlIHNhbXBsZSBub25jZQ==")); /* RFC 6455, 1.3 */
  assert_memory_equal(out, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", sizeof(out));
}

/* A request with these headers ("name: value", lower-case names). */
typedef struct example {
  const char *method;
  const char *headers[5][2];
} example;

static sio_request make_request(const example *from, sio_header headers[5]) {
  sio_request out = {.method = sio_bytes_str(from->method), .headers = headers};
  for (; out.header_count < 5 && from->headers[out.header_count][0] != NULL; out.header_count++)
    headers[out.header_count] = (sio_header){sio_bytes_str(from->headers[out.header_count][0]),
                                             sio_bytes_str(from->headers[out.header_count][1])};
  return out;
}

#define KEY                                                                                        \
  { "sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==" }
#define UPGRADE                                                                                    \
  { "upgrade", "websocket" }
#define VERSION                                                                                    \
  { "sec-websocket-version", "13" }
#define PROTOCOL(value)                                                                            \
  { "sec-websocket-protocol", value }

static const struct {
  example in;
  int status; /* 0: accepted */
  const char *text;
} checks[] = {
    {{"GET", {KEY, UPGRADE, VERSION}}, 0, NULL},
    {{"GET", {KEY, {"upgrade", "WebSocket"}, VERSION}}, 0, NULL},
    {{"GET", {KEY, UPGRADE, VERSION, PROTOCOL("foo, bar")}}, 0, NULL},
    {{"POST", {KEY, UPGRADE, VERSION}}, 405, "Invalid HTTP method"},
    {{"GET", {KEY, VERSION}}, 400, "Invalid Upgrade header"},
    {{"GET", {KEY, {"upgrade", "h2c"}, VERSION}}, 400, "Invalid Upgrade header"},
    {{"GET", {UPGRADE, VERSION}}, 400, "Missing or invalid Sec-WebSocket-Key header"},
    {{"GET", {{"sec-websocket-key", "dGhlIHNhbXBsZSBub25j"}, UPGRADE, VERSION}},
     400,
     "Missing or invalid Sec-WebSocket-Key header"},
    {{"GET", {{"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ!="}, UPGRADE, VERSION}},
     400,
     "Missing or invalid Sec-WebSocket-Key header"},
    {{"GET", {KEY, UPGRADE}}, 426, "Missing or invalid Sec-WebSocket-Version header"},
    {{"GET", {KEY, UPGRADE, {"sec-websocket-version", "8"}}},
     426,
     "Missing or invalid Sec-WebSocket-Version header"},
    {{"GET", {KEY, UPGRADE, VERSION, PROTOCOL("")}}, 400, "Invalid Sec-WebSocket-Protocol header"},
    {{"GET", {KEY, UPGRADE, VERSION, PROTOCOL("a,,b")}},
     400,
     "Invalid Sec-WebSocket-Protocol header"},
    {{"GET", {KEY, UPGRADE, VERSION, PROTOCOL("a b")}},
     400,
     "Invalid Sec-WebSocket-Protocol header"},
};

static void checks_the_request(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(checks); i++) {
    sio_header headers[5];
    sio_request request = make_request(&checks[i].in, headers);
    int status = -1;
    const char *text = sio_ws_check(&request, &status);
    if (checks[i].status == 0) {
      assert_null(text);
      continue;
    }
    assert_string_equal(text, checks[i].text);
    assert_int_equal(status, checks[i].status);
  }
}

static void answers(void **state) {
  (void)state;
  static const example in = {"GET", {KEY, UPGRADE, VERSION, PROTOCOL(" foo , bar")}};
  sio_header headers[5];
  sio_request request = make_request(&in, headers);
  sio_buf out = {0};
  assert_int_equal(sio_ws_answer(&request, NULL, SIO_BYTES("X-A: b\r\nX-C: d\r\n"), &out), 0);
  assert_true(sio_bytes_eq(
      sio_buf_bytes(&out),
      SIO_BYTES("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                "Sec-WebSocket-Protocol: foo\r\nX-A: b\r\nX-C: d\r\n\r\n")));
  sio_buf_deinit(&out);
}

static void answer_once(void *ctx) {
  static const example in = {"GET", {KEY, UPGRADE, VERSION}};
  sio_header headers[5];
  sio_request request = make_request(&in, headers);
  sio_buf out = {0};
  (void)ctx;
  sio_ws_answer(&request, NULL, SIO_BYTES(""), &out);
  sio_buf_deinit(&out);
}

static void needs_memory(void **state) {
  (void)state;
  fail_alloc_at(0);
  assert_true(fail_each_alloc(answer_once, NULL) > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hashes_the_key),
      cmocka_unit_test(checks_the_request),
      cmocka_unit_test(answers),
      cmocka_unit_test(needs_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
