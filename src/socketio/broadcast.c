/*
 * The fan-out: one walk over the recipients, in the order of their arrays, that allocates nothing
 * and calls nobody who could change them (sio_session_send only queues). Where the application is
 * told of what is sent, the recipients are selected first.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "socketio/private.h"

int sio_message_send(const sio_message *message, sio_session *session) {
  int err = sio_session_send(session, message->text);
  for (size_t i = 0; err == 0 && i < message->count; i++)
    err = sio_session_send(session, message->attachments[i]);
  return err;
}

/* --- the recipients --- */

typedef struct walker {
  void (*visit)(struct walker *walk, sio_socket *socket);
  uint64_t mark; /* who has it is not visited */
} walker;

static void mark_excepted(const sio_nsp *nsp, const sio_target *target, uint64_t mark) {
  for (size_t i = 0; i < target->except_count; i++) {
    sio_members members = sio_room_members(nsp, target->except[i]);
    for (uint32_t at = 0; at < members.count; at++)
      sio_members_at(&members, at)->mark = mark;
  }
}

static void visit_all(const sio_nsp *nsp, walker *walk) {
  for (uint32_t at = 0; at < nsp->count; at++)
    if (nsp->sockets[at]->mark != walk->mark)
      walk->visit(walk, nsp->sockets[at]);
}

static void visit_room(sio_members members, walker *walk, bool may_repeat) {
  for (uint32_t at = 0; at < members.count; at++) {
    sio_socket *socket = sio_members_at(&members, at);
    if (socket->mark == walk->mark || socket->state != SIO_SOCKET_CONNECTED)
      continue;
    if (may_repeat)
      socket->mark = walk->mark;
    walk->visit(walk, socket);
  }
}

static void visit_target(sio_nsp *nsp, const sio_target *target, walker *walk) {
  walk->mark = ++nsp->mark;
  mark_excepted(nsp, target, walk->mark);
  if (target->room_count == 0)
    visit_all(nsp, walk);
  for (size_t i = 0; i < target->room_count; i++)
    visit_room(sio_room_members(nsp, target->rooms[i]), walk, target->room_count > 1);
}

/* --- what happens to them --- */

typedef struct broadcast {
  walker walk;
  const sio_message *message;
  bool is_volatile;
  size_t count;
} broadcast;

static void send_to(walker *walk, sio_socket *socket) {
  broadcast *it = SIO_OF(walk, broadcast, walk);
  if (it->is_volatile && !sio_session_is_ready(socket->session))
    return;
  it->count += sio_message_send(it->message, socket->session) == 0;
}

typedef struct selection {
  walker walk;
  sio_socket **sockets;
  size_t count;
} selection;

static void select_one(walker *walk, sio_socket *socket) {
  selection *it = SIO_OF(walk, selection, walk);
  it->sockets[it->count++] = sio_socket_ref(socket);
}

/* At least as many as the target has. */
static size_t most(const sio_nsp *nsp, const sio_target *target) {
  size_t members = 0;
  for (size_t i = 0; i < target->room_count; i++)
    members += sio_nsp_room_count(nsp, target->rooms[i]);
  return target->room_count > 0 ? members : nsp->count;
}

sio_socket **sio_nsp_select(sio_nsp *nsp, const sio_target *target, size_t *count) {
  selection it = {.walk.visit = select_one};
  it.sockets = sio_malloc(most(nsp, target) * sizeof(*it.sockets));
  if (it.sockets != NULL)
    visit_target(nsp, target, &it.walk);
  *count = it.count;
  return it.sockets;
}

void sio_nsp_release(sio_socket **sockets, size_t count) {
  for (size_t i = 0; i < count; i++)
    sio_socket_unref(sockets[i]);
  sio_free(sockets);
}

static void send_to_selection(sio_nsp *nsp, const sio_target *target, broadcast *it) {
  size_t count;
  sio_socket **sockets = sio_nsp_select(nsp, target, &count);
  if (sockets == NULL)
    return;
  for (size_t i = 0; i < count; i++)
    if (sockets[i]->state == SIO_SOCKET_CONNECTED)
      send_to(&it->walk, sockets[i]);
  sio_nsp_release(sockets, count);
}

size_t sio_nsp_broadcast(sio_nsp *nsp, const sio_target *target, const sio_message *message,
                         bool is_volatile) {
  broadcast it = {.walk.visit = send_to, .message = message, .is_volatile = is_volatile};
  if (nsp->server != NULL && sio_engine_calls_out(nsp->server->engine))
    send_to_selection(nsp, target, &it);
  else
    visit_target(nsp, target, &it.walk);
  return it.count;
}
