#include "engine_fixture.h"

static const struct {
  const char *request; /* line and headers, without the last empty line */
  int status;
  const char *body;
} refused[] = {
    {"GET /socket.io/ HTTP/1.1\r\nHost: x\r\n", 400,
     "{\"code\":0,\"message\":\"Transport unknown\"}"},
    {"GET /socket.io/?EIO=4&transport=tobi HTTP/1.1\r\nHost: x\r\n", 400,
     "{\"code\":0,\"message\":\"Transport unknown\"}"},
    {"GET /socket.io/?EIO=4&transport=constructor HTTP/1.1\r\nHost: x\r\n", 400,
     "{\"code\":0,\"message\":\"Transport unknown\"}"},
    {"GET /socket.io/?EIO=4&transport=polling&transport=x HTTP/1.1\r\nHost: x\r\n", 400,
     "{\"code\":0,\"message\":\"Transport unknown\"}"},
    {"POST /socket.io/?EIO=4&transport=webtransport HTTP/1.1\r\nHost: x\r\n", 400,
     "{\"code\":0,\"message\":\"Transport unknown\"}"},
    {"GET /socket.io/?EIO=4&transport=polling&sid=__proto__ HTTP/1.1\r\nHost: x\r\n", 400,
     "{\"code\":1,\"message\":\"Session ID unknown\"}"},
    {"GET /socket.io/anything?EIO=3&transport=polling&sid=tobi HTTP/1.1\r\nHost: x\r\n", 400,
     "{\"code\":1,\"message\":\"Session ID unknown\"}"},
    {"POST /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n", 400,
     "{\"code\":2,\"message\":\"Bad handshake method\"}"},
    {"OPTIONS /socket.io/?EIO=3&transport=polling HTTP/1.1\r\nHost: x\r\n", 400,
     "{\"code\":2,\"message\":\"Bad handshake method\"}"},
    {"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\n", 400,
     "{\"code\":3,\"message\":\"Bad request\"}"},
    {"GET /socket.io/?EIO=3&transport=polling HTTP/1.1\r\nHost: x\r\n", 400,
     "{\"code\":5,\"message\":\"Unsupported protocol version\"}"},
    {"GET /socket.io/?EIO=4&EIO=5&transport=polling HTTP/1.1\r\nHost: x\r\n", 400,
     "{\"code\":5,\"message\":\"Unsupported protocol version\"}"},
    {"GET /socket.io/?transport=polling HTTP/1.1\r\nHost: x\r\n", 400,
     "{\"code\":5,\"message\":\"Unsupported protocol version\"}"},
    {"GET /socket.io?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n", 404, ""},
    {"GET /other/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n", 404, ""},
};

static void refuses_bad_handshakes(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  for (size_t i = 0; i < COUNT(refused); i++) {
    client_say(&it, "%s\r\n", refused[i].request);
    answer got = client_answer(&it);
    assert_int_equal(got.status, refused[i].status);
    assert_string_equal(got.body, refused[i].body);
    assert_int_equal(strstr(got.head, "Content-Type: application/json\r\n") != NULL,
                     refused[i].status == 400);
  }
  assert_int_equal(sio_engine_count(fix->engine), 0);
  client_close(&it);
}

static const struct {
  const char *request;
  const char *answer;
} refused_upgrades[] = {
    {"GET /socket.io/?EIO=4&transport=tobi HTTP/1.1\r\n" WS_HEADERS,
     "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-type: text/html\r\n"
     "Content-Length: 17\r\n\r\nTransport unknown"},
    {"GET /socket.io/?EIO=4&transport=websocket&sid=tobi HTTP/1.1\r\n" WS_HEADERS,
     "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-type: text/html\r\n"
     "Content-Length: 18\r\n\r\nSession ID unknown"},
    {"GET /socket.io/?EIO=3&transport=websocket HTTP/1.1\r\n" WS_HEADERS,
     "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-type: text/html\r\n"
     "Content-Length: 28\r\n\r\nUnsupported protocol version"},
    {"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
     "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n",
     "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-type: text/html\r\n"
     "Content-Length: 43\r\n\r\nMissing or invalid Sec-WebSocket-Key header"},
    {"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
     "Connection: Upgrade\r\nSec-WebSocket-Version: 9\r\n"
     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
     "HTTP/1.1 426 Upgrade Required\r\nConnection: close\r\nContent-type: text/html\r\n"
     "Content-Length: 47\r\nSec-WebSocket-Version: 13\r\n\r\n"
     "Missing or invalid Sec-WebSocket-Version header"},
};

