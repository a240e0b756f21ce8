/*
 * A client: the sockets that one session has in namespaces, and the binary packet whose attachments
 * are still coming. The engine's events come here; whatever breaks the protocol closes the session.
 */
#ifndef SIO_SOCKETIO_CLIENT_H
#define SIO_SOCKETIO_CLIENT_H

#include "base/deadline.h"
#include "base/list.h"
#include "socketio/server.h"

typedef struct sio_client {
  uint32_t refs;       /* the server's, and one for each call that tells hooks */
  uint32_t count : 30; /* of sockets */
  bool is_old : 1;     /* of protocol 3 (Socket.IO 2) */
  bool is_settled : 1; /* a socket of its was accepted, or it is too late for that */
  sio_server *server;
  sio_session *session;
  sio_socket *sockets; /* the oldest; NULL: none */
  union {
    sio_deadline connecting; /* until it is settled */
    struct {                 /* from then on */
      sio_list node;         /* in the server's clients, until the session has ended */
      struct sio_assembly *assembly;
    };
  };
} sio_client;

/* A client that is to join something in time, as the session's data. NULL: out of memory. */
sio_client *sio_client_new(sio_server *server, sio_session *session);

/* It has joined something, or has to no more. */
void sio_client_settle(sio_client *client);

/* Joins "/" for a client of protocol 3, which does not ask for it. */
void sio_client_join_main(sio_client *client);

/* One message of the session. Borrows. */
void sio_client_receive(sio_client *client, sio_bytes data, bool binary);

/* Drops all sockets and forgets the session. */
void sio_client_end(sio_client *client, const char *reason, const char *detail);

/* Disconnects every socket, telling the client, and closes the session. */
void sio_client_disconnect(sio_client *client);

/* Closes the session of a client that joined nothing in time (expire of the server's queue). */
void sio_client_expire(sio_deadline *deadline);

#endif
