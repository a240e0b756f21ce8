/* Who is let in: the questions of the policy, decided at once, later or never; limits; news. */
#include "base/error.h"
#include "engine_fixture.h"

#define POLLING "transport=polling"
#define WEBSOCKET "transport=websocket"

/* A policy that logs, and keeps an exchange until the test decides. */
typedef struct door {
  engine_fixture *fix;
  sio_policy policy;
  sio_exchange *waiting;
  void (*decide)(struct door *door, sio_exchange *exchange); /* at once; NULL: later */
  const char *header;                                        /* added to each answer */
  bool is_closing; /* the newest session, when headers are shown */
} door;

static void on_abort(void *owner, sio_exchange *exchange) {
  door *it = owner;
  assert_ptr_equal(exchange, it->waiting);
  it->waiting = NULL;
  engine_log(it->fix, "gone", SIO_BYTES(""));
}

static const sio_exchange_events waiting_events = {.on_abort = on_abort};

static void ask(door *it, const char *question, sio_exchange *exchange) {
  engine_log(it->fix, question, sio_exchange_request(exchange)->method);
  if (it->decide != NULL) {
    it->decide(it, exchange);
    return;
  }
  it->waiting = exchange;
  sio_exchange_set_owner(exchange, &waiting_events, it);
}

static void on_request(void *ctx, sio_exchange *exchange) {
  ask(ctx, "request ", exchange);
}

static void on_handshake(void *ctx, sio_exchange *exchange) {
  ask(ctx, "handshake ", exchange);
}

static void on_id(void *ctx, sio_exchange *exchange) {
  ask(ctx, "id ", exchange);
}

static void on_refused(void *ctx, sio_request *request, const sio_refusal *refusal) {
  door *it = ctx;
  char text[128];
  int len = snprintf(text, sizeof(text), "%d %.*s%s%s%s %.*s", (int)refusal->fault,
                     (int)refusal->message.len, refusal->message.base,
                     refusal->name != NULL ? " " : "", refusal->name != NULL ? refusal->name : "",
                     refusal->session != NULL ? " of a session" : "", (int)request->method.len,
                     request->method.base);
  engine_log(it->fix, "refused ", sio_bytes_of(text, (size_t)len));
}

static void on_headers(void *ctx, sio_exchange *exchange) {
  door *it = ctx;
  assert_int_equal(sio_exchange_header(exchange, SIO_BYTES("X-Door"), sio_bytes_str(it->header)),
                   0);
}

static void on_new_session(void *ctx, sio_session *session) {
  door *it = ctx;
  engine_log(it->fix, "session ", sio_bytes_str(sio_session_transport(session)));
}

static void install(door *it, engine_fixture *fix) {
  it->fix = fix;
  it->policy.ctx = it;
  fix->options.policy = &it->policy;
  engine_reopen(fix);
}

static sio_exchange *take(door *it) {
  sio_exchange *exchange = it->waiting;
  assert_non_null(exchange);
  it->waiting = NULL;
  sio_exchange_set_owner(exchange, NULL, NULL);
  return exchange;
}

static void refuse(door *it, sio_exchange *exchange, const char *message) {
  sio_refusal refusal = {.fault = SIO_FORBIDDEN, .message = sio_bytes_str(message)};
  sio_engine_refuse(it->fix->engine, exchange, &refusal);
}

/* --- questions --- */

static void on_origin(void *ctx, sio_exchange *exchange) {
  ask(ctx, "origin ", exchange);
}

static bool allow_none(void *ctx, sio_bytes origin) {
  (void)ctx, (void)origin;
  return false;
}

static bool is_shared(client *it, door *asked, const char *method, bool allowed) {
  client_say(it, "%s /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nOrigin: y\r\n\r\n",
             method);
  while (asked->waiting == NULL)
    client_turn(it);
  sio_cors cors;
  sio_cors_init(&cors);
  cors.origin = SIO_CORS_REFLECT;
  cors.allows = allowed ? NULL : allow_none;
  sio_engine_share(asked->fix->engine, take(asked), &cors);
  answer heard = client_answer(it);
  assert_int_equal(heard.status, strcmp(method, "GET") == 0 ? 200 : 204);
  assert_non_null(strstr(heard.head, "\r\nVary: Origin"));
  return strstr(heard.head, "\r\nAccess-Control-Allow-Origin: y\r\n") != NULL;
}

