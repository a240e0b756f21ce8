/* A listening socket. */
#ifndef SIO_NET_LISTENER_H
#define SIO_NET_LISTENER_H

#include "net/stream.h"
#include "net/tls.h"

typedef struct sio_listener sio_listener;

typedef struct sio_address {
  char host[108]; /* numeric, or the path of a Unix socket */
  char family[8]; /* "IPv4", "IPv6" or "unix" */
  int port;
} sio_address;

typedef struct sio_listener_events {
  /*
   * A connection was accepted; the callee becomes its owner with sio_stream_set_owner before it
   * returns, or closes it. Reading starts after that. Borrows the peer's address, which nobody
   * keeps; that of a Unix socket is mostly empty.
   */
  void (*on_accept)(void *owner, sio_stream *stream, const sio_address *peer);
  void (*on_close)(void *owner); /* the last event; the listener is freed after it */
} sio_listener_events;

/*
 * Binds and listens before it returns. address is "3000" or ":3000" (every interface, IPv6 and
 * IPv4), "host:port", "[::1]:port" (the host numeric or "localhost") or "unix:/path". Port 0 picks
 * a free one. A socket file that nobody listens on is replaced. Returns 0 and the listener, or a
 * negative libuv code (see sio_net_error_name): UV_EADDRINUSE, UV_EINVAL for an address that cannot
 * be read, UV_ENOMEM. When descriptors run out, accepting does not spin: clients are turned away.
 */
int sio_listener_open(sio_loop *loop, const char *address, const sio_listener_events *events,
                      void *owner, sio_listener **listener);

/* Connections accepted from now on speak TLS; NULL: do not. Shares. */
void sio_listener_set_tls(sio_listener *listener, sio_tls *tls);

void sio_listener_address(const sio_listener *listener, sio_address *out);

/* Accepts no more and removes its socket file at once; on_close follows from the loop. */
void sio_listener_close(sio_listener *listener);

/* Of libuv's codes: "EADDRINUSE" and its like, and the same as a sentence. Never NULL. */
const char *sio_net_error_name(int error);
const char *sio_net_error_text(int error);

#endif
