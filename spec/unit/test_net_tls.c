#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "base/limits.h"
#include "fail_alloc.h"
#include "fake_clock.h"
#include "net/internal.h" /* to shorten the timeouts */
#include "tls_fixture.h"

static tls_pair mine, other, authority, member;

typedef struct fixture {
  net_fixture net; /* first: NET_TEST's macros and hooks know only this */
  sio_tls *tls;
  tls_client client;
} fixture;

static sio_tls *load(const sio_tls_options *options) {
  sio_tls_problem problem;
  sio_tls *tls = sio_tls_new(options, &problem);
  if (tls == NULL)
    fail_msg("%s: %s", problem.code, problem.text);
  return tls;
}

static int set_up(void **state) {
  fixture *fix = calloc(1, sizeof(*fix));
  fix->net.loop = sio_loop_new(NULL);
  assert_int_equal(net_open(&fix->net, "127.0.0.1:0"), 0);
  sio_tls_options options = tls_options_of(&mine);
  fix->tls = load(&options);
  sio_listener_set_tls(fix->net.listener, fix->tls);
  tls_client_init(&fix->client);
  *state = fix;
  return 0;
}

static int tear_down(void **state) {
  fixture *fix = *state;
  sio_loop_free(fix->net.loop);
  for (size_t i = 0; i < fix->net.count; i++) {
    assert_int_equal(fix->net.peers[i].closes, 1);
    sio_buf_deinit(&fix->net.peers[i].in);
  }
  sio_tls_unref(fix->tls);
  tls_client_deinit(&fix->client);
  free(fix);
  assert_int_equal(ERR_peek_error(), 0); /* the library leaves none behind; nor do the clients */
  return 0;
}

/* The listener has what options say, from now on. */
static void use(fixture *fix, const sio_tls_options *options) {
  sio_tls_unref(fix->tls);
  fix->tls = load(options);
  sio_listener_set_tls(fix->net.listener, fix->tls);
}

/* Both sides know that the handshake is over. */
static bool has_met(const net_fixture *net, const tls_client *client) {
  return client->is_ready && sio_list_is_empty(&net->loop->greeting.head);
}

/* Connects and shakes hands, or fails to. */
static net_peer *meet(fixture *fix, tls_client *client) {
  size_t before = fix->net.count;
  tls_begin_on(client, net_connect_with(&fix->net, 0));
  UNTIL(fix->net.loop, fix->net.count > before);
  UNTIL(fix->net.loop, !tls_pump(client) || has_met(&fix->net, client));
  return &fix->net.peers[before];
}

static void say(fixture *fix, tls_client *client, const char *data, size_t len) {
  size_t sent = 0;
  UNTIL(fix->net.loop, (sent += tls_say(client, data + sent, len - sent)) == len);
}

static void echo(net_peer *peer, char *data, size_t len) {
  assert_int_equal(sio_stream_write(peer->stream, sio_bytes_of(data, len)), 0);
}

static void finish(net_peer *peer) {
  sio_stream_finish(peer->stream);
}

/* --- handshakes --- */

static void echoes_in(fixture *fix, int version) {
  fix->net.on_read = echo;
  fix->net.on_end = finish;
  SSL_CTX_set_max_proto_version(fix->client.ctx, version);
  net_peer *peer = meet(fix, &fix->client);
  assert_int_equal(SSL_version(fix->client.ssl), version);
  assert_true(sio_stream_is_secure(peer->stream));
  assert_int_equal(sio_stream_queued(peer->stream), 0);
  say(fix, &fix->client, "hello", 5);
  UNTIL(fix->net.loop, tls_pump(&fix->client) && fix->client.in.len == 5);
  assert_memory_equal(fix->client.in.base, "hello", 5);
  SSL_shutdown(fix->client.ssl);
  UNTIL(fix->net.loop, !tls_pump(&fix->client));
  assert_true(fix->client.has_ended);
  UNTIL(fix->net.loop, peer->closes == 1);
  assert_int_equal(peer->ends, 1);
  assert_int_equal(peer->error, 0);
}

static void echoes_with_1_2(void **state) {
  echoes_in(*state, TLS1_2_VERSION);
}

static void echoes_with_1_3(void **state) {
  echoes_in(*state, TLS1_3_VERSION);
}