static void asks_who_may_read(void **state) {
  engine_fixture *fix = *state;
  door it = {.policy.on_origin = on_origin};
  install(&it, fix);
  client one = client_connect(fix);
  assert_true(is_shared(&one, &it, "GET", true));
  assert_false(is_shared(&one, &it, "GET", false));
  assert_true(is_shared(&one, &it, "OPTIONS", true));
  EXPECT_LOG(fix, "origin GET\nopen polling\norigin GET\nopen polling\norigin OPTIONS\n");
  client_close(&one);
}

static void verify(door *it, sio_exchange *exchange) {
  sio_engine_verify(it->fix->engine, exchange);
}

static void asks_about_every_request(void **state) {
  engine_fixture *fix = *state;
  door it = {.policy.on_request = on_request, .decide = verify};
  install(&it, fix);
  client one = client_connect(fix);
  sid session = client_open(&one);
  client_post(&one, &session, "4hi");
  EXPECT_ANSWER(&one, 200, "ok");
  client_get(&one, "transport=tobi");
  EXPECT_ANSWER(&one, 400, "{\"code\":0,\"message\":\"Transport unknown\"}");
  EXPECT_LOG(fix, "request GET\nopen polling\nrequest POST\ntext hi\nrequest GET\n");
  client_close(&one);
}

static void answers_a_request_itself(void **state) {
  engine_fixture *fix = *state;
  door it = {.policy.on_request = on_request};
  install(&it, fix);
  client one = client_connect(fix);
  client_get(&one, POLLING);
  EXPECT_LOG(fix, "request GET\n");
  sio_exchange_send(take(&it), 302, SIO_BYTES("text/plain"), SIO_BYTES("elsewhere"));
  EXPECT_ANSWER(&one, 302, "elsewhere");
  client_close(&one);
}

static void decides_later(void **state) {
  engine_fixture *fix = *state;
  door it = {.policy.on_handshake = on_handshake};
  install(&it, fix);
  client poll = client_connect(fix), ws = client_connect(fix);
  client_get(&poll, POLLING);
  EXPECT_LOG(fix, "handshake GET\n");
  client_expect_silence(&poll);
  sio_engine_allow(fix->engine, take(&it));
  assert_int_equal(client_answer(&poll).status, 200);
  EXPECT_LOG(fix, "open polling\n");
  ws_ask(&ws, WEBSOCKET);
  ws_send(&ws, "4early");
  EXPECT_LOG(fix, "handshake GET\n");
  client_expect_silence(&ws);
  sio_engine_allow(fix->engine, take(&it));
  client_expect(&ws, SIO_BYTES(WS_ANSWER));
  EXPECT_LOG(fix, "open websocket\ntext early\n");
  client_close(&poll);
  client_close(&ws);
}

static void refuses_with_a_message(void **state) {
  engine_fixture *fix = *state;
  door it = {.policy.on_handshake = on_handshake, .policy.on_refused = on_refused};
  install(&it, fix);
  client poll = client_connect(fix), ws = client_connect(fix);
  client_get(&poll, POLLING);
  EXPECT_LOG(fix, "handshake GET\n");
  refuse(&it, take(&it), "a \"b\" \\ \n\x01 \xc3\xa9");
  EXPECT_ANSWER(&poll, 403,
                "{\"code\":4,\"message\":\"a \\\"b\\\" \\\\ \\u000a\\u0001 \xc3\xa9\"}");
  sio_buf_clear(&fix->log);
  ws_ask(&ws, WEBSOCKET);
  EXPECT_LOG(fix, "handshake GET\n");
  refuse(&it, take(&it), "");
  client_expect(&ws, SIO_BYTES("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n"
                               "Content-type: text/html\r\nContent-Length: 9\r\n\r\nForbidden"));
  client_expect_end(&ws);
  EXPECT_LOG(fix, "refused 4 Forbidden GET\n");
  client_close(&poll);
  client_close(&ws);
}

