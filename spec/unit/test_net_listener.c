#include <sys/resource.h>
#include <sys/stat.h>
#include <uv.h>

#include "fail_alloc.h"
#include "net_fixture.h"

static int bare_set_up(void **state) {
  net_fixture *net = calloc(1, sizeof(*net));
  net->loop = sio_loop_new(NULL);
  *state = net;
  return 0;
}

#define BARE_TEST(name) cmocka_unit_test_setup_teardown(name, bare_set_up, net_tear_down)

/* --- addresses --- */

static void refuses_what_it_cannot_read(void **state) {
  net_fixture *net = *state;
  static const char *const bad[] = {
      "",
      ":",
      "x",
      "-1",
      "+1",
      " 1",
      "1 ",
      "65536",
      "99999999999",
      "0x10",
      "host:",
      "host:1",
      "127.0.0.1:",
      "127.0.0.1:x",
      "1.2.3:1",
      "256.0.0.1:1",
      "::1:3000",
      "[::1]",
      "[::1]3000",
      "[::1:3000",
      "[zz]:1",
      "[]:1",
      "[127.0.0.1]:1",
      "unix:",
      "[::1]:",
      "127.0.0.1",
      "localhost",
      "[:1",
      "]:1",
  };
  for (size_t i = 0; i < COUNT(bad); i++)
    if (net_open(net, bad[i]) != UV_EINVAL)
      fail_msg("took \"%s\"", bad[i]);
  char longest[300] = "unix:/";
  memset(longest + 6, 'x', sizeof(longest) - 7);
  assert_int_equal(net_open(net, longest), UV_EINVAL);
  memset(longest, '1', sizeof(longest) - 3);
  memcpy(longest + sizeof(longest) - 3, ":1", 3);
  assert_int_equal(net_open(net, longest), UV_EINVAL);
}

static void assert_listens(net_fixture *net, const char *address, const char *host,
                           const char *family) {
  assert_int_equal(net_open(net, address), 0);
  assert_string_equal(net->address.host, host);
  assert_string_equal(net->address.family, family);
  assert_true(net->address.port > 0);
  int closes = net->listener_closes;
  sio_listener_close(net->listener);
  sio_listener_close(net->listener);
  UNTIL(net->loop, net->listener_closes == closes + 1);
}

static bool has_ipv6(void) {
  struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
  int fd = socket(AF_INET6, SOCK_STREAM, 0);
  bool yes = fd >= 0 && bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0;
  if (fd >= 0)
    close(fd);
  return yes;
}

static void listens_where_it_is_told(void **state) {
  net_fixture *net = *state;
  assert_listens(net, "127.0.0.1:0", "127.0.0.1", "IPv4");
  assert_listens(net, "localhost:0", "127.0.0.1", "IPv4");
  assert_listens(net, "0.0.0.0:0", "0.0.0.0", "IPv4");
  const char *any = has_ipv6() ? "::" : "0.0.0.0";
  const char *family = has_ipv6() ? "IPv6" : "IPv4";
  assert_listens(net, "0", any, family);
  assert_listens(net, ":0", any, family);
  if (has_ipv6())
    assert_listens(net, "[::1]:0", "::1", "IPv6");
}

/* An IPv4 client of "every interface" is one of IPv4, whatever kind the socket is. */
static void every_interface_includes_ipv4(void **state) {
  net_fixture *net = *state;
  assert_int_equal(net_open(net, "0"), 0);
  int fd;
  net_peer *peer = net_connect(net, &fd);
  assert_string_equal(peer->address.host, "127.0.0.1");
  close(fd);
}

static void a_port_in_use_is_refused_at_once(void **state) {
  net_fixture *net = *state;
  assert_int_equal(net_open(net, "127.0.0.1:0"), 0);
  char address[32];
  snprintf(address, sizeof(address), "127.0.0.1:%d", net->address.port);
  sio_listener *second = NULL;
  int error = sio_listener_open(net->loop, address, &net_listener_events, net, &second);
  assert_int_equal(error, UV_EADDRINUSE);
  assert_string_equal(sio_net_error_name(error), "EADDRINUSE");
  assert_string_equal(sio_net_error_text(error), "address already in use");
  assert_string_equal(sio_net_error_name(-12345), "UNKNOWN");
  assert_string_equal(sio_net_error_text(-12345), "unknown error");
  /* but free again when the listener is told to close, and not a turn later */
  sio_listener_close(net->listener);
  assert_int_equal(net_open(net, address), 0);
  int fd;
  net_connect(net, &fd);
  close(fd);
}

/* --- Unix sockets --- */

static char folder[] = "/tmp/sio-net-XXXXXX";
static struct sockaddr_un path;
static char path_address[128];

static int path_set_up(void **state) {
  strcpy(folder + strlen(folder) - 6, "XXXXXX");
  assert_non_null(mkdtemp(folder));
  path.sun_family = AF_UNIX;
  snprintf(path.sun_path, sizeof(path.sun_path), "%s/socket", folder);
  snprintf(path_address, sizeof(path_address), "unix:%s", path.sun_path);
  return bare_set_up(state);
}

