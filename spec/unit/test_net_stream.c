#include <signal.h>
#include <sys/wait.h>

#include "fail_alloc.h"
#include "net/internal.h" /* to shorten the timeouts */
#include "net_fixture.h"

static void echo(net_peer *peer, char *data, size_t len) {
  assert_int_equal(sio_stream_write(peer->stream, sio_bytes_of(data, len)), 0);
}

static void finish(net_peer *peer) {
  sio_stream_finish(peer->stream);
}

static void echoes_and_finishes(void **state) {
  net_fixture *net = *state;
  net->on_read = echo;
  net->on_end = finish;
  int fd;
  net_peer *peer = net_connect(net, &fd);
  assert_string_equal(peer->address.host, "127.0.0.1");
  assert_true(peer->address.port > 0);
  assert_ptr_equal(sio_stream_loop(peer->stream), net->loop);
  sio_buf in = {0};
  net_say(fd, "hello");
  UNTIL(net->loop, net_hear(fd, &in) && in.len == 5);
  assert_memory_equal(in.base, "hello", 5);
  shutdown(fd, SHUT_WR);
  UNTIL(net->loop, !net_hear(fd, &in));
  assert_int_equal(errno, 0);
  UNTIL(net->loop, peer->closes == 1);
  assert_int_equal(peer->ends, 1);
  assert_int_equal(peer->error, 0);
  sio_buf_deinit(&in);
  close(fd);
}

/* --- writing --- */

static char pattern(size_t i) {
  return (char)(i * 31 + i / 251);
}

/* Many frames of many sizes, more than any socket buffer holds, to a client that reads slowly. */
static void partial_writes_keep_order(void **state) {
  net_fixture *net = *state;
  enum { TOTAL = 8 << 20 };
  int fd = net_connect_with(net, 4096);
  UNTIL(net->loop, net->count == 1);
  net_peer *peer = &net->peers[0];
  uint64_t seed = 3;
  size_t sent = 0;
  while (sent < TOTAL) {
    size_t len = next_number(&seed) % (next_number(&seed) % 16 == 0 ? 200000 : 300);
    sio_frame *frame = sio_frame_new(len);
    for (size_t i = 0; i < len; i++)
      frame->payload[i] = pattern(sent + i);
    assert_int_equal(sio_stream_send(peer->stream, frame), 0);
    sio_frame_unref(frame);
    sent += len;
  }
  assert_int_equal(sio_stream_queued(peer->stream), sent);
  assert_int_equal(sio_stream_stalled(peer->stream), 0);
  sio_loop_run(net->loop, SIO_RUN_NOWAIT);
  size_t left = sio_stream_stalled(peer->stream);
  assert_true(left > 0 && left < sent);
  assert_int_equal(sio_stream_queued(peer->stream), left);
  assert_int_equal(sio_stream_write(peer->stream, SIO_BYTES("end")), 0);
  assert_int_equal(sio_stream_queued(peer->stream), left + 3);
  assert_int_equal(sio_stream_stalled(peer->stream), left); /* what came later is no old debt */
  assert_int_equal(peer->drains, 0);
  sio_buf in = {0};
  UNTIL(net->loop, net_hear(fd, &in) && in.len >= sent + 3);
  UNTIL(net->loop, peer->drains > 0);
  assert_int_equal(in.len, sent + 3);
  for (size_t i = 0; i < sent; i++)
    if (in.base[i] != pattern(i))
      fail_msg("byte %zu differs", i);
  assert_memory_equal(in.base + sent, "end", 3);
  assert_int_equal(peer->drains, 1);
  assert_int_equal(sio_stream_queued(peer->stream), 0);
  assert_int_equal(sio_stream_stalled(peer->stream), 0);
  sio_buf_deinit(&in);
  close(fd);
}

static void no_drain_without_a_stall(void **state) {
  net_fixture *net = *state;
  int fd;
  net_peer *peer = net_connect(net, &fd);
  for (int i = 0; i < 100; i++)
    assert_int_equal(sio_stream_write(peer->stream, SIO_BYTES("abc")), 0);
  sio_buf in = {0};
  UNTIL(net->loop, net_hear(fd, &in) && in.len == 300);
  net_turn(net->loop);
  assert_int_equal(peer->drains, 0);
  sio_buf_deinit(&in);
  close(fd);
}