static void asks_about_handshakes_only(void **state) {
  engine_fixture *fix = *state;
  door it = {.policy.on_handshake = on_handshake};
  install(&it, fix);
  client one = client_connect(fix);
  client_get(&one, POLLING);
  EXPECT_LOG(fix, "handshake GET\n");
  sio_engine_allow(fix->engine, take(&it));
  sid session = {0};
  answer heard = client_answer(&one);
  assert_int_equal(sscanf(heard.body, "0{\"sid\":\"%20[A-Za-z0-9_-]\"", session.text), 1);
  client_post(&one, &session, "4hi");
  EXPECT_ANSWER(&one, 200, "ok");
  client_get(&one, "transport=polling&sid=x");
  EXPECT_ANSWER(&one, 400, "{\"code\":1,\"message\":\"Session ID unknown\"}");
  EXPECT_LOG(fix, "open polling\ntext hi\n");
  client_close(&one);
}

static void hears_of_a_client_that_goes_first(void **state) {
  engine_fixture *fix = *state;
  door it = {.policy.on_handshake = on_handshake};
  install(&it, fix);
  client one = client_connect(fix);
  client_get(&one, POLLING);
  EXPECT_LOG(fix, "handshake GET\n");
  client_close(&one);
  EXPECT_LOG(fix, "gone\n");
  assert_null(it.waiting);
}

