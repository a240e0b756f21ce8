#include "ws/offer.h"

#include <stdio.h>

#include "fail_alloc.h"

enum { MOST_LINES = 4 };

static const char name[] = "sec-websocket-extensions";

static enum sio_offer negotiate(const sio_deflate_terms *terms, const char *const lines[],
                                sio_deflate_params *params) {
  sio_header headers[MOST_LINES + 1] = {{SIO_BYTES("upgrade"), SIO_BYTES("websocket")}};
  sio_request request = {.headers = headers, .header_count = 1};
  for (size_t i = 0; i < MOST_LINES && lines[i] != NULL; i++)
    headers[request.header_count++] =
        (sio_header){sio_bytes_of(name, sizeof(name) - 1), sio_bytes_str(lines[i])};
  return sio_deflate_negotiate(terms, &request, params);
}

#define LINE "Sec-WebSocket-Extensions: permessage-deflate"

/* answer: the parameters of an offer that is taken; "bad"; NULL: nothing was offered. */
static void expect(const sio_deflate_terms *terms, const char *const lines[], const char *answer) {
  sio_deflate_params params = {.server_bits = 99};
  enum sio_offer it = negotiate(terms, lines, &params);
  enum sio_offer wanted = answer == NULL               ? SIO_OFFER_NONE
                          : strcmp(answer, "bad") == 0 ? SIO_OFFER_BAD
                                                       : SIO_OFFER_TAKEN;
  if (it != wanted)
    fail_msg("%s: got %d, expected %d", lines[0] != NULL ? lines[0] : "(none)", it, wanted);
  if (it != SIO_OFFER_TAKEN) {
    assert_int_equal(params.server_bits, 99);
    return;
  }
  sio_buf out = {0};
  assert_int_equal(sio_deflate_put_params(&params, &out), 0);
  assert_int_equal(sio_buf_put(&out, '\0'), 0);
  char whole[256];
  snprintf(whole, sizeof(whole), "%s%s\r\n", LINE, answer);
  assert_string_equal(out.base, whole);
  sio_buf_deinit(&out);
}

#define PD "permessage-deflate"
#define SNC "; server_no_context_takeover"
#define CNC "; client_no_context_takeover"
#define SMW "; server_max_window_bits"
#define CMW "; client_max_window_bits"

static const struct {
  const char *lines[MOST_LINES];
  const char *answer;
} plain[] = {
    {{NULL}, NULL},
    {{PD}, ""},
    /* the examples of RFC 7692, 7.1.2 and 7.1.3 */
    {{PD CMW SMW "=10"}, SMW "=10"},
    {{PD CMW SMW "=10, " PD CMW}, SMW "=10"},
    {{PD SMW "=10"}, SMW "=10"},
    /* each parameter */
    {{PD SNC}, SNC},
    {{PD CNC}, CNC},
    {{PD CMW}, ""},
    {{PD CMW "=9"}, CMW "=9"},
    {{PD CMW "=15" SMW "=15"}, SMW "=15" CMW "=15"},
    {{PD SMW "=8" CMW "=8" CNC SNC}, SNC CNC SMW "=8" CMW "=8"},
    /* the syntax around them */
    {{"permessage-deflate;server_max_window_bits=12;client_no_context_takeover"}, CNC SMW "=12"},
    {{" \tpermessage-deflate \t ; \tserver_no_context_takeover\t "}, SNC},
    {{PD SMW "=\"11\""}, SMW "=11"},
    {{PD SMW "=\"1\\1\"" SNC}, SNC SMW "=11"},
    {{PD SMW "=\"11\" ,foo"}, SMW "=11"},
    /* several offers: the first that can be taken; all of them must be well-formed */
    {{PD CNC ", " PD SNC}, CNC},
    {{PD, PD SNC}, ""},
    {{"foo", PD SNC, PD}, SNC},
    {{"foo, " PD}, ""},
    {{PD ", foo; bar=1; bar=2; bar"}, ""},
    {{PD ", " PD SMW "=7"}, "bad"},
    {{PD, PD "; foo"}, "bad"},
    {{PD ", ,"}, "bad"},
    {{PD, "="}, "bad"},
    /* other extensions */
    {{"foo"}, NULL},
    {{"constructor"}, NULL},
    {{"__proto__; permessage-deflate"}, NULL},
    {{"x-webkit-deflate-frame, foo; bar=\"a\\b\""}, NULL},
    {{"Permessage-Deflate"}, NULL},
    {{"permessage-deflate2, permessage-deflat"}, NULL},
    /* malformed, whatever it offers */
    {{""}, "bad"},
    {{" "}, "bad"},
    {{","}, "bad"},
    {{"foo,"}, "bad"},
    {{",foo"}, "bad"},
    {{"foo,,bar"}, "bad"},
    {{"foo bar"}, "bad"},
    {{";"}, "bad"},
    {{"foo;"}, "bad"},
    {{"foo;;bar"}, "bad"},
    {{"foo; bar baz"}, "bad"},
    {{"foo; =1"}, "bad"},
    {{"foo; bar="}, "bad"},
    {{"foo; bar=;"}, "bad"},
    {{"foo; bar= 1"}, "bad"},
    {{"foo; bar =1"}, "bad"},
    {{"foo; bar=1=2"}, "bad"},
    {{"foo=1"}, "bad"},
    {{"foo; bar=\"\""}, "bad"},
    {{"foo; bar=\""}, "bad"},
    {{"foo; bar=\"1"}, "bad"},
    {{"foo; bar=\"1\\\""}, "bad"},
    {{"foo; bar=\"1\"2"}, "bad"},
    {{"foo; bar=1\"2\""}, "bad"},
    {{"foo; bar=\"1 2\""}, "bad"},
    {{"foo; bar=\"1\\,\""}, "bad"},
    {{"fo\xc3\xb6"}, "bad"},
    {{"foo; bar=\x01"}, "bad"},
    /* parameters that are none, or not so */
    {{PD "; foo"}, "bad"},
    {{PD "; constructor"}, "bad"},
    {{PD "; __proto__=1"}, "bad"},
    {{PD "; Server_No_Context_Takeover"}, "bad"},
    {{PD SNC SNC}, "bad"},
    {{PD CNC CNC}, "bad"},
    {{PD SMW "=10" SMW "=10"}, "bad"},
    {{PD CMW CMW}, "bad"},
    {{PD SNC "=1"}, "bad"},
    {{PD SNC "=true"}, "bad"},
    {{PD SNC "=10"}, "bad"},
    {{PD CNC "=\"10\""}, "bad"},
    {{PD SMW}, "bad"},
    {{PD SMW "=7"}, "bad"},
    {{PD SMW "=16"}, "bad"},
    {{PD SMW "=08"}, "bad"},
    {{PD SMW "=010"}, "bad"},
    {{PD SMW "=100"}, "bad"},
    {{PD SMW "=+9"}, "bad"},
    {{PD SMW "=0xa"}, "bad"},
    {{PD SMW "=1e1"}, "bad"},
    {{PD SMW "=x"}, "bad"},
    {{PD SMW "=1:"}, "bad"},
    {{PD CMW "=7"}, "bad"},
    {{PD CMW "=16"}, "bad"},
    {{PD CMW "=0"}, "bad"},
    {{PD CMW "=99999999999999999999"}, "bad"},
};

