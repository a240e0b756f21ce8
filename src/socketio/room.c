#include "base/alloc.h"
#include "base/error.h"
#include "socketio/private.h"

/* From so many rooms on a socket finds its memberships by hash instead of looking at each. */
enum { INDEXED = 32 };

/* --- what it is --- */

sio_bytes sio_room_name(const sio_room *room) {
  return sio_bytes_of(room->name, room->name_len);
}

size_t sio_room_count(const sio_room *room) {
  return room->count;
}

sio_socket *sio_room_member(const sio_room *room, size_t index) {
  return room->members[index].socket;
}

sio_room *sio_nsp_room(const sio_nsp *nsp, sio_bytes name) {
  return sio_map_get(&nsp->rooms, name);
}

sio_room *sio_nsp_next_room(const sio_nsp *nsp, size_t *at) {
  return sio_map_next(&nsp->rooms, at);
}

/* --- life --- */

static sio_room *make_room(sio_nsp *nsp, sio_bytes name) {
  if (name.len > UINT32_MAX)
    return NULL;
  sio_room *room = sio_calloc(1, sizeof(*room) + name.len);
  if (room == NULL)
    return NULL;
  room->members = &room->first;
  room->cap = 1;
  room->name_len = (uint32_t)name.len;
  if (name.len > 0)
    memcpy(room->name, name.base, name.len);
  if (sio_map_put(&nsp->rooms, sio_room_name(room), room) != 0) {
    sio_free(room);
    return NULL;
  }
  return room;
}

static void free_room(sio_room *room) {
  if (room->members != &room->first)
    sio_free(room->members);
  sio_free(room);
}

static void unpin(sio_room *room) {
  if (--room->pins == 0 && room->count == 0)
    free_room(room);
}

static void drop_if_empty(sio_nsp *nsp, sio_room *room) {
  if (room->count > 0)
    return;
  sio_map_del(&nsp->rooms, sio_room_name(room));
  if (room->pins == 0)
    free_room(room);
}

/* --- the index of a socket with many rooms: name to place, plus one because NULL is no value ---
 */

static int put_index(sio_map *index, const sio_socket *socket, uint32_t at) {
  return sio_map_put(index, sio_room_name(socket->rooms[at].room), (void *)((uintptr_t)at + 1));
}

static void free_index(sio_map *index) {
  sio_map_deinit(index);
  sio_free(index);
}

static int make_index(sio_socket *socket) {
  sio_map *index = sio_malloc(sizeof(*index));
  if (index == NULL)
    return SIO_ENOMEM;
  int err = sio_map_init(index);
  for (uint32_t at = 0; err == 0 && at < socket->room_count; at++)
    err = put_index(index, socket, at);
  if (err == 0)
    socket->index = index;
  else
    free_index(index);
  return err;
}

static bool find_membership(const sio_socket *socket, const sio_room *room, uint32_t *at) {
  if (socket->index != NULL) {
    uintptr_t place = (uintptr_t)sio_map_get(socket->index, sio_room_name(room));
    *at = (uint32_t)(place - 1);
    return place > 0;
  }
  for (*at = 0; *at < socket->room_count; ++*at)
    if (socket->rooms[*at].room == room)
      return true;
  return false;
}

/* --- memberships --- */

/* Doubles an array of cap items of that size whose first is inline. Returns NULL and changes
 * nothing when out of memory. */
static void *grow(void *items, const void *first, uint32_t *cap, size_t size) {
  if (*cap > UINT32_MAX / 2)
    return NULL;
  bool is_inline = items == first;
  void *grown = sio_realloc(is_inline ? NULL : items, *cap * 2 * size);
  if (grown == NULL)
    return NULL;
  if (is_inline)
    memcpy(grown, first, size);
  *cap *= 2;
  return grown;
}

static int reserve_member(sio_room *room) {
  if (room->count < room->cap)
    return 0;
  sio_member *grown = grow(room->members, &room->first, &room->cap, sizeof(*grown));
  if (grown == NULL)
    return SIO_ENOMEM;
  room->members = grown;
  return 0;
}

static int reserve_membership(sio_socket *socket) {
  if (socket->room_count < socket->room_cap)
    return 0;
  sio_membership *grown = grow(socket->rooms, &socket->first, &socket->room_cap, sizeof(*grown));
  if (grown == NULL)
    return SIO_ENOMEM;
  socket->rooms = grown;
  if (socket->room_cap > INDEXED && socket->index == NULL)
    return make_index(socket);
  return 0;
}

