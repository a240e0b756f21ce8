/*
 * A Socket.IO server (protocol 5, on sessions of Engine.IO 3 its older form) on an Engine.IO
 * server: clients (one a session), their sockets (one a namespace joined), namespaces and rooms.
 * What an event means is the owner's business: it is told through hooks and answers with the calls
 * of socket.h and namespace.h.
 *
 * Every hook may call anything but sio_server_free: disconnect any socket, close the server. What
 * it is told about is held until it returns.
 */
#ifndef SIO_SOCKETIO_SERVER_H
#define SIO_SOCKETIO_SERVER_H

#include "engine/engine.h"
#include "socketio/namespace.h"
#include "socketio/parser.h"
#include "socketio/socket.h"

typedef struct sio_server sio_server;

typedef struct sio_server_options {
  sio_engine_options engine;
  uint64_t connect_timeout; /* ms for a client to join its first namespace */
  size_t max_attachments;   /* a packet */
  size_t max_namespaces;    /* joined or being joined by one client */
  const sio_parser *parser;
  bool raw; /* messages of sessions go to on_message: Engine.IO alone, until sio_server_bind */
  bool serve_client; /* answer <path>socket.io.js and its like */
} sio_server_options;

void sio_server_options_init(sio_server_options *options); /* the reference's defaults */

/*
 * The packet of an event or acknowledgement as it came, complete with its attachments. Borrowed.
 */
typedef struct sio_incoming {
  const sio_packet *packet; /* EVENT, ACK or their binary forms; its id may be SIO_NO_ACK */
  const sio_bytes *attachments;
} sio_incoming;

typedef struct sio_hooks {
  /*
   * A client wants to join an existing namespace. The socket is CONNECTING until sio_socket_accept
   * or _refuse, now or later. auth is the payload: a JSON object's text, or empty; of a client of
   * protocol 3 the query behind the name, still encoded. A negative return means it is none: the
   * connection is closed as a parse error.
   */
  int (*on_connect)(void *ctx, sio_socket *socket, sio_bytes auth);
  /*
   * A client wants to join a namespace that does not exist. The socket is CONNECTING and in none
   * (sio_socket_nsp is NULL) until sio_socket_enter or _refuse, now or later. Returns as
   * on_connect. NULL: such a client is told "Invalid namespace".
   */
  int (*on_unknown)(void *ctx, sio_socket *socket, sio_bytes name, sio_bytes auth);
  /*
   * An event, or the acknowledgement of one of ours. A negative return (and perhaps a reason) means
   * that its payload is malformed: on_error follows, and the connection is closed.
   */
  int (*on_event)(void *ctx, sio_socket *socket, const sio_incoming *in, const char **reason);
  int (*on_ack)(void *ctx, sio_socket *socket, const sio_incoming *in, const char **reason);
  /* Before the socket leaves its rooms, and after. Only for sockets that were accepted. */
  void (*on_disconnecting)(void *ctx, sio_socket *socket, const char *reason, const char *detail);
  void (*on_disconnect)(void *ctx, sio_socket *socket, const char *reason, const char *detail);
  /* The client sent something malformed; told to each of its accepted sockets before it is closed.
   */
  void (*on_error)(void *ctx, sio_socket *socket, const char *message);
  /* The last word about a socket, accepted or not: it is disconnected. Frees or releases what
   * sio_socket_data holds. */
  void (*on_forget)(void *ctx, sio_socket *socket);
  /* A socket joined (true) or left a room. Only for namespaces and sockets that are watched. */
  void (*on_room)(void *ctx, sio_socket *socket, sio_bytes room, bool joined);
  /* A message of a session that opened while the server was raw. Borrows data. May be NULL. */
  void (*on_message)(void *ctx, sio_session *session, sio_bytes data, bool binary);
  /* A client's session changed its transport. (The policy in engine/admission.h tells of sessions
   * that open and of queues that become empty.) May be NULL. */
  void (*on_upgrade)(void *ctx, sio_session *session);
  /* A session has come; for each there will be one on_session_close. May be NULL. */
  void (*on_session)(void *ctx, sio_session *session);
  /* The session is over: after the disconnect of its sockets. */
  void (*on_session_close)(void *ctx, sio_session *session, const char *reason, const char *detail);
} sio_hooks;

/* Copies options, borrows hooks. NULL: out of memory. */
sio_server *sio_server_new(sio_loop *loop, const sio_server_options *options,
                           const sio_hooks *hooks, void *ctx);

/*
 * Answers Socket.IO's paths on that HTTP server, before the handlers it has; on any number of
 * them, on each once. 0 or SIO_ENOMEM.
 */
int sio_server_attach(sio_server *server, sio_http_server *http);

/* A raw server speaks Socket.IO from now on, with the sessions that open; of options it takes what
 * concerns neither the engine nor files. */
void sio_server_bind(sio_server *server, const sio_server_options *options);

sio_engine *sio_server_engine(const sio_server *server);

/* The namespace of that name (which begins with '/'), made if there is none and create is true.
 * NULL: absent, or out of memory. */
sio_nsp *sio_server_nsp(sio_server *server, sio_bytes name, bool create);

/*
 * Every socket disconnects with "server shutting down" (no packet is sent), then every session
 * closes. Namespaces stay; the server can be listened on again (sio_server_reopen).
 */
void sio_server_close(sio_server *server);
void sio_server_reopen(sio_server *server);

/* Frees the server, its namespaces and clients; only on_forget is still called. Not from inside a
 * hook. */
void sio_server_free(sio_server *server);

#endif
