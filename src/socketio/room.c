#include "base/alloc.h"
#include "base/error.h"
#include "socketio/private.h"

/* From so many rooms on a socket finds its memberships by hash instead of looking at each. */
enum { INDEXED = 32 };

/* --- what it is --- */

static sio_bytes name_of(const sio_room *room) {
  return sio_bytes_of(room->name, room->name_len);
}

sio_bytes sio_room_key(const void *ctx, const void *room) {
  (void)ctx;
  return name_of(room);
}

sio_members sio_room_members(const sio_nsp *nsp, sio_bytes name) {
  const sio_room *room = sio_map_get(&nsp->rooms, name);
  if (room != NULL)
    return (sio_members){.list = room->members, .count = room->count};
  sio_socket *socket = sio_nsp_find(nsp, name);
  if (socket != NULL && socket->is_home)
    return (sio_members){.home = socket, .count = 1};
  return (sio_members){0};
}

size_t sio_nsp_room_count(const sio_nsp *nsp, sio_bytes room) {
  return sio_room_members(nsp, room).count;
}

sio_socket *sio_nsp_room_member(const sio_nsp *nsp, sio_bytes room, size_t index) {
  sio_members members = sio_room_members(nsp, room);
  return index < members.count ? sio_members_at(&members, (uint32_t)index) : NULL;
}

