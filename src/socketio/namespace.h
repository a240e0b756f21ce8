/*
 * Namespaces, rooms and the fan-out. A room is a dense array of its members, and each membership
 * knows its place in both lists: join, leave and disconnect take constant time a room, a broadcast
 * walks memory in order. A socket in several rooms of a target, or in an excepted one, is
 * recognised by a mark.
 */
#ifndef SIO_SOCKETIO_NAMESPACE_H
#define SIO_SOCKETIO_NAMESPACE_H

#include "socketio/parser.h"
#include "socketio/socket.h"

typedef struct sio_nsp sio_nsp;

/* Whom a broadcast reaches: the union of rooms (none: everybody), without the members of except. */
typedef struct sio_target {
  const sio_bytes *rooms;
  size_t room_count;
  const sio_bytes *except;
  size_t except_count;
} sio_target;

sio_nsp *sio_nsp_ref(sio_nsp *nsp);
void sio_nsp_unref(sio_nsp *nsp); /* NULL is allowed */

sio_bytes sio_nsp_name(const sio_nsp *nsp);
size_t sio_nsp_count(const sio_nsp *nsp); /* sockets connected */

/* The next acknowledgement id: 0, 1, 2, ...; one counter for each namespace, never reused. */
int64_t sio_nsp_next_id(sio_nsp *nsp);

/* The connected socket of that id, or NULL. */
sio_socket *sio_nsp_find(const sio_nsp *nsp, sio_bytes id);

/*
 * Sends a message to every connected socket of the target, each once. Returns how many it was
 * queued for. A volatile one is dropped, attachments included, for a client that is not ready.
 */
size_t sio_nsp_broadcast(sio_nsp *nsp, const sio_target *target, const sio_message *message,
                         bool is_volatile);

/*
 * The sockets of the target, each held (sio_socket_ref), because what is done with them may change
 * rooms and connections: an array of *count, perhaps none, which the caller frees with
 * sio_nsp_release. NULL: out of memory.
 */
sio_socket **sio_nsp_select(sio_nsp *nsp, const sio_target *target, size_t *count);
void sio_nsp_release(sio_socket **sockets, size_t count);

/* Rooms: how many members one has (which exists while it has any), each of them (perhaps still
 * connecting; NULL from there on), and the names of all (*at starts at 0, base NULL at the end). */
size_t sio_nsp_room_count(const sio_nsp *nsp, sio_bytes room);
sio_socket *sio_nsp_room_member(const sio_nsp *nsp, sio_bytes room, size_t index);
sio_bytes sio_nsp_next_room(const sio_nsp *nsp, size_t *at);

/* on_room is called for all sockets of the namespace from now on (or no more). */
void sio_nsp_watch_rooms(sio_nsp *nsp, bool on);

/*
 * Takes an empty namespace away: its name is unknown from now on. False, and nothing has changed,
 * when a socket is connected or connecting to it. The pointer is invalid afterwards, except for
 * who holds it and for what sio_socket_nsp says: then it is a namespace without sockets.
 */
bool sio_nsp_remove(sio_nsp *nsp);

#endif
