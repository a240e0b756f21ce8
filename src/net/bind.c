#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/address.h"
#include "net/internal.h"

enum { BACKLOG = 4096 };

static socklen_t size_of(const sio_sockaddr *address) {
  switch (address->any.sa_family) {
  case AF_INET:
    return sizeof(struct sockaddr_in);
  case AF_INET6:
    return sizeof(struct sockaddr_in6);
  default:
    return sizeof(struct sockaddr_un);
  }
}

static void set(int fd, int level, int option, int value) {
  setsockopt(fd, level, option, &value, sizeof(value));
}

/* Non-blocking, not inherited by child processes. */
static int make_socket(int family) {
  int fd = socket(family, SOCK_STREAM, 0);
  if (fd < 0)
    return uv_translate_sys_error(errno);
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}

static int listen_on(const sio_sockaddr *address) {
  int fd = make_socket(address->any.sa_family);
  if (fd < 0)
    return fd;
  if (address->any.sa_family != AF_UNIX)
    set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (address->any.sa_family == AF_INET6)
    set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (bind(fd, &address->any, size_of(address)) == 0 && listen(fd, BACKLOG) == 0)
    return fd;
  int error = uv_translate_sys_error(errno);
  close(fd);
  return error;
}

/* A socket file that nobody listens on: its server died without removing it. */
static bool is_stale(const sio_sockaddr *address) {
  struct stat file;
  if (lstat(address->local.sun_path, &file) != 0 || !S_ISSOCK(file.st_mode))
    return false;
  int fd = make_socket(AF_UNIX);
  if (fd < 0)
    return false;
  bool is_refused = connect(fd, &address->any, size_of(address)) != 0 && errno == ECONNREFUSED;
  close(fd);
  return is_refused;
}

static int listen_on_path(const sio_sockaddr *address) {
  int fd = listen_on(address);
  if (fd != UV_EADDRINUSE || !is_stale(address) || unlink(address->local.sun_path) != 0)
    return fd;
  return listen_on(address);
}

int sio_address_listen(const char *text) {
  sio_sockaddr address;
  bool is_any = false;
  int error = sio_sockaddr_parse(text, &address, &is_any);
  if (error != 0)
    return error;
  if (address.any.sa_family == AF_UNIX)
    return listen_on_path(&address);
  int fd = listen_on(&address);
  if (!is_any || (fd != UV_EAFNOSUPPORT && fd != UV_EADDRNOTAVAIL))
    return fd;
  /* A machine without IPv6. */
  uv_ip4_addr("0.0.0.0", ntohs(((struct sockaddr_in6 *)&address.storage)->sin6_port),
              (struct sockaddr_in *)&address.storage);
  return listen_on(&address);
}