/* First those of sockets that are home, by their places. */
sio_bytes sio_nsp_next_room(const sio_nsp *nsp, size_t *at) {
  while (*at < nsp->count) {
    const sio_socket *socket = nsp->sockets[(*at)++];
    if (socket->is_home)
      return sio_socket_id(socket);
  }
  size_t in_map = *at - nsp->count;
  const sio_room *room = sio_map_next(&nsp->rooms, &in_map);
  *at = nsp->count + in_map;
  return room != NULL ? name_of(room) : sio_bytes_of(NULL, 0);
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
  if (sio_map_put(&nsp->rooms, room) != 0) {
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
  sio_map_del(&nsp->rooms, name_of(room));
  if (room->pins == 0)
    free_room(room);
}

/* --- the index of a socket with many rooms: name to place, plus one because NULL is no value ---
 */

static sio_bytes name_at(const void *socket, const void *place) {
  const sio_memberships *rooms = ((const sio_socket *)socket)->rooms;
  return name_of(rooms->items[(uintptr_t)place - 1].room);
}

static int put_index(sio_map *index, uint32_t at) {
  return sio_map_put(index, (void *)((uintptr_t)at + 1));
}

static void free_index(sio_map *index) {
  if (index == NULL)
    return;
  sio_map_deinit(index);
  sio_free(index);
}

static int make_index(sio_socket *socket) {
  sio_memberships *rooms = socket->rooms;
  sio_map *index = sio_malloc(sizeof(*index));
  if (index == NULL)
    return SIO_ENOMEM;
  int err = sio_map_init(index, name_at, socket);
  for (uint32_t at = 0; err == 0 && at < rooms->count; at++)
    err = put_index(index, at);
  if (err == 0)
    rooms->index = index;
  else
    free_index(index);
  return err;
}

static bool find_membership(const sio_memberships *rooms, const sio_room *room, uint32_t *at) {
  if (rooms == NULL)
    return false;
  if (rooms->index != NULL) {
    uintptr_t place = (uintptr_t)sio_map_get(rooms->index, name_of(room));
    *at = (uint32_t)(place - 1);
    return place > 0;
  }
  for (*at = 0; *at < rooms->count; ++*at)
    if (rooms->items[*at].room == room)
      return true;
  return false;
}

/* --- memberships --- */

static int reserve_member(sio_room *room) {
  if (room->count < room->cap)
    return 0;
  if (room->cap > UINT32_MAX / 2)
    return SIO_ENOMEM;
  bool is_inline = room->members == &room->first;
  sio_member *grown =
      sio_realloc(is_inline ? NULL : room->members, (size_t)room->cap * 2 * sizeof(*grown));
  if (grown == NULL)
    return SIO_ENOMEM;
  if (is_inline)
    grown[0] = room->first;
  room->members = grown;
  room->cap *= 2;
  return 0;
}

static int reserve_membership(sio_socket *socket) {
  sio_memberships *rooms = socket->rooms;
  if (rooms != NULL && rooms->count < rooms->cap)
    return 0;
  uint32_t cap = rooms != NULL ? rooms->cap * 2 : 1;
  if (cap == 0)
    return SIO_ENOMEM;
  sio_memberships *grown = sio_realloc(rooms, sizeof(*grown) + cap * sizeof(grown->items[0]));
  if (grown == NULL)
    return SIO_ENOMEM;
  if (rooms == NULL)
    *grown = (sio_memberships){0};
  grown->cap = cap;
  socket->rooms = grown;
  return cap > INDEXED && grown->index == NULL ? make_index(socket) : 0;
}

static int link_room(sio_socket *socket, sio_room *room) {
  int err = reserve_member(room);
  if (err == 0)
    err = reserve_membership(socket);
  if (err != 0)
    return err;
  sio_memberships *rooms = socket->rooms;
  uint32_t at = rooms->count;
  rooms->items[at] = (sio_membership){room, room->count};
  if (rooms->index != NULL && (err = put_index(rooms->index, at)) != 0)
    return err;
  room->members[room->count++] = (sio_member){socket, at};
  rooms->count++;
  return 0;
}

static bool is_id_of(const sio_socket *socket, sio_bytes name) {
  return sio_bytes_eq(name, sio_socket_id(socket));
}

/* The room of that name, which was not made yet; whose id it is becomes a member. NULL: out of
 * memory. */
static sio_room *open_room(sio_nsp *nsp, sio_bytes name) {
  sio_room *room = make_room(nsp, name);
  sio_socket *resident = room != NULL ? sio_nsp_find(nsp, name) : NULL;
  if (resident == NULL || !resident->is_home)
    return room;
  if (link_room(resident, room) != 0) {
    drop_if_empty(nsp, room);
    return NULL;
  }
  resident->is_home = false;
  return room;
}

int sio_room_add(sio_socket *socket, sio_bytes name, bool *added) {
  sio_nsp *nsp = socket->nsp;
  sio_room *room = sio_map_get(&nsp->rooms, name);
  uint32_t at;
  *added = false;
  if (room != NULL ? find_membership(socket->rooms, room, &at)
                   : socket->is_home && is_id_of(socket, name))
    return 0;
  if (room == NULL && sio_nsp_find(nsp, name) == socket) {
    socket->is_home = *added = true;
    return 0;
  }
  if (room == NULL && (room = open_room(nsp, name)) == NULL)
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
static void unlink_room(sio_memberships *rooms, uint32_t at) {
  sio_membership gone = rooms->items[at];
  if (rooms->index != NULL)
    sio_map_del(rooms->index, name_of(gone.room));
  sio_member last_member = gone.room->members[--gone.room->count];
  gone.room->members[gone.at] = last_member;
  last_member.socket->rooms->items[last_member.at].at = gone.at;
  sio_membership last = rooms->items[--rooms->count];
  if (at == rooms->count)
    return;
  rooms->items[at] = last;
  last.room->members[last.at].at = at;
  if (rooms->index != NULL)
    put_index(rooms->index, at); /* replaces, and needs no memory for it */
}

static void leave(sio_socket *socket, uint32_t at) {
  sio_room *room = socket->rooms->items[at].room;
  room->pins++;
  unlink_room(socket->rooms, at);
  shrink(room);
  drop_if_empty(socket->nsp, room);
  sio_room_tell(socket, name_of(room), false);
  unpin(room);
}

static void leave_home(sio_socket *socket) {
  socket->is_home = false;
  sio_room_tell(socket, sio_socket_id(socket), false);
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
  const sio_room *room = sio_map_get(&socket->nsp->rooms, name);
  if (room != NULL && find_membership(socket->rooms, room, &at))
    leave(socket, at);
  else if (socket->is_home && is_id_of(socket, name))
    leave_home(socket);
  return 0;
}

void sio_socket_leave_all(sio_socket *socket) {
  while (socket->rooms != NULL && socket->rooms->count > 0)
    leave(socket, socket->rooms->count - 1);
  if (socket->is_home)
    leave_home(socket);
  if (socket->rooms == NULL || socket->rooms->count > 0)
    return; /* it has joined one again meanwhile */
  free_index(socket->rooms->index);
  sio_free(socket->rooms);
  socket->rooms = NULL;
}

size_t sio_socket_room_count(const sio_socket *socket) {
  return socket->is_home + (socket->rooms != NULL ? socket->rooms->count : 0);
}

bool sio_socket_is_in(const sio_socket *socket, sio_bytes name) {
  if (socket->is_home && is_id_of(socket, name))
    return true;
  if (socket->rooms == NULL || socket->rooms->count == 0)
    return false;
  uint32_t at;
  const sio_room *room = sio_map_get(&socket->nsp->rooms, name);
  return room != NULL && find_membership(socket->rooms, room, &at);
}

sio_bytes sio_socket_next_room(const sio_socket *socket, size_t *at) {
  if (*at >= sio_socket_room_count(socket))
    return sio_bytes_of(NULL, 0);
  size_t place = (*at)++;
  if (!socket->is_home)
    return name_of(socket->rooms->items[place].room);
  return place == 0 ? sio_socket_id(socket) : name_of(socket->rooms->items[place - 1].room);
}

void sio_socket_watch_rooms(sio_socket *socket) {
  socket->is_watched = true;
}

void sio_nsp_watch_rooms(sio_nsp *nsp, bool on) {
  nsp->is_watched = on;
}
