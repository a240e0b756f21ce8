#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "net/address.h"
#include "net/internal.h"

enum { MAX_ACCEPTS = 64 }; /* a turn, so that those who are connected are served too */

struct sio_listener {
  uv_poll_t poll;
  sio_loop *loop;
  sio_list node;
  const sio_listener_events *events;
  void *owner;
  sio_tls *tls; /* NULL: plain */
  int fd;
  int spare; /* a descriptor kept for when there are no more */
  bool is_closing;
  sio_deadline rest;
  sio_address address;
  struct stat file; /* of a Unix socket */
};

/* --- accepting --- */

static void configure(int fd, sa_family_t family) {
  int on = 1;
  if (family != AF_UNIX)
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
#ifdef SO_NOSIGPIPE
  setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on));
#endif
}

static void welcome(sio_listener *listener, int fd, const sio_sockaddr *from) {
  sio_address peer;
  sio_sockaddr_format(from, &peer);
  configure(fd, from->any.sa_family);
  sio_stream *stream = sio_stream_new(listener->loop, fd, listener->tls);
  if (stream == NULL)
    return; /* no memory: this connection is closed */
  listener->events->on_accept(listener->owner, stream, &peer);
}

static int open_spare(void) {
  return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int accept_one(const sio_listener *listener, sio_sockaddr *from) {
  socklen_t len = sizeof(*from);
#ifdef SOCK_CLOEXEC
  return accept4(listener->fd, &from->any, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
#else
  int fd = accept(listener->fd, &from->any, &len);
  if (fd >= 0)
    fcntl(fd, F_SETFD, FD_CLOEXEC);
  return fd;
#endif
}

/*
 * There is no descriptor for the connection that waits, and it would wake us again and again: the
 * spare one is given up so that it can be taken and closed. The client learns at once. 0 or errno.
 */
static int turn_away(sio_listener *listener) {
  if (listener->spare < 0)
    return EMFILE;
  close(listener->spare);
  int fd = accept_one(listener, &(sio_sockaddr){0});
  int error = fd < 0 ? errno : 0;
  if (fd >= 0)
    close(fd);
  listener->spare = open_spare();
  return error;
}

/* Whatever makes accepting impossible may last: tries again a little later instead of spinning. */
static void rest(sio_listener *listener) {
  uv_poll_stop(&listener->poll);
  sio_deadline_start(&listener->loop->resting, &listener->rest, uv_now(listener->loop->uv));
}

/* False: nobody waits any more, or accepting is impossible now. */
static bool accept_next(sio_listener *listener) {
  sio_sockaddr from = {0};
  int fd = accept_one(listener, &from);
  if (fd >= 0) {
    welcome(listener, fd, &from);
    return true;
  }
  int error = errno;
  if (error == EMFILE || error == ENFILE)
    error = turn_away(listener);
  switch (error) {
  case 0:
  case EINTR:
  case ECONNABORTED:
  case EPROTO:
    return true;
  case EAGAIN:
    return false;
  default:
    rest(listener);
    return false;
  }
}

static void on_ready(uv_poll_t *poll, int status, int events) {
  sio_listener *listener = poll->data;
  sio_loop *loop = listener->loop;
  (void)events;
  sio_loop_enter(loop);
  if (status < 0)
    rest(listener);
  for (int i = 0; status == 0 && i < MAX_ACCEPTS && !listener->is_closing && accept_next(listener);
       i++)
    ;
  sio_loop_leave(loop);
}

void sio_listener_on_rested(sio_deadline *deadline) {
  sio_listener *listener = SIO_OF(deadline, sio_listener, rest);
  if (listener->spare < 0)
    listener->spare = open_spare();
  uv_poll_start(&listener->poll, UV_READABLE, on_ready);
}

/* --- life --- */

static void learn_address(sio_listener *listener) {
  sio_sockaddr bound = {0};
  socklen_t len = sizeof(bound);
  getsockname(listener->fd, &bound.any, &len);
  sio_sockaddr_format(&bound, &listener->address);
  if (bound.any.sa_family == AF_UNIX)
    stat(listener->address.host, &listener->file);
}

int sio_listener_open(sio_loop *loop, const char *address, const sio_listener_events *events,
                      void *owner, sio_listener **out) {
  sio_listener *listener = sio_calloc(1, sizeof(*listener));
  if (listener == NULL)
    return UV_ENOMEM;
  int fd = sio_address_listen(address);
  int error = fd < 0 ? fd : uv_poll_init(loop->uv, &listener->poll, fd);
  if (error != 0) {
    if (fd >= 0)
      close(fd);
    sio_free(listener);
    return error;
  }
  listener->poll.data = listener;
  listener->loop = loop;
  listener->events = events;
  listener->owner = owner;
  listener->fd = fd;
  listener->spare = open_spare();
  learn_address(listener);
  sio_list_push(&loop->listeners, &listener->node);
  loop->handles++;
  uv_poll_start(&listener->poll, UV_READABLE, on_ready);
  *out = listener;
  return 0;
}

void sio_listener_set_tls(sio_listener *listener, sio_tls *tls) {
  sio_tls *before = listener->tls;
  listener->tls = tls != NULL ? sio_tls_ref(tls) : NULL;
  sio_tls_unref(before);
}

void sio_listener_address(const sio_listener *listener, sio_address *out) {
  *out = listener->address;
}

static void on_closed(uv_handle_t *handle) {
  sio_listener *listener = handle->data;
  sio_loop *loop = listener->loop;
  sio_loop_enter(loop);
  sio_list_remove(&listener->node);
  listener->events->on_close(listener->owner);
  sio_tls_unref(listener->tls);
  sio_free(listener);
  sio_loop_leave(loop);
  sio_loop_settle(loop);
  sio_loop_lose_handle(loop);
}

/* Not when another server has put its own there meanwhile. */
static void remove_file(const sio_listener *listener) {
  struct stat now;
  if (listener->file.st_ino != 0 && lstat(listener->address.host, &now) == 0 &&
      now.st_ino == listener->file.st_ino && now.st_dev == listener->file.st_dev)
    unlink(listener->address.host);
}

void sio_listener_close(sio_listener *listener) {
  if (listener->is_closing)
    return;
  listener->is_closing = true;
  remove_file(listener);
  sio_deadline_stop(&listener->rest);
  uv_close((uv_handle_t *)&listener->poll, on_closed);
  close(listener->fd);
  if (listener->spare >= 0)
    close(listener->spare);
}

void sio_listener_close_all(sio_loop *loop) {
  for (sio_list *node = loop->listeners.next; node != &loop->listeners; node = node->next)
    sio_listener_close(SIO_OF(node, sio_listener, node));
}