static void asks_before_it_looks_at_the_protocol(void **state) {
  engine_fixture *fix = *state;
  door it = {.policy.on_handshake = on_handshake, .policy.on_id = on_id};
  install(&it, fix);
  client one = client_connect(fix);
  client_say(&one, "GET /socket.io/?EIO=3&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_LOG(fix, "handshake GET\n");
  sio_engine_allow(fix->engine, take(&it));
  EXPECT_ANSWER(&one, 400, "{\"code\":5,\"message\":\"Unsupported protocol version\"}");
  EXPECT_LOG(fix, "");
  client_close(&one);
}

/* --- ids --- */

static void opens_under_an_id(void **state) {
  engine_fixture *fix = *state;
  door it = {.policy.on_id = on_id};
  fix->options.cookie_name = SIO_BYTES("io");
  fix->options.cookie_attributes = SIO_BYTES("; Path=/");
  install(&it, fix);
  client one = client_connect(fix);
  client_get(&one, POLLING);
  EXPECT_LOG(fix, "id GET\n");
  assert_int_equal(sio_engine_open(fix->engine, take(&it), SIO_BYTES("ann:1")), 0);
  answer heard = client_answer(&one);
  assert_int_equal(strncmp(heard.body, "0{\"sid\":\"ann:1\",", 16), 0);
  assert_non_null(strstr(heard.head, "\r\nSet-Cookie: io=ann%3A1; Path=/\r\n"));
  sid session = {"ann%3A1"};
  client_post(&one, &session, "4hi");
  heard = client_answer(&one);
  assert_int_equal(heard.status, 200);
  assert_null(strstr(heard.head, "Set-Cookie"));
  EXPECT_LOG(fix, "open polling\ntext hi\n");
  client_close(&one);
}

static void takes_no_bad_or_used_id(void **state) {
  engine_fixture *fix = *state;
  door it = {.policy.on_id = on_id};
  install(&it, fix);
  client one = client_connect(fix), two = client_connect(fix);
  client_get(&one, POLLING);
  EXPECT_LOG(fix, "id GET\n");
  assert_int_equal(sio_engine_open(fix->engine, take(&it), SIO_BYTES("ann")), 0);
  client_answer(&one);
  EXPECT_LOG(fix, "open polling\n");
  client_get(&two, POLLING);
  EXPECT_LOG(fix, "id GET\n");
  char text[SIO_MAX_SESSION_ID + 1];
  memset(text, 'x', sizeof(text));
  const sio_bytes bad[] = {SIO_BYTES("ann"),  SIO_BYTES("a b"),      SIO_BYTES("a\"b"),
                           SIO_BYTES("a\\b"), SIO_BYTES("\xc3\xa9"), SIO_BYTES("a\n"),
                           SIO_BYTES("\x7f"), {text, sizeof(text)}};
  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
    assert_int_equal(sio_engine_open(fix->engine, it.waiting, bad[i]), SIO_EINVAL);
  sio_bytes longest = {text, SIO_MAX_SESSION_ID};
  assert_int_equal(sio_engine_open(fix->engine, take(&it), longest), 0);
  answer heard = client_answer(&two);
  assert_non_null(strstr(heard.body, "xxxx\",\"upgrades\""));
  /* every character of an id may come as an escape, and one more makes another id */
  char query[4 * sizeof(text)] = POLLING "&sid=";
  for (size_t i = 0; i < longest.len; i++)
    strcat(query, "%78");
  client_get(&one, query);
  client_expect_silence(&one);
  strcat(query, "x");
  client_get(&two, query);
  EXPECT_ANSWER(&two, 400, "{\"code\":1,\"message\":\"Session ID unknown\"}");
  client_close(&one);
  client_close(&two);
}

/* --- limits --- */

static void has_room_for_so_many(void **state) {
  engine_fixture *fix = *state;
  door it = {.policy.on_refused = on_refused};
  fix->options.max_connections = 2;
  install(&it, fix);
  client one = client_connect(fix), two = client_connect(fix), three = client_connect(fix);
  sid first = client_open(&one);
  ws_open(&two);
  client_get(&three, POLLING);
  answer heard = client_answer(&three);
  assert_int_equal(heard.status, 503);
  assert_non_null(strstr(heard.head, "\r\nRetry-After: 5\r\n"));
  ws_ask(&three, WEBSOCKET);
  heard = client_answer(&three);
  assert_int_equal(heard.status, 503);
  assert_non_null(strstr(heard.head, "\r\nRetry-After: 5\r\n"));
  client_expect_end(&three);
  EXPECT_LOG(fix, "open polling\nopen websocket\nrefused 4 Forbidden MAX_CONNECTIONS GET\n"
                  "refused 4 Forbidden MAX_CONNECTIONS GET\n");
  client_post(&one, &first, "1");
  EXPECT_ANSWER(&one, 200, "ok");
  client_open(&one);
  client_close(&one);
  client_close(&two);
  client_close(&three);
}

static void has_room_for_so_many_of_an_address(void **state) {
  engine_fixture *fix = *state;
  door it = {.policy.on_refused = on_refused};
  fix->options.max_connections_per_ip = 1;
  install(&it, fix);
  client one = client_connect(fix), two = client_connect(fix);
  for (int i = 0; i < 3; i++) { /* each makes room for the next */
    sid session = client_open(&one);
    client_get(&two, POLLING);
    assert_int_equal(client_answer(&two).status, 503);
    client_post(&one, &session, "1");
    EXPECT_ANSWER(&one, 200, "ok");
  }
  assert_non_null(memmem(fix->log.base, fix->log.len, "MAX_CONNECTIONS_PER_IP",
                         strlen("MAX_CONNECTIONS_PER_IP")));
  client_close(&one);
  client_close(&two);
}

/* Room is looked for again when the answer to a question comes. */
static void finds_no_room_any_more(void **state) {
  engine_fixture *fix = *state;
  door it = {.policy.on_handshake = on_handshake};
  fix->options.max_connections = 1;
  install(&it, fix);
  client one = client_connect(fix), two = client_connect(fix);
  client_get(&one, POLLING);
  EXPECT_LOG(fix, "handshake GET\n");
  sio_exchange *first = take(&it);
  ws_ask(&two, WEBSOCKET);
  EXPECT_LOG(fix, "handshake GET\n");
  sio_exchange *second = take(&it);
  sio_engine_allow(fix->engine, second);
  client_expect(&two, SIO_BYTES(WS_ANSWER));
  sio_engine_allow(fix->engine, first);
  assert_int_equal(client_answer(&one).status, 503);
  assert_int_equal(sio_engine_count(fix->engine), 1);
  client_close(&one);
  client_close(&two);
}

static void is_closed_meanwhile(void **state) {
  engine_fixture *fix = *state;
  door it = {.policy.on_handshake = on_handshake};
  install(&it, fix);
  client one = client_connect(fix);
  client_get(&one, POLLING);
  EXPECT_LOG(fix, "handshake GET\n");
  sio_engine_close(fix->engine);
  sio_engine_allow(fix->engine, take(&it));
  assert_int_equal(client_answer(&one).status, 503);
  client_close(&one);
}

/* --- news --- */

static void tells_why_it_refuses(void **state) {
  engine_fixture *fix = *state;
  door it = {.policy.on_refused = on_refused};
  install(&it, fix);
  client one = client_connect(fix), two = client_connect(fix);
  sid session = client_open(&one);
  client_say(&two, "POST /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n");
  client_answer(&two);
  client_get(&two, WEBSOCKET);
  client_answer(&two);
  client_say(&two, "GET /socket.io/?EIO=3&transport=polling&sid=%s HTTP/1.1\r\nHost: x\r\n\r\n",
             session.text);
  client_answer(&two);
  client_say(&two, "GET /socket.io/?EIO=4&transport=websocket&sid=%s HTTP/1.1\r\nHost: x\r\n\r\n",
             session.text);
  client_answer(&two);
  EXPECT_LOG(fix, "open polling\n"
                  "refused 2 Bad handshake method POST\n"
                  "refused 3 Bad request TRANSPORT_HANDSHAKE_ERROR GET\n"
                  "refused 3 Bad request PROTOCOL_MISMATCH of a session GET\n"
                  "refused 3 Bad request TRANSPORT_MISMATCH of a session GET\n");
  client_close(&one);
  client_close(&two);
}

static void shows_the_headers_of_every_answer(void **state) {
  engine_fixture *fix = *state;
  door it = {.policy = {.on_headers = on_headers, .on_session = on_new_session}, .header = "seen"};
  install(&it, fix);
  client one = client_connect(fix), ws = client_connect(fix);
  client_get(&one, POLLING);
  answer heard = client_answer(&one);
  assert_non_null(strstr(heard.head, "\r\nX-Door: seen\r\n"));
  sid session = {0};
  assert_int_equal(sscanf(heard.body, "0{\"sid\":\"%20[A-Za-z0-9_-]\"", session.text), 1);
  client_post(&one, &session, "4hi");
  assert_non_null(strstr(client_answer(&one).head, "\r\nX-Door: seen\r\n"));
  client_poll(&one, &session);
  engine_send(fix->session, "out");
  assert_non_null(strstr(client_answer(&one).head, "\r\nX-Door: seen\r\n"));
  client_get(&one, "transport=polling&sid=x");
  assert_null(strstr(client_answer(&one).head, "X-Door"));
  ws_ask(&ws, WEBSOCKET);
  size_t head = client_await_head(&ws);
  assert_non_null(memmem(ws.in.base, head, "\r\nX-Door: seen\r\n", 16));
  EXPECT_LOG(fix, "session polling\nopen polling\ntext hi\nsession websocket\nopen websocket\n");
  client_close(&one);
  client_close(&ws);
}

static void close_session(void *ctx, sio_exchange *exchange) {
  door *it = ctx;
  (void)exchange;
  if (it->is_closing)
    sio_session_close(it->fix->session, true);
}

/* The hook may do anything: the session of an answer, or of an upgrade, is closed in it. */
static void survives_what_the_hook_does(void **state) {
  engine_fixture *fix = *state;
  door it = {.policy.on_headers = close_session};
  install(&it, fix);
  client one = client_connect(fix), two = client_connect(fix);
  sid session = client_open(&one);
  ws_ask(&two, "transport=websocket&sid=x");
  EXPECT_ANSWER(&two, 400, "Session ID unknown");
  EXPECT_LOG(fix, "open polling\n");
  it.is_closing = true;
  client ws = client_connect(fix);
  client_say(&ws, "GET /socket.io/?EIO=4&transport=websocket&sid=%s HTTP/1.1\r\n" WS_HEADERS "\r\n",
             session.text);
  client_expect(&ws, SIO_BYTES(WS_ANSWER));
  ws_expect_close(&ws, "");
  EXPECT_LOG(fix, "close forced close\n");
  it.is_closing = false;
  session = client_open(&one);
  EXPECT_LOG(fix, "open polling\n");
  it.is_closing = true;
  client_poll(&one, &session); /* whose own answer closes it */
  engine_send(fix->session, "last");
  assert_string_equal(client_answer(&one).body, "4last");
  EXPECT_LOG(fix, "close forced close\n");
  client_close(&one);
  client_close(&two);
  client_close(&ws);
}

static void log_packet(void *ctx, sio_session *session, const sio_packet_in *packet) {
  door *it = ctx;
  char text[16];
  (void)session;
  int len = snprintf(text, sizeof(text), "in %d ", packet->type);
  assert_true(len > 0);
  engine_log(it->fix, text, sio_bytes_of(packet->data, packet->len));
}

static void log_packet_out(void *ctx, sio_session *session, const sio_frame *frame) {
  door *it = ctx;
  (void)session;
  engine_log(it->fix, frame->binary ? "out binary " : "out ", sio_frame_payload(frame));
}

static void log_drain(void *ctx, sio_session *session) {
  door *it = ctx;
  (void)session;
  engine_log(it->fix, "drained", SIO_BYTES(""));
}

#define WATCHING                                                                                   \
  { .on_packet = log_packet, .on_packet_create = log_packet_out, .on_drain = log_drain }

static void tells_of_the_packets_of_a_watched_session(void **state) {
  engine_fixture *fix = *state;
  door it = {.policy = WATCHING};
  install(&it, fix);
  client one = client_connect(fix), ws = client_connect(fix);
  sid session = client_open(&one);
  sio_session_watch(fix->session);
  engine_send(fix->session, "a");
  engine_send(fix->session, "b");
  client_poll(&one, &session);
  EXPECT_ANSWER(&one, 200,
                "4a\x1e"
                "4b");
  client_post(&one, &session,
              "3\x1e"
              "4c");
  EXPECT_ANSWER(&one, 200, "ok");
  EXPECT_LOG(fix, "open polling\nout 4a\nout 4b\ndrained\nin 3 \nin 4 c\ntext c\n");
  ws_open(&ws);
  EXPECT_LOG(fix, "open websocket\n");
  engine_send(fix->session, "unwatched");
  ws_expect(&ws, 0x81, "4unwatched");
  sio_session_watch(fix->session);
  engine_send(fix->session, "d");
  ws_expect(&ws, 0x81, "4d");
  ws_send(&ws, "9");
  EXPECT_LOG(fix, "out 4d\ndrained\nin -1 \nclose parse error\n");
  client_close(&one);
  client_close(&ws);
}

static void close_at_once(void *ctx, sio_session *session, const sio_frame *frame) {
  (void)ctx, (void)frame;
  sio_session_close(session, true);
}

static void close_on_packet(void *ctx, sio_session *session, const sio_packet_in *packet) {
  (void)ctx, (void)packet;
  sio_session_close(session, true);
}

static void may_be_closed_by_who_watches(void **state) {
  engine_fixture *fix = *state;
  door it = {.policy = WATCHING};
  it.policy.on_packet_create = close_at_once;
  it.policy.on_packet = close_on_packet;
  install(&it, fix);
  client one = client_connect(fix), ws = client_connect(fix);
  client_open(&one);
  sio_session_watch(fix->session);
  engine_send(fix->session, "a");
  EXPECT_LOG(fix, "open polling\nclose forced close\n");
  ws_open(&ws);
  sio_session_watch(fix->session);
  ws_send(&ws, "4never told");
  ws_expect_close(&ws, "");
  EXPECT_LOG(fix, "open websocket\nclose forced close\n");
  client_close(&one);
  client_close(&ws);
}

/* --- what goes out first --- */

static void sends_an_initial_packet(void **state) {
  engine_fixture *fix = *state;
  fix->options.initial = sio_packet_frame(SIO_PACKET_MESSAGE, SIO_BYTES("hello"));
  engine_reopen(fix);
  sio_frame_unref(fix->options.initial);
  client one = client_connect(fix), ws = client_connect(fix);
  client_get(&one, POLLING);
  answer heard = client_answer(&one);
  assert_non_null(strstr(heard.body, "}\x1e"
                                     "4hello"));
  ws_open(&ws);
  ws_expect(&ws, 0x81, "4hello");
  client_close(&one);
  client_close(&ws);
}

static void answers_a_path_without_its_slash(void **state) {
  engine_fixture *fix = *state;
  fix->options.path = SIO_BYTES("/socket.io");
  engine_reopen(fix);
  client one = client_connect(fix);
  static const struct {
    const char *path;
    int status;
  } paths[] = {{"/socket.io", 200},
               {"/socket.io/", 200},
               {"/socket.io/x", 200},
               {"/socket.iox", 404},
               {"/socket.i", 404}};
  for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
    client_say(&one, "GET %s?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n", paths[i].path);
    assert_int_equal(client_answer(&one).status, paths[i].status);
  }
  client_close(&one);
}

