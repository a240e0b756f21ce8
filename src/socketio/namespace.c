#include "socketio/namespace.h"

#include "base/alloc.h"
#include "base/error.h"
#include "socketio/private.h"

static sio_bytes id_of(const void *ctx, const void *socket) {
  (void)ctx;
  return sio_socket_id(socket);
}

sio_nsp *sio_nsp_new(sio_server *server, sio_bytes name) {
  sio_nsp *nsp = sio_calloc(1, sizeof(*nsp) + name.len);
  if (nsp == NULL)
    return NULL;
  nsp->refs = 1;
  nsp->server = server;
  nsp->name_len = name.len;
  memcpy(nsp->name, name.base, name.len);
  if (sio_map_init(&nsp->ids, id_of, NULL) != 0 ||
      sio_map_init(&nsp->rooms, sio_room_key, NULL) != 0) {
    sio_free(nsp);
    return NULL;
  }
  return nsp;
}

sio_nsp *sio_nsp_ref(sio_nsp *nsp) {
  nsp->refs++;
  return nsp;
}

void sio_nsp_unref(sio_nsp *nsp) {
  if (nsp == NULL || --nsp->refs > 0)
    return;
  sio_map_deinit(&nsp->ids);
  sio_map_deinit(&nsp->rooms);
  sio_free(nsp->sockets);
  sio_free(nsp);
}

bool sio_nsp_remove(sio_nsp *nsp) {
  if (nsp->present > 0)
    return false;
  sio_map_del(&nsp->server->nsps, sio_nsp_name(nsp));
  nsp->server = NULL;
  sio_nsp_unref(nsp);
  return true;
}

sio_bytes sio_nsp_name(const sio_nsp *nsp) {
  return sio_bytes_of(nsp->name, nsp->name_len);
}

size_t sio_nsp_count(const sio_nsp *nsp) {
  return nsp->count;
}

int64_t sio_nsp_next_id(sio_nsp *nsp) {
  return nsp->next_id++;
}

sio_socket *sio_nsp_find(const sio_nsp *nsp, sio_bytes id) {
  return sio_map_get(&nsp->ids, id);
}

/* --- the connected sockets --- */

static int resize(sio_nsp *nsp, uint32_t cap) {
  sio_socket **sockets = sio_realloc(nsp->sockets, cap * sizeof(*sockets));
  if (sockets == NULL)
    return SIO_ENOMEM;
  nsp->sockets = sockets;
  nsp->cap = cap;
  return 0;
}

int sio_nsp_list(sio_nsp *nsp, sio_socket *socket) {
  enum { SMALLEST = 8 };
  if (nsp->count == nsp->cap) {
    int err = resize(nsp, nsp->cap > 0 ? nsp->cap * 2 : SMALLEST);
    if (err != 0)
      return err;
  }
  int err = sio_map_put(&nsp->ids, socket);
  if (err != 0)
    return err;
  socket->place = nsp->count;
  nsp->sockets[nsp->count++] = socket;
  return 0;
}

void sio_nsp_unlist(sio_nsp *nsp, sio_socket *socket) {
  enum { SMALL = 64 };
  sio_map_del(&nsp->ids, sio_socket_id(socket));
  sio_socket *last = nsp->sockets[--nsp->count];
  nsp->sockets[socket->place] = last;
  last->place = socket->place;
  if (nsp->cap > SMALL && nsp->count <= nsp->cap / 4)
    resize(nsp, nsp->cap / 2); /* failing, it stays large */
}
