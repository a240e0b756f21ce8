#include "http/kept.h"

#include "base/buf.h"
#include "fail_alloc.h"
#include "http/parser.h"
#include "unit.h"

/* What keeps a request in these tests. */
typedef struct holder {
  sio_kept kept;
  size_t own;
  char room[];
} holder;

static sio_keeper keeper;

static int set_up(void **state) {
  (void)state;
  return sio_keeper_init(&keeper);
}

static int tear_down(void **state) {
  (void)state;
  sio_keeper_deinit(&keeper);
  return 0;
}

/* NULL: out of memory. */
static sio_request *parse(const char *text, const char *address) {
  const sio_http_limits limits = {16384, 200};
  sio_http_parser *parser = sio_http_parser_new(&limits, sio_bytes_str(address));
  sio_bytes in = sio_bytes_str(text);
  sio_request *request = parser != NULL ? sio_http_parser_next(parser, &in).request : NULL;
  sio_http_parser_free(parser);
  return request;
}

/* NULL: out of memory. The request stays the caller's. */
static holder *keep(sio_request *request) {
  sio_kind *kind = sio_keeper_find(&keeper, request);
  size_t own = kind != NULL ? sio_kind_measure(kind, request) : 0;
  holder *it = kind != NULL ? sio_malloc(sizeof(*it) + own) : NULL;
  if (it == NULL) {
    sio_kind_unref(kind);
    return NULL;
  }
  it->own = own;
  sio_kept_init(&it->kept, kind, request, it->room);
  return it;
}

static holder *keep_text(const char *text, const char *address) {
  sio_request *request = parse(text, address);
  assert_non_null(request);
  holder *it = keep(request);
  assert_non_null(it);
  sio_request_unref(request);
  return it;
}

static void forget(holder *it) {
  sio_kept_deinit(&it->kept);
  sio_free(it);
}

static void assert_same_bytes(sio_bytes a, sio_bytes b) {
  assert_int_equal(a.len, b.len);
  assert_int_equal(a.base == NULL, b.base == NULL);
  assert_true(sio_bytes_eq(a, b));
}

static void assert_same(const sio_request *a, const sio_request *b) {
  assert_same_bytes(a->method, b->method);
  assert_same_bytes(a->url, b->url);
  assert_same_bytes(a->path, b->path);
  assert_same_bytes(a->query, b->query);
  assert_same_bytes(a->remote_address, b->remote_address);
  assert_int_equal(a->minor, b->minor);
  assert_int_equal(a->keep_alive, b->keep_alive);
  assert_int_equal(a->upgrade, b->upgrade);
  assert_int_equal(a->secure, b->secure);
  assert_int_equal(a->chunked, b->chunked);
  assert_int_equal(a->content_length, b->content_length);
  assert_int_equal(a->header_count, b->header_count);
  for (unsigned i = 0; i < a->header_count; i++) {
    assert_same_bytes(a->headers[i].name, b->headers[i].name);
    assert_same_bytes(a->headers[i].value, b->headers[i].value);
  }
}

/* Whatever it is kept beside. */
static void assert_kept(const char *text, const char *address) {
  sio_request *before = parse(text, address);
  assert_non_null(before);
  before->secure = address[0] == ':';
  sio_request *other = parse(text, address);
  other->secure = before->secure;
  holder *it = keep(other);
  assert_non_null(it);
  sio_request_unref(other);
  sio_request *after = sio_kept_request(&it->kept, it->room);
  assert_non_null(after);
  assert_same(before, after);
  assert_true(sio_bytes_eq(sio_kept_address(&it->kept, it->room), sio_bytes_str(address)));
  sio_request_unref(after);
  sio_request_unref(before);
  forget(it);
}

#define UPGRADE(target, key, more)                                                                 \
  "GET " target " HTTP/1.1\r\nHost: example.com\r\nUser-Agent: Browser/1.0 (of one kind)\r\n"      \
  "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"                     \
  "Sec-WebSocket-Key: " key "\r\n" more "\r\n"

static const char first[] = UPGRADE("/socket.io/?EIO=4&transport=websocket", "key one", "");
static const char second[] = UPGRADE("/socket.io/?EIO=4&transport=websocket", "key two", "");