static void a_payload_goes_without_the_header(void **state) {
  net_fixture *net = *state;
  int fd;
  net_peer *peer = net_connect(net, &fd);
  sio_frame *frame = sio_frame_copy(SIO_BYTES("body"));
  frame->head = 1;
  frame->room[SIO_FRAME_ROOM - 1] = '#';
  assert_int_equal(sio_stream_send(peer->stream, frame), 0);
  assert_int_equal(sio_stream_send_payload(peer->stream, frame), 0);
  assert_int_equal(frame->refs, 3);
  sio_buf in = {0};
  UNTIL(net->loop, net_hear(fd, &in) && in.len == 9);
  assert_memory_equal(in.base, "#bodybody", 9);
  assert_int_equal(frame->refs, 1);
  sio_frame_unref(frame);
  sio_buf_deinit(&in);
  close(fd);
}

/* --- reading --- */

static void pause_holds_bytes_back(void **state) {
  net_fixture *net = *state;
  int fd;
  net_peer *peer = net_connect(net, &fd);
  sio_stream_pause(peer->stream);
  net_say(fd, "later");
  for (int i = 0; i < 5; i++)
    net_turn(net->loop);
  assert_int_equal(peer->reads, 0);
  struct pollfd turns = {.fd = sio_loop_fd(net->loop), .events = POLLIN};
  assert_int_equal(poll(&turns, 1, 0), 0); /* nor does it keep the loop busy */
  assert_int_equal(sio_loop_timeout(net->loop), -1);
  sio_stream_resume(peer->stream);
  UNTIL(net->loop, peer->in.len == 5);
  sio_stream_pause(peer->stream);
  sio_stream_resume(peer->stream);
  net_say(fd, "!");
  UNTIL(net->loop, peer->in.len == 6);
  close(fd);
}

static void close_here(net_peer *peer, char *data, size_t len) {
  (void)data;
  (void)len;
  sio_stream_close(peer->stream, 7);
  sio_stream_close(peer->stream, 8);
  sio_stream_finish(peer->stream);
  assert_true(sio_stream_is_closing(peer->stream));
  assert_int_equal(sio_stream_write(peer->stream, SIO_BYTES("x")), SIO_ECLOSED);
  assert_int_equal(peer->closes, 0);
}

static void close_inside_on_read(void **state) {
  net_fixture *net = *state;
  net->on_read = close_here;
  int fd;
  net_peer *peer = net_connect(net, &fd);
  net_say(fd, "a");
  UNTIL(net->loop, peer->closes == 1);
  assert_int_equal(peer->error, 7);
  assert_int_equal(peer->reads, 1);
  sio_buf in = {0};
  UNTIL(net->loop, !net_hear(fd, &in));
  assert_int_equal(in.len, 0);
  sio_buf_deinit(&in);
  close(fd);
}

static net_peer heir;

static void hand_over(net_peer *peer, char *data, size_t len) {
  if (peer == &heir) {
    assert_int_equal(sio_buf_append(&heir.in, data, len), 0);
    return;
  }
  heir.net = peer->net;
  heir.stream = peer->stream;
  sio_stream_set_owner(peer->stream, &net_peer_events, &heir);
  peer->closes = 1; /* has no part in it any more */
}

static void set_owner_inside_on_read(void **state) {
  net_fixture *net = *state;
  net->on_read = hand_over;
  heir = (net_peer){0};
  int fd;
  net_peer *peer = net_connect(net, &fd);
  net_say(fd, "first");
  UNTIL(net->loop, heir.stream != NULL);
  net_say(fd, "second");
  UNTIL(net->loop, heir.in.len > 0);
  assert_int_equal(heir.in.len, 6);
  assert_int_equal(peer->reads, 1);
  close(fd);
  UNTIL(net->loop, heir.ends == 1);
  sio_stream_close(heir.stream, 0);
  UNTIL(net->loop, heir.closes == 1);
  assert_int_equal(peer->closes, 1);
  sio_buf_deinit(&heir.in);
}

/* --- ends --- */

static void output_flows_after_the_peers_fin(void **state) {
  net_fixture *net = *state;
  int fd;
  net_peer *peer = net_connect(net, &fd);
  shutdown(fd, SHUT_WR);
  sio_listener_close(net->listener);
  UNTIL(net->loop, peer->ends == 1 && net->listener == NULL);
  assert_int_equal(sio_loop_timeout(net->loop), -1);
  assert_int_equal(sio_loop_run(net->loop, SIO_RUN_NOWAIT), 1); /* the stream is still open */
  assert_int_equal(sio_stream_write(peer->stream, SIO_BYTES("still here")), 0);
  sio_stream_pause(peer->stream);
  sio_stream_resume(peer->stream);
  sio_buf in = {0};
  UNTIL(net->loop, net_hear(fd, &in) && in.len == 10);
  assert_int_equal(peer->ends, 1);
  assert_int_equal(peer->closes, 0);
  sio_buf_deinit(&in);
  close(fd);
}