static void reads_offers(void **state) {
  (void)state;
  const sio_deflate_terms none = {0};
  for (size_t i = 0; i < COUNT(plain); i++)
    expect(&none, plain[i].lines, plain[i].answer);
}

/* What a server may insist on, as the reference's options say it. */
static const struct {
  sio_deflate_terms terms;
  const char *lines[MOST_LINES];
  const char *answer;
} demands[] = {
    {{.server_context = SIO_CONTEXT_NEVER}, {PD}, SNC},
    {{.server_context = SIO_CONTEXT_NEVER}, {PD SNC}, SNC},
    {{.server_context = SIO_CONTEXT_ALWAYS}, {PD}, ""},
    {{.server_context = SIO_CONTEXT_ALWAYS}, {PD SNC}, "bad"},
    {{.server_context = SIO_CONTEXT_ALWAYS}, {PD SNC ", " PD CNC}, CNC},
    {{.server_context = SIO_CONTEXT_ALWAYS}, {"foo"}, NULL},
    {{.client_no_context = true}, {PD}, CNC},
    {{.client_no_context = true}, {PD CNC SNC}, SNC CNC},
    {{.server_bits = 10}, {PD}, SMW "=10"},
    {{.server_bits = 10}, {PD SMW "=10"}, SMW "=10"},
    {{.server_bits = 10}, {PD SMW "=15"}, SMW "=10"},
    {{.server_bits = 10}, {PD SMW "=9"}, "bad"},
    {{.server_bits = 10}, {PD SMW "=9", PD}, SMW "=10"},
    {{.server_bits = SIO_BITS_REFUSED}, {PD}, ""},
    {{.server_bits = SIO_BITS_REFUSED}, {PD SMW "=15"}, "bad"},
    {{.client_bits = 10}, {PD}, "bad"},
    {{.client_bits = 10}, {PD CMW}, CMW "=10"},
    {{.client_bits = 10}, {PD CMW "=10"}, CMW "=10"},
    {{.client_bits = 10}, {PD CMW "=12"}, CMW "=10"},
    {{.client_bits = 10}, {PD CMW "=9"}, "bad"},
    {{.client_bits = 10}, {PD ", " PD CMW}, CMW "=10"},
    {{.client_bits = SIO_BITS_REFUSED}, {PD CMW}, ""},
    {{.client_bits = SIO_BITS_REFUSED}, {PD CMW "=10"}, ""},
    {{SIO_CONTEXT_NEVER, true, 11, 12}, {PD CMW}, SNC CNC SMW "=11" CMW "=12"},
};

static void insists_on_terms(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(demands); i++)
    expect(&demands[i].terms, demands[i].lines, demands[i].answer);
}

/* Names of headers that look alike are others. */
static void passes_over_other_headers(void **state) {
  (void)state;
  const sio_header headers[] = {{SIO_BYTES("sec-websocket-extension"), SIO_BYTES(PD)},
                                {SIO_BYTES("sec-websocket-extensionss"), SIO_BYTES("=")}};
  const sio_request request = {.headers = headers, .header_count = COUNT(headers)};
  const sio_deflate_terms terms = {0};
  sio_deflate_params params;
  assert_int_equal(sio_deflate_negotiate(&terms, &request, &params), SIO_OFFER_NONE);
}

static void answer_once(void *ctx) {
  const sio_deflate_params params = {true, true, 10, 11};
  sio_buf out = {0};
  (void)ctx;
  if (sio_deflate_put_params(&params, &out) == 0)
    assert_int_equal(out.len, strlen(LINE SNC CNC SMW "=10" CMW "=11\r\n"));
  sio_buf_deinit(&out);
}

static void needs_memory(void **state) {
  (void)state;
  fail_alloc_at(0);
  assert_true(fail_each_alloc(answer_once, NULL) > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_offers),
      cmocka_unit_test(insists_on_terms),
      cmocka_unit_test(passes_over_other_headers),
      cmocka_unit_test(needs_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
