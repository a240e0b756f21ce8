#include "net/address.h"

#include <stdio.h>

#include "base/bytes.h"
#include "net/internal.h"

/* 0 to 65535, or -1. Digits only: no sign, no space, nothing behind. */
static int parse_port(const char *text) {
  int port = 0;
  size_t i;
  for (i = 0; text[i] >= '0' && text[i] <= '9' && i < 5; i++)
    port = port * 10 + (text[i] - '0');
  return i > 0 && text[i] == '\0' && port <= 65535 ? port : -1;
}

static int parse_path(const char *path, sio_sockaddr *out) {
  size_t len = strlen(path);
  if (len == 0 || len >= sizeof(out->local.sun_path))
    return UV_EINVAL;
  out->local.sun_family = AF_UNIX;
  memcpy(out->local.sun_path, path, len + 1);
  return 0;
}

static int parse_host(const char *host, bool is_bracketed, int port, sio_sockaddr *out) {
  if (is_bracketed)
    return uv_ip6_addr(host, port, (struct sockaddr_in6 *)&out->storage);
  if (strcmp(host, "localhost") == 0)
    host = "127.0.0.1";
  return uv_ip4_addr(host, port, (struct sockaddr_in *)&out->storage);
}

int sio_sockaddr_parse(const char *text, sio_sockaddr *out, bool *is_any) {
  *out = (sio_sockaddr){0};
  if (strncmp(text, "unix:", 5) == 0)
    return parse_path(text + 5, out);
  const char *colon = strrchr(text, ':');
  int port = parse_port(colon != NULL ? colon + 1 : text);
  if (port < 0)
    return UV_EINVAL;
  if (colon == NULL || colon == text) {
    *is_any = true;
    return uv_ip6_addr("::", port, (struct sockaddr_in6 *)&out->storage);
  }
  bool is_bracketed = text[0] == '[' && colon[-1] == ']';
  const char *from = is_bracketed ? text + 1 : text;
  size_t len = (size_t)(colon - from) - (is_bracketed ? 1 : 0);
  char host[INET6_ADDRSTRLEN + UV_IF_NAMESIZE];
  if (len >= sizeof(host))
    return UV_EINVAL;
  memcpy(host, from, len);
  host[len] = '\0';
  return parse_host(host, is_bracketed, port, out) == 0 ? 0 : UV_EINVAL;
}

static void format_ip4(const struct in_addr *ip, int port, sio_address *out) {
  uv_inet_ntop(AF_INET, ip, out->host, sizeof(out->host));
  memcpy(out->family, "IPv4", sizeof("IPv4"));
  out->port = port;
}

static void format_ip6(const struct sockaddr_in6 *in, sio_address *out) {
  int port = ntohs(in->sin6_port);
  if (IN6_IS_ADDR_V4MAPPED(&in->sin6_addr)) {
    struct in_addr ip;
    memcpy(&ip, &in->sin6_addr.s6_addr[12], sizeof(ip));
    format_ip4(&ip, port, out);
    return;
  }
  uv_inet_ntop(AF_INET6, &in->sin6_addr, out->host, sizeof(out->host));
  memcpy(out->family, "IPv6", sizeof("IPv6"));
  out->port = port;
}

static void format_path(const struct sockaddr_un *in, sio_address *out) {
  size_t len = strnlen(in->sun_path, sizeof(in->sun_path));
  memcpy(out->host, in->sun_path, len < sizeof(out->host) ? len : sizeof(out->host) - 1);
  memcpy(out->family, "unix", sizeof("unix"));
}

void sio_sockaddr_format(const sio_sockaddr *in, sio_address *out) {
  *out = (sio_address){0};
  if (in->any.sa_family == AF_INET) {
    const struct sockaddr_in *ip4 = (const struct sockaddr_in *)&in->storage;
    format_ip4(&ip4->sin_addr, ntohs(ip4->sin_port), out);
  } else if (in->any.sa_family == AF_INET6) {
    format_ip6((const struct sockaddr_in6 *)&in->storage, out);
  } else {
    format_path(&in->local, out);
  }
}