static void gives_back_what_it_was_given(void **state) {
  static const struct {
    const char *text, *address;
  } cases[] = {
      {first, "10.0.0.1"},
      {first, "10.0.0.2"},
      {second, ""},
      {second, "::1"},
      {UPGRADE("/socket.io/?EIO=4&t=abc", "", ""), "10.0.0.3"},
      {UPGRADE("http://example.com/socket.io/?EIO=4", "k", ""), "10.0.0.3"},
      {UPGRADE("http://example.com?EIO=4", "k", ""), "10.0.0.3"},
      {UPGRADE("/", "k", "Cookie: a=b\r\nCookie: c=d\r\n"), "10.0.0.1"},
      {UPGRADE("/", "k", "Cookie: a=b\r\nCookie:\r\n"), "10.0.0.1"},
      {UPGRADE("/", "k", "Cookie: \r\nX: \xc3\xa4\xff\r\n"), "10.0.0.1"},
      {"GET / HTTP/1.0\r\n\r\n", "10.0.0.1"},
      {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "10.0.0.1"},
      {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", "10.0.0.1"},
      {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd", "10.0.0.1"},
      {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "10.0.0.1"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\n\r\n", "10.0.0.1"},
      {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "10.0.0.1"},
  };
  holder *others[COUNT(cases)];
  (void)state;
  for (size_t i = 0; i < COUNT(cases); i++)
    assert_kept(cases[i].text, cases[i].address);
  for (size_t i = 0; i < COUNT(cases); i++)
    others[i] = keep_text(cases[i].text, cases[i].address);
  for (size_t i = 0; i < COUNT(cases); i++)
    assert_kept(cases[i].text, cases[i].address);
  for (size_t i = 0; i < COUNT(cases); i++)
    forget(others[i]);
}

/* A request with many headers, one of which says something else. Returns owned text. */
static char *many_headers(int lines, int odd) {
  sio_buf out = {0};
  sio_buf_str(&out, "GET / HTTP/1.1\r\nHost: a\r\n");
  for (int i = 0; i < lines; i++) {
    sio_buf_str(&out, "X-Header-");
    sio_buf_u64(&out, (unsigned)i);
    sio_buf_str(&out, i == odd ? ": odd\r\n" : ": even\r\n");
  }
  sio_buf_append(&out, "\r\n", 3);
  return out.base;
}

/* Numbers of two digits. */
static void keeps_many_values(void **state) {
  (void)state;
  char *example = many_headers(180, -1);
  holder *it = keep_text(example, "10.0.0.1");
  for (int odd = 120; odd < 130; odd++) {
    char *text = many_headers(180, odd);
    assert_kept(text, "10.0.0.1");
    sio_free(text);
  }
  forget(it);
  sio_free(example);
}

/* Lengths of one digit and of more. */
static void keeps_values_of_any_length(void **state) {
  static const size_t lengths[] = {126, 127, 128, 129, 255, 256, 15000};
  static const char start[] = "GET / HTTP/1.1\r\nHost: a\r\nCookie: ";
  char text[sizeof(start) + 15000 + 4];
  (void)state;
  holder *it = keep_text("GET / HTTP/1.1\r\nHost: a\r\nCookie: c\r\n\r\n", "10.0.0.1");
  memcpy(text, start, sizeof(start) - 1);
  for (size_t i = 0; i < COUNT(lengths); i++) {
    memset(text + sizeof(start) - 1, 'c', lengths[i]);
    memcpy(text + sizeof(start) - 1 + lengths[i], "\r\n\r\n", 5);
    assert_kept(text, "10.0.0.1");
  }
  forget(it);
}

static void keeps_only_what_differs(void **state) {
  (void)state;
  holder *example = keep_text(first, "10.0.0.1");
  assert_int_equal(example->own, 1);
  holder *same = keep_text(first, "10.0.0.1"), *other = keep_text(second, "10.0.0.20");
  assert_int_equal(same->own, 1);
  assert_int_equal(other->own, 1 + (2 + strlen("key two")) + (2 + strlen("10.0.0.20")));
  assert_ptr_equal(same->kept.kind, example->kept.kind);
  assert_ptr_equal(other->kept.kind, example->kept.kind);
  forget(example); /* the others still need it */
  sio_request *request = sio_kept_request(&other->kept, other->room);
  assert_true(sio_bytes_eq(sio_request_header(request, "sec-websocket-key"), SIO_BYTES("key two")));
  assert_true(sio_bytes_eq(sio_request_header(request, "host"), SIO_BYTES("example.com")));
  sio_request_unref(request);
  forget(same);
  forget(other);
}

static void tells_kinds_apart(void **state) {
  static const char *const texts[] = {
      "GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\n\r\n",
      "HEAD / HTTP/1.1\r\nHost: a\r\nA: 1\r\n\r\n",
      "GET / HTTP/1.0\r\nHost: a\r\nA: 1\r\n\r\n",
      "GET / HTTP/1.1\r\nA: 1\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nA: 1\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: x\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: y\r\n\r\n",
  };
  holder *all[COUNT(texts)];
  (void)state;
  for (size_t i = 0; i < COUNT(texts); i++)
    all[i] = keep_text(texts[i], "10.0.0.1");
  assert_int_equal(keeper.kinds.count, COUNT(texts));
  for (size_t i = 0; i < COUNT(texts); i++)
    forget(all[i]);
}

/* Whatever strangers send: it goes with them. */
static void forgets_kinds_with_their_last(void **state) {
  (void)state;
  holder *a = keep_text(first, "10.0.0.1"), *b = keep_text(second, "10.0.0.1");
  forget(a);
  assert_int_equal(keeper.kinds.count, 1);
  forget(b);
  assert_int_equal(keeper.kinds.count, 0);
  forget(keep_text(second, "10.0.0.1"));
  assert_int_equal(keeper.kinds.count, 0);
}

static void gives_all_who_ask_the_same(void **state) {
  (void)state;
  sio_request *request = parse(first, "10.0.0.1"), *again;
  holder *example = keep_text(second, "10.0.0.1"), *it = keep(request);
  assert_ptr_equal(again = sio_kept_request(&it->kept, it->room), request); /* still whole */
  sio_request_unref(request);
  assert_ptr_equal(request = sio_kept_request(&it->kept, it->room), again);
  sio_request_unref(request);
  sio_request_unref(again);
  request = sio_kept_request(&it->kept, it->room); /* whole again */
  assert_ptr_equal(again = sio_kept_request(&it->kept, it->room), request);
  sio_request_unref(again);
  forget(it); /* who holds the request does not need it */
  assert_true(sio_bytes_eq(sio_request_header(request, "host"), SIO_BYTES("example.com")));
  sio_request_unref(request);
  forget(example);
}

static void outlives_the_keeper(void **state) {
  (void)state;
  holder *a = keep_text(first, "10.0.0.1"), *b = keep_text(second, "10.0.0.2");
  sio_keeper_deinit(&keeper);
  assert_true(sio_bytes_eq(sio_kept_address(&b->kept, b->room), SIO_BYTES("10.0.0.2")));
  forget(a);
  sio_request *request = sio_kept_request(&b->kept, b->room);
  assert_true(sio_bytes_eq(sio_request_header(request, "sec-websocket-key"), SIO_BYTES("key two")));
  forget(b);
  sio_request_unref(request);
}

static void keep_two(void *ctx) {
  sio_request *requests[] = {parse(first, "10.0.0.1"), parse(second, "10.0.0.2")};
  holder *holders[2] = {NULL, NULL};
  (void)ctx;
  for (int i = 0; i < 2; i++) {
    holders[i] = requests[i] != NULL ? keep(requests[i]) : NULL;
    sio_request_unref(requests[i]);
  }
  for (int i = 0; i < 2; i++)
    if (holders[i] != NULL)
      sio_request_unref(sio_kept_request(&holders[i]->kept, holders[i]->room));
  for (int i = 0; i < 2; i++)
    if (holders[i] != NULL)
      forget(holders[i]);
  sio_keeper_deinit(&keeper); /* the table of kinds */
  assert_int_equal(sio_keeper_init(&keeper), 0);
}

static void leaves_nothing_when_memory_runs_out(void **state) {
  (void)state;
  assert_true(fail_each_alloc(keep_two, NULL) > 8);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(gives_back_what_it_was_given, set_up, tear_down),
      cmocka_unit_test_setup_teardown(keeps_many_values, set_up, tear_down),
      cmocka_unit_test_setup_teardown(keeps_values_of_any_length, set_up, tear_down),
      cmocka_unit_test_setup_teardown(keeps_only_what_differs, set_up, tear_down),
      cmocka_unit_test_setup_teardown(tells_kinds_apart, set_up, tear_down),
      cmocka_unit_test_setup_teardown(forgets_kinds_with_their_last, set_up, tear_down),
      cmocka_unit_test_setup_teardown(gives_all_who_ask_the_same, set_up, tear_down),
      cmocka_unit_test_setup_teardown(outlives_the_keeper, set_up, tear_down),
      cmocka_unit_test_setup_teardown(leaves_nothing_when_memory_runs_out, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
