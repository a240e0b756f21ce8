#include "socketio/socket.h"

#include "base/alloc.h"
#include "base/error.h"
#include "socketio/private.h"

/* --- life --- */

/* Clients of protocol 3 take the session's id, behind the name and '#' unless that is "/". */
static size_t old_id_len(const sio_session *session, sio_bytes name) {
  return sio_session_id(session).len + (name.len > 1 ? name.len + 1 : 0);
}

static void write_old_id(sio_socket *socket, const sio_session *session, sio_bytes name) {
  sio_bytes id = sio_session_id(session);
  if (name.len > 1) {
    memcpy(socket->text, name.base, name.len);
    socket->text[name.len] = '#';
  }
  memcpy(socket->text + socket->id_len - id.len, id.base, id.len);
}

/* 0, or SIO_ENOMEM without randomness. */
static int write_id(sio_socket *socket, sio_client *client, sio_bytes name) {
  if (!client->is_old)
    return sio_random_id(socket->text, &client->server->next_id);
  write_old_id(socket, client->session, name);
  return 0;
}

/* The newest comes last. */
static void list(sio_socket *socket, sio_client *client) {
  sio_socket **link = &client->sockets;
  while (*link != NULL)
    link = &(*link)->next;
  *link = socket;
  socket->is_listed = true;
  client->count++;
}

static void unlist(sio_socket *socket, sio_client *client) {
  sio_socket **link = &client->sockets;
  while (*link != socket)
    link = &(*link)->next;
  *link = socket->next;
  socket->is_listed = false;
  client->count--;
}

static void init(sio_socket *socket, sio_client *client, sio_nsp *nsp, sio_bytes name) {
  socket->refs = 1;
  socket->session = sio_session_ref(client->session);
  list(socket, client);
  if (nsp != NULL) {
    socket->nsp = nsp;
    nsp->refs++;
    nsp->present++;
  } else {
    socket->name_len = (uint32_t)name.len;
    memcpy(socket->text + socket->id_len, name.base, name.len);
  }
}

sio_socket *sio_socket_new(sio_client *client, sio_nsp *nsp, sio_bytes name) {
  size_t id_len = client->is_old ? old_id_len(client->session, name) : SIO_ID_LEN;
  size_t size = offsetof(sio_socket, text) + id_len + (nsp == NULL ? name.len : 0);
  sio_socket *socket = sio_calloc(1, size > sizeof(*socket) ? size : sizeof(*socket));
  if (socket == NULL)
    return NULL;
  socket->id_len = (uint32_t)id_len;
  if (write_id(socket, client, name) != 0) {
    sio_free(socket);
    return NULL;
  }
  init(socket, client, nsp, name);
  return socket;
}

sio_socket *sio_socket_ref(sio_socket *socket) {
  socket->refs++;
  return socket;
}

void sio_socket_unref(sio_socket *socket) {
  if (socket == NULL || --socket->refs > 0)
    return;
  sio_nsp_unref(socket->nsp);
  sio_session_unref(socket->session);
  sio_free(socket);
}

static void leave_nsp(sio_socket *socket, bool was_connected) {
  sio_nsp *nsp = socket->nsp;
  if (nsp == NULL)
    return;
  if (was_connected)
    sio_nsp_unlist(nsp, socket);
  sio_socket_leave_all(socket);
  nsp->present--;
}

void sio_socket_drop(sio_socket *socket, const char *reason, const char *detail) {
  if (!socket->is_listed)
    return;
  sio_client *client = sio_session_data(socket->session);
  const sio_server *server = client->server;
  unlist(socket, client); /* and the list's reference is ours now */
  bool was_connected = socket->state == SIO_SOCKET_CONNECTED;
  bool is_told = was_connected && !server->is_silent;
  if (is_told)
    server->hooks->on_disconnecting(server->ctx, socket, reason, detail);
  socket->state = SIO_SOCKET_DISCONNECTED;
  leave_nsp(socket, was_connected);
  if (is_told)
    server->hooks->on_disconnect(server->ctx, socket, reason, detail);
  server->hooks->on_forget(server->ctx, socket);
  sio_socket_unref(socket);
}

/* --- what it is --- */

sio_bytes sio_socket_id(const sio_socket *socket) {
  return sio_bytes_of(socket->text, socket->id_len);
}

enum sio_socket_state sio_socket_get_state(const sio_socket *socket) {
  return (enum sio_socket_state)socket->state;
}

sio_nsp *sio_socket_nsp(const sio_socket *socket) {
  return socket->nsp;
}

sio_bytes sio_socket_nsp_name(const sio_socket *socket) {
  return socket->nsp != NULL ? sio_nsp_name(socket->nsp)
                             : sio_bytes_of(socket->text + socket->id_len, socket->name_len);
}

sio_session *sio_socket_session(const sio_socket *socket) {
  return socket->session;
}

void sio_socket_set_data(sio_socket *socket, void *data) {
  socket->data = data;
}

void *sio_socket_data(const sio_socket *socket) {
  return socket->data;
}

/* --- packets out --- */