static void finish_delivers_everything_first(void **state) {
  net_fixture *net = *state;
  enum { TOTAL = 4 << 20 };
  net->loop->lingering.ms = 10 * NET_PATIENCE; /* what ends this is the peer's FIN */
  int fd = net_connect_with(net, 4096);
  UNTIL(net->loop, net->count == 1);
  net_peer *peer = &net->peers[0];
  sio_stream_pause(peer->stream); /* as a server may that waits for the answer to be taken */
  sio_frame *frame = sio_frame_new(TOTAL);
  memset(frame->payload, 'f', TOTAL);
  assert_int_equal(sio_stream_send(peer->stream, frame), 0);
  sio_frame_unref(frame);
  sio_stream_finish(peer->stream);
  sio_stream_finish(peer->stream);
  assert_true(sio_stream_is_closing(peer->stream));
  assert_int_equal(sio_stream_write(peer->stream, SIO_BYTES("x")), SIO_ECLOSED);
  net_say(fd, "thrown away");
  sio_buf in = {0};
  UNTIL(net->loop, !net_hear(fd, &in));
  assert_int_equal(errno, 0); /* FIN, no reset */
  assert_int_equal(in.len, TOTAL);
  assert_int_equal(peer->closes, 0); /* waits for ours */
  close(fd);
  UNTIL(net->loop, peer->closes == 1);
  assert_int_equal(peer->error, 0);
  assert_int_equal(peer->reads + peer->ends + peer->drains, 0);
  sio_buf_deinit(&in);
}

static size_t send_block(int fd) {
  static const char block[65536];
  ssize_t n = send(fd, block, sizeof(block), MSG_NOSIGNAL);
  assert_true(n > 0 || errno == EAGAIN);
  return n > 0 ? (size_t)n : 0;
}

/* A client that goes on sending must still be able to read the answer. */
static void finish_while_the_peer_sends(void **state) {
  net_fixture *net = *state;
  int fd;
  net_peer *peer = net_connect(net, &fd);
  assert_int_equal(sio_stream_write(peer->stream, SIO_BYTES("413")), 0);
  sio_stream_finish(peer->stream);
  size_t sent = 0;
  UNTIL(net->loop, (sent += send_block(fd)) > 4 << 20);
  sio_buf in = {0};
  assert_false(net_hear(fd, &in));
  assert_int_equal(errno, 0);
  assert_int_equal(in.len, 3);
  close(fd);
  UNTIL(net->loop, peer->closes == 1);
  assert_int_equal(peer->error, 0);
  sio_buf_deinit(&in);
}

/* Progress counts: only who takes nothing for the whole time is cut. */
static void finish_is_bounded(void **state) {
  net_fixture *net = *state;
  enum { TOTAL = 16 << 20 };
  net->loop->finishing.ms = 50;
  int fd = net_connect_with(net, 4096);
  UNTIL(net->loop, net->count == 1);
  net_peer *peer = &net->peers[0];
  sio_frame *frame = sio_frame_new(TOTAL);
  memset(frame->payload, 'f', TOTAL);
  assert_int_equal(sio_stream_send(peer->stream, frame), 0);
  sio_frame_unref(frame);
  sio_stream_finish(peer->stream);
  sio_buf in = {0};
  for (uint64_t end = net_ms() + 200; net_ms() < end && in.len < TOTAL / 2;) {
    size_t before = in.len;
    UNTIL(net->loop, net_hear(fd, &in) && in.len > before);
  }
  assert_int_equal(peer->closes, 0);
  UNTIL(net->loop, peer->closes == 1);
  assert_string_equal(sio_net_error_name(peer->error), "ETIMEDOUT");
  assert_true(in.len < TOTAL);
  sio_buf_deinit(&in);
  close(fd);
}

static void so_is_the_wait_for_the_peers_fin(void **state) {
  net_fixture *net = *state;
  net->loop->lingering.ms = 50;
  int fd;
  net_peer *peer = net_connect(net, &fd);
  sio_stream_finish(peer->stream);
  UNTIL(net->loop, peer->closes == 1);
  assert_int_equal(peer->error, 0);
  close(fd);
}