/* Whatever a client gets to see of a handshake that fails, the owner reads nothing. */
static void expect_refusal(fixture *fix, net_peer *peer, int reason) {
  UNTIL(fix->net.loop, !tls_pump(&fix->client));
  assert_true(fix->client.is_over);
  assert_int_equal(fix->client.reason, reason);
  close(fix->client.fd);
  fix->client.fd = -1;
  UNTIL(fix->net.loop, peer->closes == 1);
  assert_int_equal(peer->reads + peer->ends, 0);
  assert_string_equal(sio_net_error_name(peer->error), "EPROTO");
}

static void old_versions_are_refused(void **state) {
  fixture *fix = *state;
  SSL_CTX_set_min_proto_version(fix->client.ctx, TLS1_VERSION);
  SSL_CTX_set_max_proto_version(fix->client.ctx, TLS1_1_VERSION);
  SSL_CTX_set_security_level(fix->client.ctx, 0);
  expect_refusal(fix, meet(fix, &fix->client), SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
}

static void so_is_1_2_when_only_1_3_is_wanted(void **state) {
  fixture *fix = *state;
  sio_tls_options options = tls_options_of(&mine);
  options.only_1_3 = true;
  use(fix, &options);
  SSL_CTX_set_max_proto_version(fix->client.ctx, TLS1_2_VERSION);
  expect_refusal(fix, meet(fix, &fix->client), SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
}

static void so_are_weak_ciphers(void **state) {
  fixture *fix = *state;
  SSL_CTX_set_max_proto_version(fix->client.ctx, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(fix->client.ctx, "AES128-SHA:ECDHE-ECDSA-AES128-SHA:NULL:@SECLEVEL=0");
  expect_refusal(fix, meet(fix, &fix->client), SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE);
}

static void http_1_1_is_chosen(void **state) {
  fixture *fix = *state;
  static const unsigned char offer[] = "\x02h2\x08http/1.1";
  SSL_CTX_set_alpn_protos(fix->client.ctx, offer, sizeof(offer) - 1);
  meet(fix, &fix->client);
  const unsigned char *chosen;
  unsigned len;
  SSL_get0_alpn_selected(fix->client.ssl, &chosen, &len);
  assert_int_equal(len, 8);
  assert_memory_equal(chosen, "http/1.1", 8);
}

static void other_protocols_are_refused(void **state) {
  fixture *fix = *state;
  SSL_CTX_set_alpn_protos(fix->client.ctx, (const unsigned char *)"\x02h2", 3);
  expect_refusal(fix, meet(fix, &fix->client), SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL);
}

static void plain_http_is_refused(void **state) {
  fixture *fix = *state;
  int fd;
  net_peer *peer = net_connect(&fix->net, &fd);
  net_say(fd, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  sio_buf in = {0};
  UNTIL(fix->net.loop, !net_hear(fd, &in));
  assert_int_equal(errno, 0);
  close(fd);
  UNTIL(fix->net.loop, peer->closes == 1);
  assert_int_equal(peer->reads + peer->ends, 0);
  assert_string_equal(sio_net_error_name(peer->error), "EPROTO");
  sio_buf_deinit(&in);
}

static void handshakes_are_bounded(void **state) {
  fixture *fix = *state;
  fix->net.loop->greeting.ms = 50;
  int fd;
  net_peer *peer = net_connect(&fix->net, &fd);
  net_say(fd, "\x16\x03\x01"); /* the beginning of one */
  UNTIL(fix->net.loop, peer->closes == 1);
  assert_string_equal(sio_net_error_name(peer->error), "ETIMEDOUT");
  assert_int_equal(peer->reads + peer->ends, 0);
  close(fd);
}

static void handshakes_are_bounded_to_the_millisecond(void **state) {
  fixture *fix = *state;
  for (unsigned late = 0; late < 2; late++) {
    clock_stop();
    net_turn(fix->net.loop);
    int fd;
    net_peer *peer = net_connect(&fix->net, &fd);
    clock_move(SIO_TLS_HANDSHAKE_TIMEOUT - 1);
    for (int i = 0; i < 5; i++)
      net_turn(fix->net.loop);
    assert_int_equal(peer->closes, 0);
    clock_move(1 + late);
    UNTIL(fix->net.loop, peer->closes == 1);
    close(fd);
  }
  clock_ms = 0;
}

static void a_connection_that_has_shaken_hands_is_not(void **state) {
  fixture *fix = *state;
  fix->net.loop->greeting.ms = 1000;
  net_peer *peer = meet(fix, &fix->client);
  UNTIL(fix->net.loop, sio_loop_timeout(fix->net.loop) == -1); /* nothing is timed any more */
  assert_int_equal(peer->closes, 0);
}

static void an_end_within_the_handshake_closes(void **state) {
  fixture *fix = *state;
  int fd;
  net_peer *peer = net_connect(&fix->net, &fd);
  assert_int_equal(sio_stream_write(peer->stream, SIO_BYTES("too early")), 0);
  shutdown(fd, SHUT_WR);
  UNTIL(fix->net.loop, peer->closes == 1);
  assert_int_equal(peer->ends, 0);
  assert_true(peer->error < 0);
  close(fd);
}

/* Every record comes in pieces of one byte, and several at once. */
static void bytes_may_drip(void **state) {
  fixture *fix = *state;
  fix->net.on_read = echo;
  int fd;
  net_peer *peer = net_connect(&fix->net, &fd);
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  SSL *ssl = SSL_new(fix->client.ctx);
  BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl, in, out);
  SSL_set_connect_state(ssl);
  char got[64], byte;
  int len = 0;
  sio_buf wire = {0};
  for (int said = 0; len < 10;) {
    if (SSL_do_handshake(ssl) == 1 && said < 2)
      said += SSL_write(ssl, "drips", 5) == 5;
    while (BIO_read(out, &byte, 1) == 1) {
      assert_int_equal(send(fd, &byte, 1, MSG_NOSIGNAL), 1);
      sio_loop_run(fix->net.loop, SIO_RUN_NOWAIT);
    }
    UNTIL(fix->net.loop, net_hear(fd, &wire) && (wire.len > 0 || said == 2));
    BIO_write(in, wire.base, (int)wire.len);
    sio_buf_clear(&wire);
    int n = SSL_read(ssl, got + len, 64 - len);
    len += n > 0 ? n : 0;
  }
  assert_memory_equal(got, "dripsdrips", 10);
  assert_int_equal(peer->closes, 0);
  SSL_free(ssl);
  sio_buf_deinit(&wire);
  close(fd);
  ERR_clear_error();
}

/* --- bytes --- */

static char pattern(size_t i) {
  return (char)(i * 31 + i / 251);
}

/* Frames of many sizes out, to a client that reads slowly; TOTAL bytes in at the same time. */
static void big_transfers(fixture *fix, int version) {
  enum { TOTAL = 4 << 20 };
  SSL_CTX_set_max_proto_version(fix->client.ctx, version);
  tls_begin_on(&fix->client, net_connect_with(&fix->net, 4096));
  UNTIL(fix->net.loop, fix->net.count == 1);
  net_peer *peer = &fix->net.peers[0];
  uint64_t seed = 3;
  size_t queued = 0, said = 0;
  while (queued < TOTAL) { /* before the handshake */
    size_t len = next_number(&seed) % (next_number(&seed) % 16 == 0 ? 200000 : 300);
    sio_frame *frame = sio_frame_new(len);
    for (size_t i = 0; i < len; i++)
      frame->payload[i] = pattern(queued + i);
    assert_int_equal(sio_stream_send(peer->stream, frame), 0);
    sio_frame_unref(frame);
    queued += len;
  }
  assert_int_equal(sio_stream_queued(peer->stream), queued);
  char *mine_out = malloc(TOTAL);
  for (size_t i = 0; i < TOTAL; i++)
    mine_out[i] = pattern(i);
  UNTIL(fix->net.loop, tls_pump(&fix->client) && fix->client.in.len > 0);
  assert_true(sio_stream_stalled(peer->stream) > 0);
  assert_int_equal(peer->drains, 0);
  while (said < TOTAL || fix->client.in.len < queued || peer->in.len < TOTAL) {
    size_t before = said + fix->client.in.len + peer->in.len;
    UNTIL(fix->net.loop,
          (said += said < TOTAL ? tls_say(&fix->client, mine_out + said, TOTAL - said) : 0,
           tls_pump(&fix->client) && said + fix->client.in.len + peer->in.len > before));
  }
  UNTIL(fix->net.loop, peer->drains > 0);
  assert_int_equal(peer->drains, 1);
  assert_int_equal(sio_stream_queued(peer->stream), 0);
  assert_int_equal(sio_stream_stalled(peer->stream), 0);
  assert_int_equal(fix->client.in.len, queued);
  assert_int_equal(peer->in.len, TOTAL);
  assert_memory_equal(peer->in.base, mine_out, TOTAL);
  for (size_t i = 0; i < queued; i++)
    if (fix->client.in.base[i] != pattern(i))
      fail_msg("byte %zu differs", i);
  free(mine_out);
}

static void big_transfers_with_1_2(void **state) {
  big_transfers(*state, TLS1_2_VERSION);
}

static void big_transfers_with_1_3(void **state) {
  big_transfers(*state, TLS1_3_VERSION);
}

static void keys_may_be_updated_meanwhile(void **state) {
  fixture *fix = *state;
  fix->net.on_read = echo;
  meet(fix, &fix->client);
  for (size_t i = 1; i <= 20; i++) {
    assert_int_equal(SSL_key_update(fix->client.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
    say(fix, &fix->client, "abc", 3);
    UNTIL(fix->net.loop, tls_pump(&fix->client) && fix->client.in.len == 3 * i);
  }
}

/* What one read of the socket brings is handed out whole: nothing is left that only a next read
 * would find. */
static void pause_hides_nothing(void **state) {
  fixture *fix = *state;
  net_peer *peer = meet(fix, &fix->client);
  sio_stream_pause(peer->stream);
  for (int i = 0; i < 100; i++)
    say(fix, &fix->client, "0123456789", 10);
  for (int i = 0; i < 5; i++)
    net_turn(fix->net.loop);
  assert_int_equal(peer->reads, 0);
  sio_stream_resume(peer->stream);
  UNTIL(fix->net.loop, peer->in.len == 1000);
  assert_true(peer->reads < 10); /* nor is each record a read */
}

/* --- ends --- */

static void truncated_input_is_an_end(void **state) {
  fixture *fix = *state;
  net_peer *peer = meet(fix, &fix->client);
  say(fix, &fix->client, "last words", 10);
  shutdown(fix->client.fd, SHUT_WR);
  UNTIL(fix->net.loop, peer->ends == 1);
  assert_int_equal(peer->in.len, 10);
  assert_int_equal(sio_stream_write(peer->stream, SIO_BYTES("still here")), 0);
  sio_stream_finish(peer->stream);
  UNTIL(fix->net.loop, !tls_pump(&fix->client));
  assert_true(fix->client.has_ended);
  assert_int_equal(fix->client.in.len, 10);
  UNTIL(fix->net.loop, peer->closes == 1);
  assert_int_equal(peer->error, 0);
}

static void finish_delivers_everything_first(void **state) {
  fixture *fix = *state;
  enum { TOTAL = 4 << 20 };
  fix->net.loop->lingering.ms = 10 * NET_PATIENCE;
  tls_begin_on(&fix->client, net_connect_with(&fix->net, 4096));
  UNTIL(fix->net.loop, fix->net.count == 1);
  net_peer *peer = &fix->net.peers[0];
  sio_frame *frame = sio_frame_new(TOTAL);
  memset(frame->payload, 'f', TOTAL);
  assert_int_equal(sio_stream_send(peer->stream, frame), 0);
  sio_frame_unref(frame);
  sio_stream_finish(peer->stream); /* even before the handshake */
  UNTIL(fix->net.loop, tls_pump(&fix->client) && fix->client.in.len > 0);
  assert_int_equal(tls_say(&fix->client, "thrown away", 11), 11);
  UNTIL(fix->net.loop, !tls_pump(&fix->client));
  assert_true(fix->client.has_ended);
  assert_int_equal(fix->client.in.len, TOTAL);
  assert_int_equal(peer->closes, 0); /* waits for the client's end */
  shutdown(fix->client.fd, SHUT_RDWR);
  UNTIL(fix->net.loop, peer->closes == 1);
  assert_int_equal(peer->error, 0);
  assert_int_equal(peer->reads + peer->ends + peer->drains, 0);
}

static void closing_in_peace_says_so(void **state) {
  fixture *fix = *state;
  net_peer *peer = meet(fix, &fix->client);
  net_turn(fix->net.loop);
  sio_stream_close(peer->stream, 0);
  UNTIL(fix->net.loop, !tls_pump(&fix->client));
  assert_true(fix->client.has_ended);
}

static void closing_with_bytes_to_send_looks_truncated(void **state) {
  fixture *fix = *state;
  net_peer *peer = meet(fix, &fix->client);
  net_turn(fix->net.loop);
  assert_int_equal(sio_stream_write(peer->stream, SIO_BYTES("dropped")), 0);
  sio_stream_close(peer->stream, 0);
  UNTIL(fix->net.loop, !tls_pump(&fix->client));
  assert_true(fix->client.is_over);
  assert_int_equal(fix->client.in.len, 0);
}

static void garbage_breaks_the_connection(void **state) {
  fixture *fix = *state;
  net_peer *peer = meet(fix, &fix->client);
  say(fix, &fix->client, "fine", 4);
  UNTIL(fix->net.loop, peer->in.len == 4);
  static const char record[] = "\x17\x03\x03\x00\x20 no cipher says anything as this";
  assert_int_equal(send(fix->client.fd, record, 37, MSG_NOSIGNAL), 37);
  UNTIL(fix->net.loop, !tls_pump(&fix->client));
  assert_int_equal(fix->client.reason, SSL_R_SSLV3_ALERT_BAD_RECORD_MAC);
  assert_int_equal(fix->client.in.len, 0);
  tls_client_deinit(&fix->client);
  UNTIL(fix->net.loop, peer->closes == 1);
  assert_string_equal(sio_net_error_name(peer->error), "EPROTO");
  assert_int_equal(peer->reads, 1);
  assert_int_equal(peer->ends, 0);
}

static void renegotiation_is_refused(void **state) {
  fixture *fix = *state;
  fix->net.on_read = echo;
  SSL_CTX_set_max_proto_version(fix->client.ctx, TLS1_2_VERSION);
  net_peer *peer = meet(fix, &fix->client);
  say(fix, &fix->client, "a", 1);
  UNTIL(fix->net.loop, tls_pump(&fix->client) && fix->client.in.len == 1);
  assert_int_equal(SSL_renegotiate(fix->client.ssl), 1);
  UNTIL(fix->net.loop, (SSL_do_handshake(fix->client.ssl), !tls_pump(&fix->client)));
  assert_int_equal(fix->client.reason, SSL_R_NO_RENEGOTIATION);
  assert_int_equal(peer->closes, 0); /* it was a warning */
}

static void write_to_the_departed(fixture *fix) {
  net_peer *peer = meet(fix, &fix->client);
  sio_stream_pause(peer->stream);
  signal(SIGPIPE, SIG_DFL);
  net_reset(fix->client.fd);
  fix->client.fd = -1;
  for (int i = 0; i < 100 && peer->closes == 0; i++) {
    sio_stream_write(peer->stream, SIO_BYTES("anybody?"));
    sio_loop_run(fix->net.loop, SIO_RUN_NOWAIT);
  }
  assert_int_equal(peer->closes, 1);
}

static void nobody_dies_of_sigpipe(void **state) {
  (void)state;
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    void *own;
    set_up(&own);
    write_to_the_departed(own);
    _exit(((fixture *)own)->net.peers[0].error == 0);
  }
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
}

/* --- clients' certificates --- */

static void demand(fixture *fix, int version) {
  sio_tls_options options = tls_options_of(&mine);
  options.ca = authority.cert;
  use(fix, &options);
  SSL_CTX_set_max_proto_version(fix->client.ctx, version);
}

static void clients_without_certificate_are_refused(void **state) {
  fixture *fix = *state;
  demand(fix, TLS1_3_VERSION);
  expect_refusal(fix, meet(fix, &fix->client), SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED);
}

static void so_are_those_of_another_authority(void **state) {
  fixture *fix = *state;
  demand(fix, TLS1_2_VERSION);
  SSL_CTX_use_certificate(fix->client.ctx, other.x509);
  SSL_CTX_use_PrivateKey(fix->client.ctx, other.pkey);
  expect_refusal(fix, meet(fix, &fix->client), SSL_R_TLSV1_ALERT_UNKNOWN_CA);
}

static void those_with_one_get_in(void **state) {
  fixture *fix = *state;
  static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
  fix->net.on_read = echo;
  for (size_t i = 0; i < COUNT(versions); i++) {
    tls_client_deinit(&fix->client);
    tls_client_init(&fix->client);
    demand(fix, versions[i]);
    SSL_CTX_use_certificate(fix->client.ctx, member.x509);
    SSL_CTX_use_PrivateKey(fix->client.ctx, member.pkey);
    meet(fix, &fix->client);
    say(fix, &fix->client, "it is me", 8);
    UNTIL(fix->net.loop, tls_pump(&fix->client) && fix->client.in.len == 8);
  }
}

/* A client comes back with a ticket: also where certificates are demanded. */
static void sessions_resume(void **state) {
  fixture *fix = *state;
  fix->net.on_read = echo;
  demand(fix, TLS1_3_VERSION);
  SSL_CTX_use_certificate(fix->client.ctx, member.x509);
  SSL_CTX_use_PrivateKey(fix->client.ctx, member.pkey);
  meet(fix, &fix->client);
  say(fix, &fix->client, "a", 1);
  UNTIL(fix->net.loop, tls_pump(&fix->client) && fix->client.in.len == 1);
  tls_client again = {.fd = -1, .ctx = fix->client.ctx};
  SSL_CTX_up_ref(again.ctx);
  SSL_SESSION *session = SSL_get1_session(fix->client.ssl);
  tls_begin_on(&again, net_connect_with(&fix->net, 0));
  assert_int_equal(SSL_set_session(again.ssl, session), 1);
  UNTIL(fix->net.loop, tls_pump(&again) && again.is_ready);
  assert_int_equal(SSL_session_reused(again.ssl), 1);
  say(fix, &again, "b", 1);
  UNTIL(fix->net.loop, tls_pump(&again) && again.in.len == 1);
  SSL_SESSION_free(session);
  tls_client_deinit(&again);
}

/* --- loading --- */

static const char *name_of_server(const tls_client *client) {
  static char name[64];
  X509 *cert = SSL_get1_peer_certificate(client->ssl);
  X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, name, sizeof(name));
  X509_free(cert);
  return name;
}

static void loading_anew_drops_nobody(void **state) {
  fixture *fix = *state;
  sio_tls_problem problem;
  fix->net.on_read = echo;
  meet(fix, &fix->client);
  assert_string_equal(name_of_server(&fix->client), "mine");
  enum { TOTAL = 1 << 20 };
  static char block[TOTAL];
  size_t said = 0;
  UNTIL(fix->net.loop, (said += tls_say(&fix->client, block + said, TOTAL - said)) > TOTAL / 2);
  sio_tls_options bad = {.cert = other.cert, .key = mine.key};
  assert_null(sio_tls_new(&bad, &problem));
  tls_client second, third;
  tls_client_init(&second);
  meet(fix, &second);
  assert_string_equal(name_of_server(&second), "mine"); /* what failed changed nothing */
  sio_tls_options options = tls_options_of(&other);
  sio_tls *fresh = sio_tls_new(&options, &problem);
  assert_non_null(fresh);
  sio_tls_swap(fix->tls, fresh);
  sio_tls_unref(fresh);
  tls_client_init(&third);
  meet(fix, &third);
  assert_string_equal(name_of_server(&third), "other");
  while (fix->client.in.len < TOTAL) {
    size_t before = said + fix->client.in.len;
    UNTIL(fix->net.loop,
          (said += said < TOTAL ? tls_say(&fix->client, block + said, TOTAL - said) : 0,
           tls_pump(&fix->client) && said + fix->client.in.len > before));
  }
  tls_client_deinit(&second);
  tls_client_deinit(&third);
}

static void a_listener_may_become_plain(void **state) {
  fixture *fix = *state;
  sio_listener_set_tls(fix->net.listener, NULL);
  int fd;
  net_peer *peer = net_connect(&fix->net, &fd);
  assert_false(sio_stream_is_secure(peer->stream));
  net_say(fd, "plain");
  UNTIL(fix->net.loop, peer->in.len == 5);
  close(fd);
}

static void expect_problem(const sio_tls_options *options, const char *code, const char *part) {
  sio_tls_problem problem;
  assert_null(sio_tls_new(options, &problem));
  assert_string_equal(problem.code, code);
  if (strstr(problem.text, part) == NULL)
    fail_msg("not in \"%s\": %s", problem.text, part);
  assert_int_equal(ERR_peek_error(), 0);
}

static void problems_are_told(void **state) {
  (void)state;
  tls_pair locked;
  tls_make(&locked, "locked", NULL, "open sesame");
  sio_tls_options options = tls_options_of(&mine);
  options.cert = "/nowhere/server.crt";
  expect_problem(&options, "ENOENT",
                 "cannot read the certificate /nowhere/server.crt (tls.cert): no such file");
  options.cert = mine.key;
  expect_problem(&options, "ETLS", "the certificate given as text (tls.cert) cannot be used");
  options = tls_options_of(&mine);
  options.key = "/nowhere/server.key";
  expect_problem(&options, "ENOENT", "cannot read the private key /nowhere/server.key (tls.key)");
  options.key = "/";
  expect_problem(&options, "ETLS", "the private key / (tls.key) cannot be used");
  options.key = mine.cert;
  expect_problem(&options, "ETLS", "the private key given as text (tls.key) cannot be used");
  options.key = other.key;
  expect_problem(&options, "ETLS", "does not belong to the certificate");
  options = tls_options_of(&locked);
  expect_problem(&options, "ETLS", "(tls.key) is encrypted: give its tls.passphrase");
  options.passphrase = "guess";
  expect_problem(&options, "ETLS", "tls.passphrase does not open the private key");
  options.passphrase = "open sesame";
  sio_tls_unref(load(&options));
  options = tls_options_of(&mine);
  options.ca = mine.key;
  expect_problem(&options, "ETLS", "the clients' authority");
  char damaged[8192];
  snprintf(damaged, sizeof(damaged), "%s-----BEGIN CERTIFICATE-----\nAAAA\n", mine.cert);
  options = tls_options_of(&mine);
  options.cert = damaged;
  expect_problem(&options, "ETLS", "the certificate given as text (tls.cert) cannot be used");
  tls_forget(&locked);
}

/* A file with the whole chain: the client gets it. */
static void chains_are_sent(void **state) {
  fixture *fix = *state;
  char chain[8192], path[] = "/tmp/socketio-chain-XXXXXX";
  int fd = mkstemp(path);
  snprintf(chain, sizeof(chain), "%s%s", member.cert, authority.cert);
  assert_int_equal(write(fd, chain, strlen(chain)), (ssize_t)strlen(chain));
  close(fd);
  use(fix, &(sio_tls_options){.cert = path, .key = member.key});
  unlink(path);
  meet(fix, &fix->client);
  assert_int_equal(sk_X509_num(SSL_get_peer_cert_chain(fix->client.ssl)), 2);
}

/* --- memory --- */

static void the_loop_may_be_freed_in_mid_traffic(void **state) {
  fixture *fix = *state;
  tls_client clients[20];
  for (size_t i = 0; i < COUNT(clients); i++) {
    tls_client_init(&clients[i]);
    tls_begin_on(&clients[i], net_connect_with(&fix->net, 4096));
  }
  UNTIL(fix->net.loop, fix->net.count == COUNT(clients));
  for (size_t i = 0; i < COUNT(clients); i++) {
    if (i % 4 != 0)
      UNTIL(fix->net.loop, tls_pump(&clients[i]) && clients[i].is_ready);
    sio_frame *frame = sio_frame_new(i % 2 == 0 ? 8 << 20 : 10);
    memset(frame->payload, 0, frame->len);
    assert_int_equal(sio_stream_send(fix->net.peers[i].stream, frame), 0);
    sio_frame_unref(frame);
    if (i % 3 == 0)
      sio_stream_finish(fix->net.peers[i].stream);
    if (i % 5 == 0)
      shutdown(clients[i].fd, SHUT_WR);
    if (i % 7 == 0)
      sio_stream_close(fix->net.peers[i].stream, 0);
  }
  sio_loop_run(fix->net.loop, SIO_RUN_NOWAIT);
  sio_tls_unref(fix->tls); /* the connections and the listener have it still */
  fix->tls = NULL;
  sio_loop_free(fix->net.loop);
  fix->net.loop = NULL;
  for (size_t i = 0; i < COUNT(clients); i++)
    tls_client_deinit(&clients[i]);
}

/* OpenSSL's allocations while the library runs, and which of them fails. */
static struct {
  bool is_on;
  size_t count, at;
} crypto;

static bool crypto_fails(void) {
  return crypto.is_on && ++crypto.count == crypto.at;
}

static void *crypto_malloc(size_t size, const char *file, int line) {
  (void)file;
  (void)line;
  return crypto_fails() ? NULL : malloc(size);
}

static void *crypto_realloc(void *block, size_t size, const char *file, int line) {
  (void)file;
  (void)line;
  return crypto_fails() ? NULL : realloc(block, size);
}

static void crypto_free(void *block, const char *file, int line) {
  (void)file;
  (void)line;
  free(block);
}

static size_t heard; /* by the server */
static bool has_talked;

static void hear(net_peer *peer, char *data, size_t len) {
  (void)data;
  heard += len;
  sio_frame *frame = sio_frame_new(100000);
  if (frame != NULL)
    memset(frame->payload, 0, frame->len);
  if (frame == NULL || sio_stream_send(peer->stream, frame) != 0)
    sio_stream_close(peer->stream, SIO_ENOMEM);
  if (frame != NULL)
    sio_frame_unref(frame);
}

static void talk_to(net_fixture *net, tls_client *client) {
  uint64_t end = net_ms() + NET_PATIENCE;
  bool has_asked = false;
  heard = 0;
  tls_begin_on(client, net_connect_with(net, 0));
  while (tls_pump(client) && client->in.len < 100000 && net_ms() < end) {
    if (has_met(net, client) && !has_asked)
      has_asked = tls_say(client, "?", 1) == 1;
    crypto.is_on = true;
    net_turn(net->loop);
    crypto.is_on = false;
  }
  assert_true(net_ms() < end);
  has_talked = heard == 1 && client->in.len == 100000;
}

/* Loading, a handshake and an answer, of which any allocation may fail. */
static void talk(void *ctx) {
  net_fixture net = {.on_read = hear, .loop = sio_loop_new(NULL)};
  tls_client client;
  sio_tls_problem problem;
  sio_tls_options options = tls_options_of(&mine);
  (void)ctx;
  has_talked = false;
  tls_client_init(&client);
  crypto.is_on = true;
  sio_tls *tls = sio_tls_new(&options, &problem);
  crypto.is_on = false;
  if (net.loop != NULL && tls != NULL && net_open(&net, "127.0.0.1:0") == 0) {
    sio_listener_set_tls(net.listener, tls);
    talk_to(&net, &client);
  }
  sio_loop_free(net.loop);
  sio_tls_unref(tls);
  tls_client_deinit(&client);
}

static void out_of_memory(void **state) {
  (void)state;
  assert_true(fail_each_alloc(talk, NULL) > 5);
  assert_true(has_talked);
}

static void out_of_memory_within_openssl(void **state) {
  (void)state;
  crypto.at = 0;
  crypto.count = 0;
  talk(NULL);
  assert_true(has_talked);
  size_t all = crypto.count;
  assert_true(all > 100);
  for (size_t at = 1; at < all; at += 1 + all / 200) {
    crypto.at = at;
    crypto.count = 0;
    talk(NULL);
  }
  crypto.at = 0;
}

static int make_pairs(void **state) {
  (void)state;
  signal(SIGPIPE, SIG_IGN); /* the clients' */
  tls_make(&mine, "mine", NULL, NULL);
  tls_make(&other, "other", NULL, NULL);
  tls_make(&authority, "authority", NULL, NULL);
  tls_make(&member, "member", &authority, NULL);
  return 0;
}

static int forget_pairs(void **state) {
  (void)state;
  tls_forget(&mine);
  tls_forget(&other);
  tls_forget(&authority);
  tls_forget(&member);
  return 0;
}

#define TLS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free);
  const struct CMUnitTest tests[] = {
      TLS_TEST(echoes_with_1_2),
      TLS_TEST(echoes_with_1_3),
      TLS_TEST(old_versions_are_refused),
      TLS_TEST(so_is_1_2_when_only_1_3_is_wanted),
      TLS_TEST(so_are_weak_ciphers),
      TLS_TEST(http_1_1_is_chosen),
      TLS_TEST(other_protocols_are_refused),
      TLS_TEST(plain_http_is_refused),
      TLS_TEST(handshakes_are_bounded),
      TLS_TEST(handshakes_are_bounded_to_the_millisecond),
      TLS_TEST(a_connection_that_has_shaken_hands_is_not),
      TLS_TEST(an_end_within_the_handshake_closes),
      TLS_TEST(bytes_may_drip),
      TLS_TEST(big_transfers_with_1_2),
      TLS_TEST(big_transfers_with_1_3),
      TLS_TEST(keys_may_be_updated_meanwhile),
      TLS_TEST(pause_hides_nothing),
      TLS_TEST(truncated_input_is_an_end),
      TLS_TEST(finish_delivers_everything_first),
      TLS_TEST(closing_in_peace_says_so),
      TLS_TEST(closing_with_bytes_to_send_looks_truncated),
      TLS_TEST(garbage_breaks_the_connection),
      TLS_TEST(renegotiation_is_refused),
      TLS_TEST(nobody_dies_of_sigpipe),
      TLS_TEST(clients_without_certificate_are_refused),
      TLS_TEST(so_are_those_of_another_authority),
      TLS_TEST(those_with_one_get_in),
      TLS_TEST(sessions_resume),
      TLS_TEST(loading_anew_drops_nobody),
      TLS_TEST(a_listener_may_become_plain),
      TLS_TEST(problems_are_told),
      TLS_TEST(chains_are_sent),
      TLS_TEST(the_loop_may_be_freed_in_mid_traffic),
      cmocka_unit_test(out_of_memory),
      cmocka_unit_test(out_of_memory_within_openssl),
  };
  return cmocka_run_group_tests(tests, make_pairs, forget_pairs);
}
