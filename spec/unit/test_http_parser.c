#include <stdio.h>

#include "base/buf.h"
#include "fail_alloc.h"
#include "http_transcript.h"

static const sio_http_limits limits = {.max_header_size = 16384, .max_headers = 100};

/* Whole, octet by octet, and at every size between. */
static void expect_with(const sio_http_limits *with, sio_bytes text, const char *expected) {
  size_t step = text.len > 500 ? text.len / 20 : 1;
  for (size_t size = 1; size < text.len + step; size += step) {
    sio_buf out = {0};
    http_transcribe(with, text, 0, size, &out);
    sio_buf_put(&out, '\0');
    assert_string_equal(out.base, expected);
    sio_buf_deinit(&out);
  }
}

static void expect(const char *text, const char *expected) {
  expect_with(&limits, sio_bytes_str(text), expected);
}

static void requests(void **state) {
  (void)state;
  expect("GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n", "<GET /a?b=c keep|host=x>");
  expect("GET / HTTP/1.0\r\n\r\n", "<GET / close>");
  expect("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "<GET / keep|connection=keep-alive>");
  expect("GET / HTTP/1.1\r\nhOsT:x\r\nConnection: close\r\n\r\n",
         "<GET / close|host=x|connection=close>");
  expect("OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n", "<OPTIONS * keep|host=>");
  expect("GET / HTTP/1.1\r\nHost: x\r\nA: \t b c \t \r\nA:\r\n\r\n",
         "<GET / keep|host=x|a=b c|a=>");
  expect("\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", "<GET / keep|host=x>");
  expect("GET / HTTP/1.1\r\nHost: x\r\n", "...");
  expect("GET / HTTP/1.1\r\nHost: x\r\nX: \xc3\xa4\r\n\r\n", "<GET / keep|host=x|x=\xc3\xa4>");
}

static void bodies(void **state) {
  (void)state;
  expect("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
         "<POST / keep|host=x|content-length=5>hello.");
  expect("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
         "<POST / keep|host=x|content-length=0>");
  expect("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhel",
         "<POST / keep|host=x|content-length=5>hel...");
  expect("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n"
         "5;a=\"b\"\r\nhello\r\n003\r\n\r\n!\r\n0\r\nTrailer: x\r\n\r\n",
         "<POST / keep|host=x|transfer-encoding=Chunked>hello\r\n!.");
  expect("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         "<POST / keep|host=x|transfer-encoding=chunked>.");
  expect("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
         "<POST / keep|host=x|transfer-encoding=chunked>a...");
}

static void pipelines(void **state) {
  (void)state;
  expect("POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"
         "GET /2 HTTP/1.1\r\nHost: x\r\n\r\n"
         "POST /3 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\ncd\r\n0\r\n\r\n"
         "GET /4 HTTP/1.1\r\nHost: x\r\n\r\n",
         "<POST /1 keep|host=x|content-length=2>ab.<GET /2 keep|host=x>"
         "<POST /3 keep|host=x|transfer-encoding=chunked>cd.<GET /4 keep|host=x>");
}

static void targets(void **state) {
  (void)state;
  expect("GET http://a.b:80/c?d HTTP/1.1\r\nHost: x\r\n\r\n", "<GET /c?d keep|host=x>");
  expect("GET http://a.b?c HTTP/1.1\r\nHost: x\r\n\r\n", "<GET /?c keep|host=x>");
  expect("GET HTTPS://a HTTP/1.1\r\nHost: x\r\n\r\n", "<GET / keep|host=x>");
  expect("GET /http://a/ HTTP/1.1\r\nHost: x\r\n\r\n", "<GET /http://a/ keep|host=x>");
  expect("GET http:///a HTTP/1.1\r\nHost: x\r\n\r\n", "!400");
  expect("GET ftp://a/ HTTP/1.1\r\nHost: x\r\n\r\n", "!400");
  expect("GET * HTTP/1.1\r\nHost: x\r\n\r\n", "!400");
  expect("GET a HTTP/1.1\r\nHost: x\r\n\r\n", "!400");
  expect("GET /\xc3\xa4 HTTP/1.1\r\nHost: x\r\n\r\n", "!400");
  expect("GET /a\tb HTTP/1.1\r\nHost: x\r\n\r\n", "!400");
  expect("GET /a\t HTTP/1.1\r\nHost: x\r\n\r\n", "!400");
  expect("CONNECT a:1 HTTP/1.1\r\nHost: x\r\n\r\n", "!400");
}

static void upgrades(void **state) {
  (void)state;
  expect(
      "GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n",
      "<GET / keep upgrade|host=x|connection=keep-alive, Upgrade|upgrade=websocket>");
  expect("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n",
         "<GET / keep|host=x|upgrade=websocket>");
  expect("GET / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
         "<GET / close|connection=Upgrade|upgrade=websocket>");
  /* curl and Java offer it unasked: it is a request like any other. */
  expect("GET /1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
         "GET /2 HTTP/1.1\r\nHost: x\r\n\r\n",
         "<GET /1 keep|host=x|connection=Upgrade|upgrade=h2c><GET /2 keep|host=x>");
  expect("POST / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: a\r\n"
         "Content-Length: 1\r\n\r\nxGET /2 HTTP/1.1\r\nHost: x\r\n\r\n",
         "<POST / keep|host=x|connection=Upgrade|upgrade=a|content-length=1>x."
         "<GET /2 keep|host=x>");
}

/* The bytes after an upgrade's head are not looked at. */
static void stops_at_an_upgrade(void **state) {
  (void)state;
  sio_http_parser *parser = sio_http_parser_new(&limits, SIO_BYTES(""));
  sio_bytes in = SIO_BYTES("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
                           "Upgrade: websocket\r\n\r\n\x81\x80");
  sio_http_event event = sio_http_parser_next(parser, &in);
  assert_int_equal(event.type, SIO_HTTP_HEAD);
  assert_true(event.request->upgrade);
  assert_int_equal(in.len, 2);
  sio_request_unref(event.request);
  sio_http_parser_free(parser);
}

static void versions(void **state) {
  (void)state;
  expect("GET / HTTP/2.0\r\nHost: x\r\n\r\n", "!505");
  expect("GET / HTTP/1.2\r\nHost: x\r\n\r\n", "!505");
  expect("GET / HTTP/3.0\r\nHost: x\r\n\r\n", "!505");
  expect("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "!505");
  expect("GET / HTTP/0.9\r\nHost: x\r\n\r\n", "!400");
  expect("GET /\r\n\r\n", "!400");
  expect("GET / HTP/1.1\r\nHost: x\r\n\r\n", "!400");
}

static void hosts(void **state) {
  (void)state;
  expect("GET / HTTP/1.1\r\n\r\n", "!400");
  expect("GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", "!400");
  expect("GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n", "!400");
  expect("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "!400");
  expect("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "!400");
  expect("GET / HTTP/1.1\r\nHost: user@a\r\n\r\n", "!400");
  expect("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "<GET / keep|host=[::1]:80>");
}

/* What one recipient could take for the end of a request and another one not. */
static void smuggling(void **state) {
  (void)state;
  static const char *const headers[] = {
      "Content-Length: 5\r\nTransfer-Encoding: chunked",
      "Transfer-Encoding: chunked\r\nContent-Length: 5",
      "Content-Length: 5\r\nContent-Length: 6",
      "Content-Length: 5\r\nContent-Length: 5",
      "Content-Length: 5, 5",
      "Content-Length: +5",
      "Content-Length: -5",
      "Content-Length: 0x5",
      "Content-Length: 5 5",
      "Content-Length: 5a",
      "Content-Length:",
      "Content-Length: 99999999999999999999",
      "Content-Length: 18446744073709551615",
      "Content-Length: 9223372036854775808",
      "Content-Length : 5",
      "Content-Length\t: 5",
      " Content-Length: 5",
      "X: y\r\n Content-Length: 5",
      "Content-Length: 5\r\n 6",
      "Transfer-Encoding: gzip",
      "Transfer-Encoding: gzip, chunked",
      "Transfer-Encoding: chunked, chunked",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
      "Transfer-Encoding: xchunked",
      "Transfer-Encoding:\x0b\x63hunked",
      "Transfer-Encoding: \"chunked\"",
      "Transfer-Encoding:",
      "Transfer-Encoding : chunked",
      "Transfer Encoding: chunked",
      "X: y\nTransfer-Encoding: chunked",
      "X: y\rTransfer-Encoding: chunked",
      "\rTransfer-Encoding: chunked",
      ": x",
      "X",
      "X: a\x01z",
      "X: a\x7fz",
      "(X): y",
      "X\x80: y",
  };
  for (size_t i = 0; i < COUNT(headers); i++) {
    char text[256];
    snprintf(text, sizeof(text), "POST / HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n", headers[i]);
    expect(text, "!400");
  }
  expect("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "!400");
  expect_with(&limits, SIO_BYTES("GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n"), "!400");
  expect_with(&limits, SIO_BYTES("GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n"), "!400");
}

/* CVE-2025-23167: a head that ends with CR LF CR and another octet. */
static void line_ends(void **state) {
  (void)state;
  expect("GET / HTTP/1.1\r\nHost: x\r\n\rX", "!400");
  expect("GET / HTTP/1.1\r\nHost: x\r\n\r\r\n", "!400");
  expect("GET / HTTP/1.1\r\nHost: x\n\n", "!400");
  expect("GET / HTTP/1.1\nHost: x\r\n\r\n", "!400");
  expect("GET / HTTP/1.1\r\nHost: x\r\n\n", "!400");
  expect("GET / HTTP/1.1\rHost: x\r\n\r\n", "!400");
  expect("\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", "!400");
  expect("\rGET / HTTP/1.1\r\nHost: x\r\n\r\n", "!400");
}

static void bad_chunks(void **state) {
  (void)state;
  static const char *const chunks[] = {
      "g\r\n",         "-1\r\n",
      " 5\r\nhello",   "5\nhello",
      "5\rhello",      "\r\n",
      "5\r\nhelloX",   "5\r\nhello\n",
      "5\r\nhello\rX", "5;\rX\r\nhello",
      "0\r\nX\r\n",    "0\r\n X: y\r\n",
      "0\r\n\rX",      "ffffffffffffffffff\r\n",
  };
  for (size_t i = 0; i < COUNT(chunks); i++) {
    sio_buf out = {0}, text = {0};
    sio_buf_str(&text, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    sio_buf_str(&text, chunks[i]);
    http_transcribe(&limits, sio_buf_bytes(&text), 0, text.len, &out);
    sio_buf_put(&out, '\0');
    assert_non_null(strstr(out.base, "!400"));
    sio_buf_clear(&out);
    http_transcribe(&limits, sio_buf_bytes(&text), 0, 1, &out);
    sio_buf_put(&out, '\0');
    assert_non_null(strstr(out.base, "!400"));
    sio_buf_deinit(&out);
    sio_buf_deinit(&text);
  }
}

/* --- limits: at n, and one above --- */

static void repeat(sio_buf *out, const char *text, size_t n) {
  while (n-- > 0)
    sio_buf_str(out, text);
}

static const char *last_of(const sio_http_limits *with, sio_buf *text, sio_buf *out) {
  sio_buf_clear(out);
  http_transcribe(with, sio_buf_bytes(text), 0, 7, out);
  sio_buf_clear(out);
  http_transcribe(with, sio_buf_bytes(text), 0, text->len, out);
  sio_buf_put(out, '\0');
  return out->len >= 5 ? out->base + out->len - 5 : out->base;
}

static void limits_of_a_head(void **state) {
  (void)state;
  static const char head[] = "GET / HTTP/1.1\r\nHost: x\r\nX: ";
  sio_buf text = {0}, out = {0};
  size_t room = 1000 - strlen(head) - 4;
  const sio_http_limits small = {.max_header_size = 1000, .max_headers = 3};
  for (size_t extra = 0; extra < 2; extra++) {
    sio_buf_clear(&text);
    sio_buf_str(&text, head);
    repeat(&text, "x", room + extra);
    sio_buf_str(&text, "\r\n\r\n");
    const char *last = last_of(&small, &text, &out);
    assert_string_equal(last, extra > 0 ? "!431" : "xxx>");
  }
  expect_with(&small, SIO_BYTES("GET / HTTP/1.1\r\nHost: x\r\nA:b\r\nC:d\r\n\r\n"),
              "<GET / keep|host=x|a=b|c=d>");
  expect_with(&small, SIO_BYTES("GET / HTTP/1.1\r\nHost: x\r\nA:b\r\nC:d\r\nE:f\r\n\r\n"), "!431");
  sio_buf_clear(&text);
  repeat(&text, "\r\n", 501);
  assert_string_equal(last_of(&small, &text, &out), "!431");
  sio_buf_deinit(&text);
  sio_buf_deinit(&out);
}

static void limits_of_framing(void **state) {
  (void)state;
  static const char head[] = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  const sio_http_limits small = {.max_header_size = 200, .max_headers = 3};
  sio_buf text = {0}, out = {0};
  sio_buf_str(&text, head);
  repeat(&text, "1\r\nx\r\n", 1000); /* small chunks are no offence */
  sio_buf_str(&text, "0\r\n\r\n");
  assert_string_equal(last_of(&small, &text, &out), "xxx.");
  sio_buf_clear(&text);
  sio_buf_str(&text, head);
  repeat(&text, "1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nx\r\n", 6);
  assert_string_equal(last_of(&small, &text, &out), "!413");
  sio_buf_clear(&text);
  sio_buf_str(&text, head);
  repeat(&text, "0", 300);
  assert_string_equal(last_of(&small, &text, &out), "!413");
  sio_buf_clear(&text);
  sio_buf_str(&text, head);
  sio_buf_str(&text, "0\r\n");
  repeat(&text, "A: bcdefghijklmnop\r\n", 20);
  assert_string_equal(last_of(&small, &text, &out), "!431");
  sio_buf_deinit(&text);
  sio_buf_deinit(&out);
}

/* What Chrome sends with a WebSocket handshake. */
static void a_request_is_small(void **state) {
  (void)state;
  sio_bytes in = SIO_BYTES(
      "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost:3000\r\n"
      "Connection: Upgrade\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n"
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
      "Chrome/126.0.0.0 Safari/537.36\r\nUpgrade: websocket\r\nOrigin: http://localhost:3000\r\n"
      "Sec-WebSocket-Version: 13\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"
      "Accept-Language: en-US,en;q=0.9\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n");
  sio_http_parser *parser = sio_http_parser_new(&limits, SIO_BYTES("127.0.0.1"));
  sio_http_event event = sio_http_parser_next(parser, &in);
  assert_int_equal(event.type, SIO_HTTP_HEAD);
  const sio_header *end = event.request->headers + event.request->header_count;
  assert_true((const char *)end - (const char *)event.request < 1100);
  assert_true(
      sio_bytes_eq(sio_request_header(event.request, "sec-websocket-version"), SIO_BYTES("13")));
  assert_null(sio_request_header(event.request, "cookie").base);
  sio_request_unref(event.request);
  sio_http_parser_free(parser);
}

static void parse_all(void *ctx) {
  (void)ctx;
  sio_http_parser *parser = sio_http_parser_new(&limits, SIO_BYTES("::1"));
  if (parser == NULL)
    return;
  char text[2000];
  int len = snprintf(text, sizeof(text),
                     "POST /%0500d HTTP/1.1\r\nHost: x\r\nX: %0900d\r\nContent-Length: 2\r\n\r\nab",
                     1, 2);
  sio_bytes in = sio_bytes_of(text, (size_t)len);
  for (;;) {
    sio_http_event event = sio_http_parser_next(parser, &in);
    if (event.type == SIO_HTTP_HEAD)
      sio_request_unref(event.request);
    if (event.type == SIO_HTTP_REFUSED) {
      assert_true(fail_alloc_has_failed());
      assert_int_equal(event.status, 503);
    }
    if (event.type == SIO_HTTP_MORE || event.type == SIO_HTTP_REFUSED)
      break;
  }
  sio_http_parser_free(parser);
}

static void out_of_memory(void **state) {
  (void)state;
  assert_true(fail_each_alloc(parse_all, NULL) >= 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(requests),          cmocka_unit_test(bodies),
      cmocka_unit_test(pipelines),         cmocka_unit_test(targets),
      cmocka_unit_test(upgrades),          cmocka_unit_test(stops_at_an_upgrade),
      cmocka_unit_test(versions),          cmocka_unit_test(hosts),
      cmocka_unit_test(smuggling),         cmocka_unit_test(line_ends),
      cmocka_unit_test(bad_chunks),        cmocka_unit_test(limits_of_a_head),
      cmocka_unit_test(limits_of_framing), cmocka_unit_test(a_request_is_small),
      cmocka_unit_test(out_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