static void refuses_bad_upgrades(void **state) {
  engine_fixture *fix = *state;
  for (size_t i = 0; i < COUNT(refused_upgrades); i++) {
    client it = client_connect(fix);
    client_say(&it, "%s\r\n", refused_upgrades[i].request);
    client_expect(&it, sio_bytes_str(refused_upgrades[i].answer));
    client_expect_end(&it);
    client_close(&it);
  }
  assert_int_equal(sio_engine_count(fix->engine), 0);
}

static void opens_a_polling_session(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  client_get(&it, "transport=polling&sid=&t=x1");
  answer got = client_answer(&it);
  char expected[256];
  snprintf(expected, sizeof(expected),
           "0{\"sid\":\"%.20s\",\"upgrades\":[\"websocket\"],\"pingInterval\":25000,"
           "\"pingTimeout\":20000,\"maxPayload\":1000000}",
           sio_session_id(fix->session).base);
  assert_string_equal(got.body, expected);
  assert_non_null(strstr(got.head, "\r\nContent-Type: text/plain; charset=UTF-8\r\n"));
  assert_non_null(strstr(got.head, "\r\ncache-control: no-store\r\n"));
  assert_null(strstr(got.head, "X-XSS-Protection"));
  EXPECT_LOG(fix, "open polling\n");
  assert_int_equal(sio_engine_count(fix->engine), 1);
  assert_int_equal(sio_session_get_state(fix->session), SIO_OPEN);
  client_close(&it);
}

static void opens_a_websocket_session(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  ws_ask(&it, "transport=websocket");
  client_expect(&it, SIO_BYTES(WS_ANSWER));
  char expected[256];
  client_await(&it, 2);
  snprintf(expected, sizeof(expected),
           "0{\"sid\":\"%.20s\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000,"
           "\"maxPayload\":1000000}",
           sio_session_id(fix->session).base);
  ws_expect(&it, 0x81, expected);
  EXPECT_LOG(fix, "open websocket\n");
  client_close(&it);
  EXPECT_LOG(fix, "close transport close\n");
  assert_int_equal(sio_engine_count(fix->engine), 0);
}

static void decodes_the_query(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  client_say(&it, "GET /socket.io/?%%45IO=%%34&tran%%73port=%%70olling&"
                  "a_name_that_is_longer_than_any_that_we_know=1 HTTP/1.1\r\nHost: x\r\n\r\n");
  assert_int_equal(client_answer(&it).status, 200);
  client_close(&it);
}

static void reads_frames_that_came_with_the_request(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  client_say(&it, "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n" WS_HEADERS "\r\n"
                  "\x81\x86    \x14"
                  "EARLY"); /* masked with spaces */
  client_expect(&it, SIO_BYTES(WS_ANSWER));
  EXPECT_LOG(fix, "open websocket\ntext early\n");
  client_close(&it);
}

static void keeps_a_session_to_its_transport_and_revision(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix), ws = client_connect(fix);
  sid polling = client_open(&it), native = ws_open(&ws);
  client_say(&it, "GET /socket.io/?EIO=4&transport=websocket&sid=%s HTTP/1.1\r\nHost: x\r\n\r\n",
             polling.text);
  EXPECT_ANSWER(&it, 400, "{\"code\":3,\"message\":\"Bad request\"}");
  client_say(&it, "GET /socket.io/?EIO=3&transport=polling&sid=%s HTTP/1.1\r\nHost: x\r\n\r\n",
             polling.text);
  EXPECT_ANSWER(&it, 400, "{\"code\":3,\"message\":\"Bad request\"}");
  client_poll(&it, &native);
  EXPECT_ANSWER(&it, 400, "{\"code\":3,\"message\":\"Bad request\"}");
  client_say(&it, "DELETE /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\nHost: x\r\n\r\n",
             polling.text);
  answer got = client_answer(&it);
  assert_int_equal(got.status, 405);
  assert_non_null(strstr(got.head, "\r\nAllow: GET, POST\r\n"));
  assert_int_equal(sio_engine_count(fix->engine), 2);
  client_close(&it);
  client_close(&ws);
}