static int path_tear_down(void **state) {
  int result = net_tear_down(state);
  unlink(path.sun_path);
  assert_int_equal(rmdir(folder), 0);
  return result;
}

#define PATH_TEST(name) cmocka_unit_test_setup_teardown(name, path_set_up, path_tear_down)

static bool path_exists(void) {
  struct stat file;
  return lstat(path.sun_path, &file) == 0;
}

static int connect_path(void) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(connect(fd, (struct sockaddr *)&path, sizeof(path)), 0);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}

static void listens_on_a_path(void **state) {
  net_fixture *net = *state;
  assert_int_equal(net_open(net, path_address), 0);
  assert_string_equal(net->address.host, path.sun_path);
  assert_string_equal(net->address.family, "unix");
  assert_int_equal(net->address.port, 0);
  int fd = connect_path();
  net_say(fd, "hello");
  UNTIL(net->loop, net->count == 1 && net->peers[0].in.len == 5);
  assert_string_equal(net->peers[0].address.host, "");
  assert_int_equal(net->peers[0].address.port, 0);
  assert_int_equal(sio_stream_write(net->peers[0].stream, SIO_BYTES("you")), 0);
  sio_stream_finish(net->peers[0].stream);
  sio_buf in = {0};
  UNTIL(net->loop, !net_hear(fd, &in));
  assert_int_equal(in.len, 3);
  sio_listener_close(net->listener);
  assert_false(path_exists());
  sio_buf_deinit(&in);
  close(fd);
}

static void replaces_a_stale_socket_only(void **state) {
  net_fixture *net = *state;
  int dead = socket(AF_UNIX, SOCK_STREAM, 0);
  assert_int_equal(bind(dead, (struct sockaddr *)&path, sizeof(path)), 0);
  close(dead); /* as a server that was killed leaves it */
  assert_true(path_exists());
  assert_int_equal(net_open(net, path_address), 0);
  sio_listener *second = NULL;
  int error = sio_listener_open(net->loop, path_address, &net_listener_events, net, &second);
  assert_int_equal(error, UV_EADDRINUSE); /* somebody listens */
  int fd = connect_path();
  UNTIL(net->loop, net->count >= 1);
  close(fd);
}