/* A time limit needs memory while it runs; without it nothing is waited for. */
static void finish_without_memory_closes(void **state) {
  net_fixture *net = *state;
  int fd;
  net_peer *peer = net_connect(net, &fd);
  fail_alloc_at(1);
  sio_stream_finish(peer->stream);
  assert_true(fail_alloc_has_failed());
  fail_alloc_at(0);
  UNTIL(net->loop, peer->closes == 1);
  assert_int_equal(peer->error, SIO_ENOMEM);
  close(fd);
}

static void an_idle_stream_is_one_block(void **state) {
  net_fixture *net = *state;
  fail_alloc_at(0);
  sio_buf in = {0};
  int first, second;
  net_connect(net, &first);
  size_t before = fail_alloc_now.live;
  net_peer *peer = net_connect(net, &second);
  assert_int_equal(fail_alloc_now.live, before + 1);
  sio_stream_write(peer->stream, SIO_BYTES("hello"));
  UNTIL(net->loop, net_hear(second, &in) && in.len == 5);
  sio_buf_deinit(&in);
  assert_int_equal(fail_alloc_now.live, before + 1);
  close(first);
  close(second);
}

static void a_reset_closes_with_its_error(void **state) {
  net_fixture *net = *state;
  int fd;
  net_peer *peer = net_connect(net, &fd);
  net_say(fd, "last words");
  net_reset(fd);
  UNTIL(net->loop, peer->closes == 1);
  assert_string_equal(sio_net_error_name(peer->error), "ECONNRESET");
  assert_int_equal(peer->in.len, 10); /* what came before is not lost */
  assert_int_equal(peer->ends, 0);
}

static void a_reset_closes_a_paused_stream_that_waits_to_write(void **state) {
  net_fixture *net = *state;
  int fd = net_connect_with(net, 4096);
  UNTIL(net->loop, net->count == 1);
  net_peer *peer = &net->peers[0];
  sio_stream_pause(peer->stream);
  net_say(fd, "unread");
  sio_frame *frame = sio_frame_new(8 << 20);
  memset(frame->payload, 0, frame->len);
  assert_int_equal(sio_stream_send(peer->stream, frame), 0);
  UNTIL(net->loop, sio_stream_stalled(peer->stream) > 0);
  net_turn(net->loop);
  net_reset(fd);
  UNTIL(net->loop, peer->closes == 1);
  assert_string_equal(sio_net_error_name(peer->error), "ECONNRESET");
  assert_int_equal(peer->reads, 0);
  assert_int_equal(frame->refs, 1);
  sio_frame_unref(frame);
}

/* Writes to a client that has gone until the kernel says so, with SIGPIPE deadly as by default. */
static void write_to_the_departed(net_fixture *net) {
  struct sigaction action;
  signal(SIGPIPE, SIG_DFL);
  int fd;
  net_peer *peer = net_connect(net, &fd);
  sio_stream_pause(peer->stream); /* so that only writing can find out */
  close(fd);
  for (int i = 0; i < 100 && peer->closes == 0; i++) {
    sio_stream_write(peer->stream, SIO_BYTES("anybody?"));
    sio_loop_run(net->loop, i % 2 == 0 ? SIO_RUN_NOWAIT : SIO_RUN_ONCE);
  }
  assert_int_equal(peer->closes, 1);
  sigaction(SIGPIPE, NULL, &action);
  assert_true(action.sa_handler == SIG_DFL);
}

static void nobody_dies_of_sigpipe(void **state) {
  net_fixture *net = *state;
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    net_fixture own = {.loop = sio_loop_new(NULL)};
    if (net_open(&own, "127.0.0.1:0") != 0)
      _exit(1);
    write_to_the_departed(&own);
    _exit(own.peers[0].error == 0 ? 2 : 0);
  }
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
  assert_int_equal(net->count, 0);
}

static void closing_drops_the_queue(void **state) {
  net_fixture *net = *state;
  int fd;
  net_peer *peer = net_connect(net, &fd);
  sio_frame *frame = sio_frame_copy(SIO_BYTES("never sent"));
  assert_int_equal(sio_stream_send(peer->stream, frame), 0);
  sio_stream_close(peer->stream, 0);
  UNTIL(net->loop, peer->closes == 1);
  assert_int_equal(frame->refs, 1);
  sio_frame_unref(frame);
  sio_buf in = {0};
  assert_false(net_hear(fd, &in));
  assert_int_equal(in.len, 0);
  sio_buf_deinit(&in);
  close(fd);
}