/* --- compression --- */

static void send_plain(sio_session *session, const char *text, bool plain) {
  sio_frame *frame = sio_packet_frame(SIO_PACKET_MESSAGE, sio_bytes_str(text));
  frame->plain = plain;
  sio_session_send(session, frame);
  sio_frame_unref(frame);
}

static bool is_compressed(client *it, const sid *session) {
  client_say(it,
             "GET /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\nHost: x\r\n"
             "Accept-Encoding: gzip\r\n\r\n",
             session->text);
  return strstr(client_answer(it).head, "Content-Encoding: gzip") != NULL;
}

static void compresses_unless_all_packets_are_plain(void **state) {
  engine_fixture *fix = *state;
  fix->options.compression_threshold = 0;
  engine_reopen(fix);
  client one = client_connect(fix);
  sid session = client_open(&one);
  for (int plain = 0; plain < 4; plain++) {
    send_plain(fix->session, "first", plain & 1);
    send_plain(fix->session, "second", plain & 2);
    assert_int_equal(is_compressed(&one, &session), plain != 3);
  }
  send_plain(fix->session, "alone", true);
  assert_false(is_compressed(&one, &session));
  send_plain(fix->session, "alone", false);
  assert_true(is_compressed(&one, &session));
  client_close(&one);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      ENGINE_TEST(asks_who_may_read),
      ENGINE_TEST(asks_about_every_request),
      ENGINE_TEST(answers_a_request_itself),
      ENGINE_TEST(decides_later),
      ENGINE_TEST(refuses_with_a_message),
      ENGINE_TEST(asks_about_handshakes_only),
      ENGINE_TEST(hears_of_a_client_that_goes_first),
      ENGINE_TEST(asks_before_it_looks_at_the_protocol),
      ENGINE_TEST(opens_under_an_id),
      ENGINE_TEST(takes_no_bad_or_used_id),
      ENGINE_TEST(has_room_for_so_many),
      ENGINE_TEST(has_room_for_so_many_of_an_address),
      ENGINE_TEST(finds_no_room_any_more),
      ENGINE_TEST(is_closed_meanwhile),
      ENGINE_TEST(tells_why_it_refuses),
      ENGINE_TEST(shows_the_headers_of_every_answer),
      ENGINE_TEST(survives_what_the_hook_does),
      ENGINE_TEST(tells_of_the_packets_of_a_watched_session),
      ENGINE_TEST(may_be_closed_by_who_watches),
      ENGINE_TEST(sends_an_initial_packet),
      ENGINE_TEST(answers_a_path_without_its_slash),
      ENGINE_TEST(compresses_unless_all_packets_are_plain),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
