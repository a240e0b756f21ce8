/*
 * What the files of this folder know of each other. A socket is listed in its client, in its
 * namespace while connected (by place), and in rooms, by memberships that point to each other.
 *
 * Nearly every socket is in the room of its id, alone, and most are in no other: that room is made
 * only when a second socket joins it. Until then it is a mark of the socket, is_home.
 */
#ifndef SIO_SOCKETIO_PRIVATE_H
#define SIO_SOCKETIO_PRIVATE_H

#include "base/deadline.h"
#include "base/list.h"
#include "base/map.h"
#include "socketio/client.h"
#include "socketio/client_files.h"
#include "socketio/server.h"

struct sio_server {
  sio_server_options options;
  const sio_hooks *hooks;
  void *ctx;
  bool is_silent; /* being freed: only on_forget is told */
  unsigned next_id;
  sio_loop *loop;
  sio_engine *engine;
  sio_client_files *files;  /* NULL when they are not served */
  sio_list attachments;     /* to HTTP servers */
  sio_deadlines connecting; /* of clients that have joined nothing yet */
  sio_list clients;         /* the others */
  sio_map nsps;
};

struct sio_nsp {
  uint32_t refs;        /* the server's, one for each socket that is or was in it, and others' */
  uint32_t present;     /* sockets connecting or connected */
  uint32_t count, cap;  /* of sockets */
  sio_server *server;   /* NULL once it was removed */
  sio_socket **sockets; /* connected, in no order */
  sio_map ids;          /* of these, by id */
  sio_map rooms;
  uint64_t mark; /* the newest */
  int64_t next_id;
  bool is_watched;
  size_t name_len;
  char name[];
};

typedef struct sio_room sio_room;

typedef struct sio_member { /* of a room */
  sio_socket *socket;
  uint32_t at; /* in socket->rooms */
} sio_member;

typedef struct sio_membership { /* of a socket */
  sio_room *room;
  uint32_t at; /* in room->members */
} sio_membership;

typedef struct sio_memberships { /* in rooms that were made */
  sio_map *index; /* room name to place in items, plus one; NULL while they are few */
  uint32_t count, cap;
  sio_membership items[];
} sio_memberships;

/* The first member is inline. */
struct sio_room {
  sio_member *members; /* &first, or allocated */
  sio_member first;
  uint32_t count, cap;
  uint32_t pins; /* > 0: memory is kept though it is empty */
  uint32_t name_len;
  char name[];
};

struct sio_socket {
  uint32_t refs;
  uint8_t state;      /* enum sio_socket_state */
  bool is_listed : 1; /* in its client's sockets */
  bool is_watched : 1;
  bool is_home : 1;  /* in the room of its id, alone */
  bool was_told : 1; /* of the error that closes its client */
  uint64_t mark;     /* the newest mark it was given */
  sio_session *session;
  sio_nsp *nsp;
  void *data;
  sio_socket *next;       /* of its client */
  sio_memberships *rooms; /* NULL: none yet */
  uint32_t place;         /* in nsp->sockets */
  uint32_t id_len;
  uint32_t name_len; /* of the namespace it asked for, if it was in none at first */
  char text[];       /* the id, and that name */
};

/* --- socket.c --- */

/* A connecting socket of that client in the namespace of that name, which is nsp, or (NULL) does
 * not exist. Borrowed from the client's list, which holds it. NULL: out of memory. */
sio_socket *sio_socket_new(sio_client *client, sio_nsp *nsp, sio_bytes name);

/* Takes a socket that is in its client's list (else: nothing) out of everything, and tells its
 * hooks. */
void sio_socket_drop(sio_socket *socket, const char *reason, const char *detail);

/* The name of its namespace, entered or not. */
sio_bytes sio_socket_nsp_name(const sio_socket *socket);

/* Tells the client that its socket leaves the namespace. */
void sio_socket_send_disconnect(const sio_socket *socket);

/* Sends one packet of a session that has a client; out of memory the session closes. 0,
 * SIO_ECLOSED, SIO_ENOMEM. */
int sio_packet_send(sio_session *session, const sio_packet *packet);

/* --- broadcast.c --- */

/* Queues all frames of a message. As sio_session_send. */
int sio_message_send(const sio_message *message, sio_session *session);

/* --- room.c --- */

sio_bytes sio_room_key(const void *ctx, const void *room); /* its name, for a map */

/* Who is in a room: those of list, or (NULL) home alone. None when there is no such room. Valid
 * until somebody joins or leaves it. */
typedef struct sio_members {
  const sio_member *list;
  sio_socket *home;
  uint32_t count;
} sio_members;

sio_members sio_room_members(const sio_nsp *nsp, sio_bytes name);

static inline sio_socket *sio_members_at(const sio_members *members, uint32_t at) {
  return members->list != NULL ? members->list[at].socket : members->home;
}

/* In how many rooms a socket is. */
size_t sio_socket_room_count(const sio_socket *socket);

/* Adds a socket to the room of that name, made if need be. True in *added when it was not in it. 0,
 * SIO_ENOMEM. */
int sio_room_add(sio_socket *socket, sio_bytes name, bool *added);

/* Tells on_room if somebody watches. */
void sio_room_tell(sio_socket *socket, sio_bytes name, bool joined);

/* --- namespace.c --- */

sio_nsp *sio_nsp_new(sio_server *server, sio_bytes name); /* NULL: out of memory */
int sio_nsp_list(sio_nsp *nsp, sio_socket *socket);       /* 0, SIO_ENOMEM */
void sio_nsp_unlist(sio_nsp *nsp, sio_socket *socket);

#endif
