/*
 * A loop, a listener on a free port and the server's sides of what connects; plain sockets are the
 * clients. Everything happens in one thread: UNTIL turns the loop as a foreign loop would, by its
 * descriptor and timeout.
 */
#ifndef SPEC_UNIT_NET_FIXTURE_H
#define SPEC_UNIT_NET_FIXTURE_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "net/listener.h"
#include "unit.h"

enum { NET_PEERS = 64, NET_PATIENCE = 10000 /* ms */ };

typedef struct net_peer {
  struct net_fixture *net;
  sio_stream *stream;
  sio_address address;
  sio_buf in;
  int reads, ends, drains, closes, error;
} net_peer;

typedef struct net_fixture {
  sio_loop *loop;
  sio_listener *listener;
  sio_address address;
  int listener_closes;
  net_peer peers[NET_PEERS];
  size_t count;
  /* What a test does on an event, or NULL: on_read then collects the bytes. */
  void (*on_accept)(net_peer *peer);
  void (*on_read)(net_peer *peer, char *data, size_t len);
  void (*on_end)(net_peer *peer);
  void (*on_drain)(net_peer *peer);
  void (*on_close)(net_peer *peer);
} net_fixture;

static inline uint64_t net_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* One turn, then waits for the next, but not long: a client may be what has to go on. */
static inline void net_turn(sio_loop *loop) {
  sio_loop_run(loop, SIO_RUN_NOWAIT);
  int timeout = sio_loop_timeout(loop);
  struct pollfd fd = {.fd = sio_loop_fd(loop), .events = POLLIN};
  poll(&fd, 1, timeout < 0 || timeout > 2 ? 2 : timeout);
}

/* Turns the loop until the condition holds. */
#define UNTIL(loop, condition)                                                                     \
  do {                                                                                             \
    uint64_t net_end = net_ms() + NET_PATIENCE;                                                    \
    while (!(condition)) {                                                                         \
      if (net_ms() > net_end)                                                                      \
        fail_msg("waited in vain for %s", #condition);                                             \
      net_turn(loop);                                                                              \
    }                                                                                              \
  } while (0)

/* --- the server's side --- */

static inline void net_peer_on_read(void *owner, char *data, size_t len) {
  net_peer *peer = owner;
  assert_int_equal(peer->closes, 0);
  peer->reads++;
  if (peer->net->on_read != NULL)
    peer->net->on_read(peer, data, len);
  else
    assert_int_equal(sio_buf_append(&peer->in, data, len), 0);
}

static inline void net_peer_on_end(void *owner) {
  net_peer *peer = owner;
  assert_int_equal(peer->closes, 0);
  peer->ends++;
  if (peer->net->on_end != NULL)
    peer->net->on_end(peer);
}

static inline void net_peer_on_drain(void *owner) {
  net_peer *peer = owner;
  assert_int_equal(peer->closes, 0);
  peer->drains++;
  if (peer->net->on_drain != NULL)
    peer->net->on_drain(peer);
}

static inline void net_peer_on_close(void *owner, int error) {
  net_peer *peer = owner;
  peer->closes++;
  peer->error = error;
  if (peer->net->on_close != NULL)
    peer->net->on_close(peer);
  peer->stream = NULL;
}

static const sio_stream_events net_peer_events = {
    .on_read = net_peer_on_read,
    .on_end = net_peer_on_end,
    .on_drain = net_peer_on_drain,
    .on_close = net_peer_on_close,
};

static inline void net_on_accept(void *owner, sio_stream *stream, const sio_address *address) {
  net_fixture *net = owner;
  assert_true(net->count < NET_PEERS);
  net_peer *peer = &net->peers[net->count++];
  peer->net = net;
  peer->stream = stream;
  peer->address = *address;
  sio_stream_set_owner(stream, &net_peer_events, peer);
  if (net->on_accept != NULL)
    net->on_accept(peer);
}

static inline void net_on_listener_close(void *owner) {
  net_fixture *net = owner;
  net->listener_closes++;
  net->listener = NULL;
}

static const sio_listener_events net_listener_events = {
    .on_accept = net_on_accept,
    .on_close = net_on_listener_close,
};

static inline int net_open(net_fixture *net, const char *address) {
  int error = sio_listener_open(net->loop, address, &net_listener_events, net, &net->listener);
  if (error == 0)
    sio_listener_address(net->listener, &net->address);
  return error;
}

/* --- the client's side: a non-blocking socket --- */

/* Small buffers if asked for, to make the server's writes partial. */
static inline int net_connect_with(net_fixture *net, int receive_buffer) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)net->address.port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_true(fd >= 0);
  if (receive_buffer > 0)
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
  assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}

/* Connects and turns the loop until the server has accepted. */
static inline net_peer *net_connect(net_fixture *net, int *fd) {
  size_t before = net->count;
  *fd = net_connect_with(net, 0);
  UNTIL(net->loop, net->count > before);
  return &net->peers[before];
}

static inline void net_say(int fd, const char *text) {
  assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Appends what has come. False: nothing more will (errno: 0 after a FIN). */
static inline bool net_hear(int fd, sio_buf *in) {
  for (;;) {
    assert_int_equal(sio_buf_reserve(in, 65536), 0);
    ssize_t n = recv(fd, in->base + in->len, 65536, 0);
    if (n > 0) {
      in->len += (size_t)n;
      continue;
    }
    if (n < 0 && errno == EAGAIN)
      return true;
    if (n == 0)
      errno = 0;
    return false;
  }
}

/* Resets the connection instead of closing it. */
static inline void net_reset(int fd) {
  struct linger linger = {.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
  close(fd);
}

/* --- set-up --- */

static inline int net_set_up(void **state) {
  net_fixture *net = calloc(1, sizeof(*net));
  net->loop = sio_loop_new(NULL);
  assert_non_null(net->loop);
  assert_int_equal(net_open(net, "127.0.0.1:0"), 0);
  *state = net;
  return 0;
}

/* Whatever a test left open gets its last event. */
static inline int net_tear_down(void **state) {
  net_fixture *net = *state;
  sio_loop_free(net->loop);
  for (size_t i = 0; i < net->count; i++) {
    assert_int_equal(net->peers[i].closes, 1);
    sio_buf_deinit(&net->peers[i].in);
  }
  free(net);
  return 0;
}

#define NET_TEST(name) cmocka_unit_test_setup_teardown(name, net_set_up, net_tear_down)

#endif
