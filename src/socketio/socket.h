/*
 * A socket: one client in one namespace. Reference-counted; the server holds it while it is
 * connecting or connected. Calls on a disconnected one are harmless.
 *
 *   (enter ──►) connecting ──accept──► connected ──► disconnected
 *                   └──────── refuse, client gone ─────────┘
 */
#ifndef SIO_SOCKETIO_SOCKET_H
#define SIO_SOCKETIO_SOCKET_H

#include "base/random.h"
#include "engine/session.h"
#include "socketio/parser.h"

typedef struct sio_socket sio_socket;
struct sio_nsp;

enum sio_socket_state { SIO_SOCKET_CONNECTING, SIO_SOCKET_CONNECTED, SIO_SOCKET_DISCONNECTED };

sio_socket *sio_socket_ref(sio_socket *socket);
void sio_socket_unref(sio_socket *socket); /* NULL is allowed */

/* Public, SIO_ID_LEN characters. In protocol 3 clients know no other id than that of the session:
 * it is this one, in namespaces but "/" behind the name and '#'. */
sio_bytes sio_socket_id(const sio_socket *socket);
/* Still CONNECTED while on_disconnecting is told. */
enum sio_socket_state sio_socket_get_state(const sio_socket *socket);
/* Borrows; valid as long as the socket. NULL before sio_socket_enter (hook on_unknown). */
struct sio_nsp *sio_socket_nsp(const sio_socket *socket);
sio_session *
sio_socket_session(const sio_socket *socket); /* borrows; valid as long as the socket */
void sio_socket_set_data(sio_socket *socket, void *data);
void *sio_socket_data(const sio_socket *socket);

/*
 * Puts a socket that asked for an unknown namespace into one, which was made meanwhile; accept or
 * refuse follows. SIO_ECLOSED when it is not connecting any more, SIO_EINVAL when it is in one.
 */
int sio_socket_enter(sio_socket *socket, struct sio_nsp *nsp);

/*
 * Gives a CONNECTING socket in a namespace, of protocol 5 and in no room, the id of one that has
 * disconnected (connection state recovery). Copies. SIO_ECLOSED when it is not connecting any more,
 * SIO_EINVAL when it cannot have that id: it is malformed, or the id of another socket.
 */
int sio_socket_restore(sio_socket *socket, sio_bytes id);

/*
 * Answers a CONNECTING socket. Accept: it is listed in the namespace, joins the room of its id, and
 * the client gets its CONNECT packet, with pid, the secret by which it may ask for its state after
 * a reconnection, unless that is empty (printable ASCII without quotes; protocol 3 knows none).
 * Refuse: the client gets CONNECT_ERROR with that payload, the socket is gone (rooms left,
 * on_forget). SIO_ECLOSED when it is not connecting any more or its client is going, SIO_EINVAL
 * when it is in no namespace or its id is taken, SIO_ENOMEM (the session closes).
 */
int sio_socket_accept(sio_socket *socket, sio_bytes pid);
int sio_socket_refuse(sio_socket *socket, sio_bytes json);

/*
 * Sends a message. Also to a CONNECTING socket: clients keep what arrives before their CONNECT.
 * Volatile: dropped, attachments included, when the client is not ready. 0, SIO_ECLOSED,
 * SIO_ENOMEM.
 */
int sio_socket_send(sio_socket *socket, const sio_message *message, bool is_volatile);

/*
 * Rooms. A connecting socket may join; refused, it leaves them. Joining twice, or leaving a room it
 * is not in, changes nothing. Copies the name. 0, SIO_ECLOSED, SIO_EINVAL when it is in no
 * namespace, SIO_ENOMEM.
 */
int sio_socket_join(sio_socket *socket, sio_bytes room);
int sio_socket_leave(sio_socket *socket, sio_bytes room);
void sio_socket_leave_all(sio_socket *socket);
bool sio_socket_is_in(const sio_socket *socket, sio_bytes room);
/* Walks the names of its rooms in the order joined as far as leaves allow: *at starts at 0, base
 * NULL at the end. */
sio_bytes sio_socket_next_room(const sio_socket *socket, size_t *at);
/* on_room is called for this socket from now on. */
void sio_socket_watch_rooms(sio_socket *socket);

/*
 * Disconnects a connected socket from its namespace ("server namespace disconnect", the client is
 * told); with close all sockets of the client, whose connection closes then.
 */
void sio_socket_disconnect(sio_socket *socket, bool close);

#endif
