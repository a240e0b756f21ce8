/* Addresses: text to socket address and back, and the sockets that listen on them. */
#ifndef SIO_NET_ADDRESS_H
#define SIO_NET_ADDRESS_H

#include <sys/socket.h>
#include <sys/un.h>

#include "net/listener.h"

typedef union sio_sockaddr {
  struct sockaddr any;
  struct sockaddr_storage storage;
  struct sockaddr_un local;
} sio_sockaddr;

/*
 * Reads what sio_listener_open takes. "3000" becomes [::]:3000 and sets is_any: IPv4 is meant too.
 * 0 or UV_EINVAL.
 */
int sio_sockaddr_parse(const char *text, sio_sockaddr *out, bool *is_any);

/* The other way round; an IPv4 address within IPv6 as IPv4. */
void sio_sockaddr_format(const sio_sockaddr *in, sio_address *out);

/* Returns a listening, non-blocking socket, or a negative libuv code. */
int sio_address_listen(const char *text);

#endif