static int link_room(sio_socket *socket, sio_room *room) {
  int err = reserve_member(room);
  if (err == 0)
    err = reserve_membership(socket);
  if (err != 0)
    return err;
  uint32_t at = socket->room_count;
  socket->rooms[at] = (sio_membership){room, room->count};
  if (socket->index != NULL && (err = put_index(socket->index, socket, at)) != 0)
    return err;
  room->members[room->count++] = (sio_member){socket, at};
  socket->room_count++;
  return 0;
}

int sio_room_add(sio_socket *socket, sio_bytes name, bool *added) {
  sio_nsp *nsp = socket->nsp;
  sio_room *room = sio_nsp_room(nsp, name);
  uint32_t at;
  *added = false;
  if (room != NULL && find_membership(socket, room, &at))
    return 0;
  if (room == NULL && (room = make_room(nsp, name)) == NULL)
    return SIO_ENOMEM;
  int err = link_room(socket, room);
  if (err != 0)
    drop_if_empty(nsp, room);
  *added = err == 0;
  return err;
}

/* Gives memory back when a crowd has left. */
static void shrink(sio_room *room) {
  enum { SMALL = 64 };
  if (room->cap <= SMALL || room->count > room->cap / 4)
    return;
  sio_member *shrunk = sio_realloc(room->members, room->cap / 2 * sizeof(*shrunk));
  if (shrunk == NULL)
    return;
  room->members = shrunk;
  room->cap /= 2;
}

/* Both lists stay dense: the last one moves to the place that becomes free. */
static void unlink_room(sio_socket *socket, uint32_t at) {
  sio_membership gone = socket->rooms[at];
  if (socket->index != NULL)
    sio_map_del(socket->index, sio_room_name(gone.room));
  sio_member last_member = gone.room->members[--gone.room->count];
  gone.room->members[gone.at] = last_member;
  last_member.socket->rooms[last_member.at].at = gone.at;
  sio_membership last = socket->rooms[--socket->room_count];
  if (at == socket->room_count)
    return;
  socket->rooms[at] = last;
  last.room->members[last.at].at = at;
  if (socket->index != NULL)
    put_index(socket->index, socket, at); /* replaces, and needs no memory for it */
}

static void leave(sio_socket *socket, uint32_t at) {
  sio_room *room = socket->rooms[at].room;
  room->pins++;
  unlink_room(socket, at);
  shrink(room);
  drop_if_empty(socket->nsp, room);
  sio_room_tell(socket, sio_room_name(room), false);
  unpin(room);
}

void sio_room_tell(sio_socket *socket, sio_bytes name, bool joined) {
  const sio_nsp *nsp = socket->nsp;
  if (!socket->is_watched && !nsp->is_watched)
    return;
  const sio_server *server = nsp->server;
  if (!server->is_silent)
    server->hooks->on_room(server->ctx, socket, name, joined);
}

/* --- calls of the owner --- */

int sio_socket_join(sio_socket *socket, sio_bytes name) {
  if (socket->state == SIO_SOCKET_DISCONNECTED)
    return SIO_ECLOSED;
  if (socket->nsp == NULL)
    return SIO_EINVAL;
  bool added;
  int err = sio_room_add(socket, name, &added);
  if (added)
    sio_room_tell(socket, name, true);
  return err;
}

int sio_socket_leave(sio_socket *socket, sio_bytes name) {
  if (socket->state == SIO_SOCKET_DISCONNECTED)
    return SIO_ECLOSED;
  if (socket->nsp == NULL)
    return SIO_EINVAL;
  uint32_t at;
  const sio_room *room = sio_nsp_room(socket->nsp, name);
  if (room != NULL && find_membership(socket, room, &at))
    leave(socket, at);
  return 0;
}

void sio_socket_leave_all(sio_socket *socket) {
  while (socket->room_count > 0)
    leave(socket, socket->room_count - 1);
  if (socket->rooms != &socket->first)
    sio_free(socket->rooms);
  socket->rooms = &socket->first;
  socket->room_cap = 1;
  if (socket->index != NULL)
    free_index(socket->index);
  socket->index = NULL;
}

bool sio_socket_is_in(const sio_socket *socket, sio_bytes name) {
  if (socket->room_count == 0)
    return false;
  uint32_t at;
  const sio_room *room = sio_nsp_room(socket->nsp, name);
  return room != NULL && find_membership(socket, room, &at);
}

sio_bytes sio_socket_next_room(const sio_socket *socket, size_t *at) {
  if (*at >= socket->room_count)
    return sio_bytes_of(NULL, 0);
  return sio_room_name(socket->rooms[(*at)++].room);
}

void sio_socket_watch_rooms(sio_socket *socket) {
  socket->is_watched = true;
}

void sio_nsp_watch_rooms(sio_nsp *nsp, bool on) {
  nsp->is_watched = on;
}