/* Of a session that has a client. */
static const sio_parser *parser_of(const sio_session *session) {
  const sio_client *client = sio_session_data(session);
  return client->server->options.parser;
}

int sio_packet_send(sio_session *session, const sio_packet *packet) {
  sio_frame *frame = sio_packet_encode(parser_of(session), packet);
  if (frame == NULL) {
    sio_session_close(session, true);
    return SIO_ENOMEM;
  }
  int err = sio_session_send(session, frame);
  sio_frame_unref(frame);
  return err;
}

static sio_packet packet_of(const sio_socket *socket, enum sio_type type) {
  return (sio_packet){.type = type, .nsp = sio_socket_nsp_name(socket), .id = SIO_NO_ACK};
}

void sio_socket_send_disconnect(const sio_socket *socket) {
  sio_packet packet = packet_of(socket, SIO_DISCONNECT);
  sio_packet_send(socket->session, &packet);
}

int sio_socket_send(sio_socket *socket, const sio_message *message, bool is_volatile) {
  if (socket->state == SIO_SOCKET_DISCONNECTED)
    return SIO_ECLOSED;
  if (is_volatile && !sio_session_is_ready(socket->session))
    return 0;
  return sio_message_send(message, socket->session);
}

/* --- joining and leaving the namespace --- */

static bool is_connecting(const sio_socket *socket) {
  return socket->state == SIO_SOCKET_CONNECTING;
}

int sio_socket_enter(sio_socket *socket, sio_nsp *nsp) {
  if (!is_connecting(socket))
    return SIO_ECLOSED;
  if (socket->nsp != NULL || !sio_bytes_eq(sio_socket_nsp_name(socket), sio_nsp_name(nsp)))
    return SIO_EINVAL;
  socket->nsp = nsp;
  nsp->refs++;
  nsp->present++;
  return 0;
}

/* In protocol 3 without the id, which the client knows. */
static sio_frame *connect_frame(const sio_socket *socket, sio_bytes pid) {
  sio_packet packet = packet_of(socket, SIO_CONNECT);
  const sio_parser *parser = parser_of(socket->session);
  bool is_old = sio_session_protocol(socket->session) == 3;
  sio_buf payload = {0};
  int err = is_old ? 0 : parser->write_connect(&payload, sio_socket_id(socket), pid);
  packet.payload = sio_buf_bytes(&payload);
  sio_frame *frame = err == 0 ? sio_packet_encode(parser, &packet) : NULL;
  sio_buf_deinit(&payload);
  return frame;
}

int sio_socket_restore(sio_socket *socket, sio_bytes id) {
  if (!is_connecting(socket))
    return SIO_ECLOSED;
  if (socket->nsp == NULL || sio_socket_room_count(socket) > 0 || id.len != SIO_ID_LEN ||
      socket->id_len != SIO_ID_LEN || sio_nsp_find(socket->nsp, id) != NULL)
    return SIO_EINVAL;
  memcpy(socket->text, id.base, SIO_ID_LEN);
  return 0;
}

/* All that accepting may lack memory for. Nothing has changed then. */
static int enter_rooms(sio_socket *socket, bool *added) {
  int err = sio_nsp_list(socket->nsp, socket);
  if (err != 0)
    return err;
  err = sio_room_add(socket, sio_socket_id(socket), added);
  if (err != 0)
    sio_nsp_unlist(socket->nsp, socket);
  return err;
}

int sio_socket_accept(sio_socket *socket, sio_bytes pid) {
  if (!is_connecting(socket) || sio_session_get_state(socket->session) != SIO_OPEN)
    return SIO_ECLOSED;
  if (socket->nsp == NULL || sio_nsp_find(socket->nsp, sio_socket_id(socket)) != NULL)
    return SIO_EINVAL;
  bool added = false;
  sio_frame *frame = connect_frame(socket, pid);
  if (frame == NULL || enter_rooms(socket, &added) != 0) {
    sio_frame_unref(frame);
    sio_session_close(socket->session, true);
    return SIO_ENOMEM;
  }
  socket->state = SIO_SOCKET_CONNECTED;
  sio_client_settle(sio_session_data(socket->session));
  sio_session_send(socket->session, frame); /* if it fails, the session's end will tell */
  sio_frame_unref(frame);
  if (added)
    sio_room_tell(socket, sio_socket_id(socket), true);
  return 0;
}

int sio_socket_refuse(sio_socket *socket, sio_bytes json) {
  if (!is_connecting(socket))
    return SIO_ECLOSED;
  sio_packet packet = packet_of(socket, SIO_CONNECT_ERROR);
  packet.payload = json;
  int err = sio_packet_send(socket->session, &packet);
  sio_socket_drop(socket, NULL, NULL);
  return err;
}

void sio_socket_disconnect(sio_socket *socket, bool close) {
  if (socket->state != SIO_SOCKET_CONNECTED || !socket->is_listed)
    return;
  sio_socket_ref(socket);
  if (close) {
    sio_client_disconnect(sio_session_data(socket->session));
  } else {
    sio_socket_send_disconnect(socket);
    sio_socket_drop(socket, "server namespace disconnect", NULL);
  }
  sio_socket_unref(socket);
}