static void turns_away_a_websocket_that_names_polling(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  ws_ask(&it, "transport=polling");
  client_expect(&it, SIO_BYTES(WS_ANSWER));
  ws_expect_close(&it, "");
  assert_int_equal(sio_engine_count(fix->engine), 0);
  client_close(&it);
}

static void knows_which_transports_are_enabled(void **state) {
  engine_fixture *fix = *state;
  fix->options.websocket = false;
  engine_reopen(fix);
  client it = client_connect(fix);
  client_get(&it, "transport=polling");
  assert_non_null(strstr(client_answer(&it).body, "\"upgrades\":[],"));
  ws_ask(&it, "transport=websocket");
  EXPECT_ANSWER(&it, 400, "{\"code\":0,\"message\":\"Transport unknown\"}");
  client_close(&it);
  fix->options.websocket = true;
  fix->options.polling = false;
  engine_reopen(fix);
  client other = client_connect(fix);
  client_get(&other, "transport=polling");
  EXPECT_ANSWER(&other, 400, "{\"code\":0,\"message\":\"Transport unknown\"}");
  client_close(&other);
}

static void refuses_handshakes_while_closed(void **state) {
  engine_fixture *fix = *state;
  sio_engine_close(fix->engine);
  client it = client_connect(fix), ws = client_connect(fix);
  client_get(&it, "transport=polling");
  EXPECT_ANSWER(&it, 503, "");
  ws_ask(&ws, "transport=websocket");
  assert_int_equal(client_answer(&ws).status, 503);
  sio_engine_reopen(fix->engine);
  client_get(&it, "transport=polling");
  assert_int_equal(client_answer(&it).status, 200);
  client_close(&it);
  client_close(&ws);
}

static void adds_cors_headers_to_every_answer(void **state) {
  engine_fixture *fix = *state;
  sio_cors cors;
  sio_cors_init(&cors);
  fix->options.cors = &cors;
  engine_reopen(fix);
  client it = client_connect(fix), ws = client_connect(fix);
  client_get(&it, "transport=polling");
  assert_non_null(strstr(client_answer(&it).head, "\r\nAccess-Control-Allow-Origin: *\r\n"));
  client_get(&it, "transport=x");
  assert_non_null(strstr(client_answer(&it).head, "\r\nAccess-Control-Allow-Origin: *\r\n"));
  client_say(&it, "OPTIONS /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n"
                  "Origin: http://a\r\nAccess-Control-Request-Method: POST\r\n\r\n");
  assert_int_equal(client_answer(&it).status, 204);
  ws_ask(&ws, "transport=websocket");
  answer got = {0};
  size_t len = client_await_head(&ws);
  memcpy(got.head, ws.in.base, len);
  assert_non_null(strstr(got.head, "\r\nAccess-Control-Allow-Origin: *\r\n"));
  client_close(&it);
  client_close(&ws);
  fix->options.cors = NULL;
  engine_reopen(fix);
}

static void calms_internet_explorer(void **state) {
  engine_fixture *fix = *state;
  client it = client_connect(fix);
  client_say(&it, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n"
                  "User-Agent: Mozilla/5.0 (Windows NT 10.0; Trident/7.0)\r\n\r\n");
  assert_non_null(strstr(client_answer(&it).head, "\r\nX-XSS-Protection: 0\r\n"));
  client_close(&it);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      ENGINE_TEST(refuses_bad_handshakes),
      ENGINE_TEST(refuses_bad_upgrades),
      ENGINE_TEST(opens_a_polling_session),
      ENGINE_TEST(opens_a_websocket_session),
      ENGINE_TEST(decodes_the_query),
      ENGINE_TEST(reads_frames_that_came_with_the_request),
      ENGINE_TEST(keeps_a_session_to_its_transport_and_revision),
      ENGINE_TEST(turns_away_a_websocket_that_names_polling),
      ENGINE_TEST(knows_which_transports_are_enabled),
      ENGINE_TEST(refuses_handshakes_while_closed),
      ENGINE_TEST(adds_cors_headers_to_every_answer),
      ENGINE_TEST(calms_internet_explorer),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
