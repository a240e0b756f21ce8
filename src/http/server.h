/*
 * An HTTP server: listeners, connections, and a chain of handlers asked in order for each request
 * (the client files, Engine.IO, static folders, the application). Nobody takes it: 404, or for an
 * upgrade 404 and close.
 *
 * It refuses bad requests itself (400, 408, 413, 431, 505: empty body, connection closed) and keeps
 * the time limits of base/limits.h. Requests that are pipelined are served one after the other.
 */
#ifndef SIO_HTTP_SERVER_H
#define SIO_HTTP_SERVER_H

#include "base/log.h"
#include "http/exchange.h"
#include "net/listener.h"

typedef struct sio_http_server sio_http_server;

typedef struct sio_http_options {
  size_t max_header_size; /* bytes */
  unsigned max_headers;
  uint64_t headers_timeout;    /* ms */
  uint64_t request_timeout;    /* ms */
  uint64_t keep_alive_timeout; /* ms */
  const sio_log *log;          /* borrowed; may be NULL */
} sio_http_options;

void sio_http_options_init(sio_http_options *options); /* the defaults of base/limits.h */

/* Someone who may answer requests. Registered once; lives as long as the server or until removed.
 */
typedef struct sio_http_handler {
  sio_list node;
  /*
   * The head of a request has come, the body has not. True: the handler has taken the exchange
   * (answered it, or will). False: not mine, ask the next one.
   */
  bool (*on_request)(struct sio_http_handler *handler, sio_exchange *exchange);
} sio_http_handler;

sio_http_server *sio_http_server_new(sio_loop *loop, const sio_http_options *options); /* copies */

/* Asked after those added before; first puts it at the front. */
void sio_http_server_add(sio_http_server *server, sio_http_handler *handler, bool first);
void sio_http_server_remove(sio_http_handler *handler);

/*
 * See sio_listener_open for addresses and errors. May be called several times, also after close.
 * tls: what its connections speak (shares); NULL: plain HTTP.
 */
int sio_http_server_listen(sio_http_server *server, const char *address, sio_tls *tls);
/* The address of the newest listener; false when it listens nowhere. */
bool sio_http_server_address(const sio_http_server *server, sio_address *out);

/*
 * Stops listening, closes idle connections at once and busy ones after their answer; on_closed (may
 * be NULL) is called from the loop when none is left. Connections that were upgraded are not its
 * business.
 */
void sio_http_server_close(sio_http_server *server, void (*on_closed)(void *owner), void *owner);

/* Closes whatever is open at once and frees the server when the last of it is gone. */
void sio_http_server_free(sio_http_server *server);

#endif