static void write_and_close(net_peer *peer, char *data, size_t len) {
  assert_int_equal(sio_stream_write(peer->stream, sio_bytes_of(data, len)), 0);
  sio_stream_close(peer->stream, 0);
}

/* The next connection gets the descriptor of the closed one within the turn, but not its bytes. */
static void nobody_inherits_the_queue(void **state) {
  net_fixture *net = *state;
  net->on_read = write_and_close;
  int first;
  net_connect(net, &first);
  sio_loop_run(net->loop, SIO_RUN_NOWAIT); /* watched now, so it is read before the next comes */
  net_say(first, "secret");
  int second = net_connect_with(net, 0);
  UNTIL(net->loop, net->count == 2 && net->peers[0].closes == 1);
  sio_buf in = {0};
  assert_true(net_hear(second, &in));
  assert_int_equal(in.len, 0);
  sio_buf_deinit(&in);
  close(first);
  close(second);
}

static void send_more(net_peer *peer) {
  if (peer->drains == 1)
    assert_int_equal(sio_stream_write(peer->stream, SIO_BYTES("more")), 0);
  else
    fail();
}

static void on_drain_may_send(void **state) {
  net_fixture *net = *state;
  net->on_drain = send_more;
  int fd = net_connect_with(net, 4096);
  UNTIL(net->loop, net->count == 1);
  sio_frame *frame = sio_frame_new(8 << 20);
  memset(frame->payload, 'x', frame->len);
  assert_int_equal(sio_stream_send(net->peers[0].stream, frame), 0);
  size_t len = frame->len;
  sio_frame_unref(frame);
  sio_buf in = {0};
  UNTIL(net->loop, net_hear(fd, &in) && in.len == len + 4);
  assert_memory_equal(in.base + len, "more", 4);
  sio_buf_deinit(&in);
  close(fd);
}

/* Everything at once: readers, writers, stalls, half-closed ones; ASan sees what is left. */
static void the_loop_may_be_freed_in_mid_traffic(void **state) {
  net_fixture *net = *state;
  int fds[20];
  for (size_t i = 0; i < COUNT(fds); i++) {
    fds[i] = net_connect_with(net, 4096);
    net_say(fds[i], "something");
  }
  UNTIL(net->loop, net->count == COUNT(fds));
  for (size_t i = 0; i < COUNT(fds); i++) {
    sio_frame *frame = sio_frame_new(i % 2 == 0 ? 8 << 20 : 10);
    memset(frame->payload, 0, frame->len);
    assert_int_equal(sio_stream_send(net->peers[i].stream, frame), 0);
    sio_frame_unref(frame);
    if (i % 3 == 0)
      sio_stream_finish(net->peers[i].stream);
    if (i % 5 == 0)
      shutdown(fds[i], SHUT_WR);
    if (i % 7 == 0)
      sio_stream_close(net->peers[i].stream, 0);
  }
  sio_loop_run(net->loop, SIO_RUN_NOWAIT);
  sio_loop_free(net->loop);
  net->loop = NULL;
  for (size_t i = 0; i < COUNT(fds); i++)
    close(fds[i]);
  assert_int_equal(net->listener_closes, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      NET_TEST(echoes_and_finishes),
      NET_TEST(partial_writes_keep_order),
      NET_TEST(no_drain_without_a_stall),
      NET_TEST(a_payload_goes_without_the_header),
      NET_TEST(pause_holds_bytes_back),
      NET_TEST(close_inside_on_read),
      NET_TEST(set_owner_inside_on_read),
      NET_TEST(output_flows_after_the_peers_fin),
      NET_TEST(finish_delivers_everything_first),
      NET_TEST(finish_while_the_peer_sends),
      NET_TEST(finish_is_bounded),
      NET_TEST(so_is_the_wait_for_the_peers_fin),
      NET_TEST(finish_without_memory_closes),
      NET_TEST(an_idle_stream_is_one_block),
      NET_TEST(a_reset_closes_with_its_error),
      NET_TEST(a_reset_closes_a_paused_stream_that_waits_to_write),
      NET_TEST(nobody_dies_of_sigpipe),
      NET_TEST(closing_drops_the_queue),
      NET_TEST(nobody_inherits_the_queue),
      NET_TEST(on_drain_may_send),
      NET_TEST(the_loop_may_be_freed_in_mid_traffic),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