/* A server whose backlog is full does not answer, but is not dead. */
static void a_busy_server_is_not_stale(void **state) {
  net_fixture *net = *state;
  int busy = socket(AF_UNIX, SOCK_STREAM, 0);
  assert_int_equal(bind(busy, (struct sockaddr *)&path, sizeof(path)), 0);
  assert_int_equal(listen(busy, 0), 0);
  int fds[8];
  size_t n = 0;
  int result = 0;
  while (n < COUNT(fds) && result == 0) {
    fds[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    result = connect(fds[n++], (struct sockaddr *)&path, sizeof(path));
  }
  assert_int_equal(result, -1);
  assert_int_equal(errno, EAGAIN);
  assert_int_equal(net_open(net, path_address), UV_EADDRINUSE);
  assert_true(path_exists());
  while (n > 0)
    close(fds[--n]);
  close(busy);
}

static void leaves_other_files_alone(void **state) {
  net_fixture *net = *state;
  int file = open(path.sun_path, O_CREAT | O_WRONLY, 0600);
  assert_true(file >= 0);
  close(file);
  assert_int_equal(net_open(net, path_address), UV_EADDRINUSE);
  assert_true(path_exists());
  unlink(path.sun_path);
  assert_int_equal(net_open(net, path_address), 0);
  unlink(path.sun_path);
  file = open(path.sun_path, O_CREAT | O_WRONLY, 0600); /* somebody else's by now */
  close(file);
  sio_listener_close(net->listener);
  assert_true(path_exists());
}

static void a_folder_that_is_missing_is_an_error(void **state) {
  net_fixture *net = *state;
  char address[160];
  snprintf(address, sizeof(address), "unix:%s/missing/socket", folder);
  assert_int_equal(net_open(net, address), UV_ENOENT);
}

/* --- accepting --- */

static void accepts_many_in_a_turn(void **state) {
  net_fixture *net = *state;
  int fds[50];
  for (size_t i = 0; i < COUNT(fds); i++)
    fds[i] = net_connect_with(net, 0);
  UNTIL(net->loop, sio_loop_run(net->loop, SIO_RUN_NOWAIT) == 1 && net->count > 0);
  assert_int_equal(net->count, COUNT(fds));
  for (size_t i = 0; i < COUNT(fds); i++)
    close(fds[i]);
}

static void close_stream(net_peer *peer) {
  sio_stream_close(peer->stream, 0);
}

static void on_accept_may_refuse(void **state) {
  net_fixture *net = *state;
  net->on_accept = close_stream;
  int fd;
  net_peer *peer = net_connect(net, &fd);
  UNTIL(net->loop, peer->closes == 1);
  sio_buf in = {0};
  assert_false(net_hear(fd, &in));
  sio_buf_deinit(&in);
  close(fd);
}

static void close_listener(net_peer *peer) {
  sio_listener_close(peer->net->listener);
}

static void on_accept_may_close_the_listener(void **state) {
  net_fixture *net = *state;
  net->on_accept = close_listener;
  int fds[3];
  for (size_t i = 0; i < COUNT(fds); i++)
    fds[i] = net_connect_with(net, 0);
  UNTIL(net->loop, net->listener_closes == 1);
  assert_int_equal(net->count, 1);
  for (size_t i = 0; i < COUNT(fds); i++)
    close(fds[i]);
}

static struct rlimit limit;

static void allow_descriptors_below(int fd) {
  getrlimit(RLIMIT_NOFILE, &limit);
  struct rlimit few = {.rlim_cur = (rlim_t)fd, .rlim_max = limit.rlim_max};
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
}

/* Leaves no descriptor that is not in use now. */
static void use_up_descriptors(void) {
  int next = dup(STDERR_FILENO);
  assert_true(next >= 0);
  close(next);
  allow_descriptors_below(next);
}

static void allow_descriptors(void) {
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void turns_clients_away_without_descriptors(void **state) {
  net_fixture *net = *state;
  int fds[3];
  for (size_t i = 0; i < COUNT(fds); i++)
    fds[i] = net_connect_with(net, 0);
  use_up_descriptors();
  sio_buf in = {0};
  for (size_t i = 0; i < COUNT(fds); i++)
    UNTIL(net->loop, !net_hear(fds[i], &in));
  assert_int_equal(in.len, 0);
  assert_int_equal(net->count, 0);
  assert_int_equal(sio_loop_timeout(net->loop), -1); /* sleeps */
  allow_descriptors();
  int fd;
  net_connect(net, &fd);
  assert_int_equal(net->count, 1);
  close(fd);
  for (size_t i = 0; i < COUNT(fds); i++)
    close(fds[i]);
  sio_buf_deinit(&in);
}

/* Not even the spare descriptor helps: tries again later, and sleeps until then. */
static void rests_when_accepting_is_impossible(void **state) {
  net_fixture *net = *state;
  int fd = net_connect_with(net, 0);
  allow_descriptors_below(STDERR_FILENO + 1);
  for (int turn = 0; turn < 3; turn++)
    sio_loop_run(net->loop, SIO_RUN_NOWAIT);
  int timeout = sio_loop_timeout(net->loop);
  allow_descriptors();
  assert_in_range(timeout, 20, 100);
  assert_int_equal(net->count, 0);
  UNTIL(net->loop, net->count == 1);
  close(fd);
}

/* --- memory --- */

static void echo(net_peer *peer, char *data, size_t len) {
  if (sio_stream_write(peer->stream, sio_bytes_of(data, len)) != 0)
    sio_stream_close(peer->stream, SIO_ENOMEM);
}

static void serve_one(void *ctx) {
  (void)ctx;
  net_fixture net = {.loop = sio_loop_new(NULL), .on_read = echo};
  if (net.loop == NULL)
    return;
  int error = net_open(&net, "127.0.0.1:0");
  assert_true(error == 0 || error == UV_ENOMEM);
  if (error == 0) {
    int fd = net_connect_with(&net, 0);
    net_say(fd, "hello");
    char answer[8];
    ssize_t n;
    UNTIL(net.loop, (n = recv(fd, answer, sizeof(answer), 0)) >= 0 || errno != EAGAIN);
    assert_true(n == 5 || n <= 0); /* all, or closed */
    close(fd);
  }
  sio_loop_free(net.loop);
  assert_int_equal(net.listener_closes, error == 0);
}

static void the_end_of_memory_costs_one_connection(void **state) {
  (void)state;
  assert_true(fail_each_alloc(serve_one, NULL) >= 4); /* loop, listener, stream, frame */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      BARE_TEST(refuses_what_it_cannot_read),
      BARE_TEST(listens_where_it_is_told),
      BARE_TEST(every_interface_includes_ipv4),
      BARE_TEST(a_port_in_use_is_refused_at_once),
      PATH_TEST(listens_on_a_path),
      PATH_TEST(replaces_a_stale_socket_only),
      PATH_TEST(a_busy_server_is_not_stale),
      PATH_TEST(leaves_other_files_alone),
      PATH_TEST(a_folder_that_is_missing_is_an_error),
      NET_TEST(accepts_many_in_a_turn),
      NET_TEST(on_accept_may_refuse),
      NET_TEST(on_accept_may_close_the_listener),
      NET_TEST(turns_clients_away_without_descriptors),
      NET_TEST(rests_when_accepting_is_impossible),
      cmocka_unit_test(the_end_of_memory_costs_one_connection),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
