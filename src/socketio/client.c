#include "socketio/client.h"

#include "base/alloc.h"
#include "base/error.h"
#include "net/loop.h"
#include "socketio/private.h"

/* A binary packet in the making. The last attachment is never copied: it completes the packet. */
typedef struct sio_assembly {
  sio_packet packet; /* borrows from the copy of its text, behind the attachments */
  size_t got;        /* attachments, all copied */
  size_t bytes;      /* in them */
  sio_bytes attachments[];
} sio_assembly;

static void free_assembly(sio_assembly *assembly) {
  if (assembly == NULL)
    return;
  for (size_t i = 0; i < assembly->got; i++)
    sio_free((char *)assembly->attachments[i].base);
  sio_free(assembly);
}

/* --- life --- */

sio_client *sio_client_new(sio_server *server, sio_session *session) {
  sio_client *client = sio_calloc(1, sizeof(*client));
  if (client == NULL)
    return NULL;
  client->refs = 1;
  client->server = server;
  client->session = session;
  client->is_old = sio_session_protocol(session) == 3;
  sio_deadline_start(&server->connecting, &client->connecting, sio_loop_now(server->loop));
  sio_session_set_data(session, client);
  return client;
}

void sio_client_settle(sio_client *client) {
  if (client->is_settled)
    return;
  sio_deadline_stop(&client->connecting);
  client->is_settled = true;
  client->assembly = NULL;
  sio_list_push(&client->server->clients, &client->node);
}

/* NULL: it is in the middle of no packet. */
static sio_assembly *assembly_of(const sio_client *client) {
  return client->is_settled ? client->assembly : NULL;
}

static sio_client *hold(sio_client *client) {
  client->refs++;
  return client;
}

static void release(sio_client *client) {
  if (--client->refs > 0)
    return;
  free_assembly(assembly_of(client));
  sio_free(client);
}

static void drop_sockets(sio_client *client, const char *reason, const char *detail) {
  while (client->sockets != NULL)
    sio_socket_drop(client->sockets, reason, detail);
}

/* A hook may have ended the client while its sockets were told. */
static void forget_session(sio_client *client) {
  if (!sio_list_is_linked(&client->node))
    return;
  sio_list_remove(&client->node);
  sio_session_set_data(client->session, NULL);
  release(client);
}

void sio_client_end(sio_client *client, const char *reason, const char *detail) {
  hold(client);
  drop_sockets(client, reason, detail);
  forget_session(client);
  release(client);
}

/* --- closing --- */

/* Closes the session of a client that broke the rules of namespaces, in the reference's words. */
static void close_client(sio_client *client) {
  bool at_once = sio_session_is_ready(client->session);
  sio_session_close(client->session, false);
  drop_sockets(client, at_once ? "forced close" : "forced server close", NULL);
}

/* The first socket that was not told of the error yet; it is now. */
static sio_socket *next_untold(const sio_client *client) {
  sio_socket *socket = client->sockets;
  while (socket != NULL && socket->was_told)
    socket = socket->next;
  if (socket != NULL)
    socket->was_told = true;
  return socket;
}

/* Closes the session of a client that sent something malformed. */
static void fail(sio_client *client, const char *message) {
  const sio_server *server = client->server;
  for (sio_socket *socket; (socket = next_untold(client)) != NULL;) {
    if (socket->state != SIO_SOCKET_CONNECTED)
      continue;
    sio_socket_ref(socket);
    server->hooks->on_error(server->ctx, socket, message);
    sio_socket_unref(socket);
  }
  sio_session_close(client->session, false);
  drop_sockets(client, "forced close", NULL);
}

void sio_client_disconnect(sio_client *client) {
  hold(client);
  while (client->sockets != NULL) {
    sio_socket *socket = sio_socket_ref(client->sockets);
    if (socket->state == SIO_SOCKET_CONNECTED)
      sio_socket_send_disconnect(socket);
    sio_socket_drop(socket, "server namespace disconnect", NULL);
    sio_socket_unref(socket);
  }
  sio_session_close(client->session, false);
  release(client);
}

void sio_client_expire(sio_deadline *deadline) {
  sio_client *client = SIO_OF(deadline, sio_client, connecting);
  sio_client_settle(client);
  hold(client);
  close_client(client);
  release(client);
}

/* --- packets --- */

static sio_socket *find_socket(const sio_client *client, sio_bytes nsp) {
  sio_socket *socket = client->sockets;
  while (socket != NULL && !sio_bytes_eq(sio_socket_nsp_name(socket), nsp))
    socket = socket->next;
  return socket;
}

static void refuse_unknown(const sio_client *client, sio_bytes name) {
  sio_packet packet = {.type = SIO_CONNECT_ERROR, .nsp = name, .id = SIO_NO_ACK};
  packet.payload = client->server->options.parser->unknown;
  sio_packet_send(client->session, &packet);
}

static int tell_connect(const sio_client *client, sio_socket *socket, sio_bytes auth) {
  const sio_server *server = client->server;
  if (socket->nsp != NULL)
    return server->hooks->on_connect(server->ctx, socket, auth);
  return server->hooks->on_unknown(server->ctx, socket, sio_socket_nsp_name(socket), auth);
}

static void join(sio_client *client, const sio_packet *packet) {
  sio_server *server = client->server;
  sio_nsp *nsp = sio_server_nsp(server, packet->nsp, false);
  if (find_socket(client, packet->nsp) != NULL) {
    close_client(client);
  } else if (client->count >= server->options.max_namespaces) {
    fail(client, "too many namespaces");
  } else if (nsp == NULL && server->hooks->on_unknown == NULL) {
    refuse_unknown(client, packet->nsp);
  } else {
    sio_socket *socket = sio_socket_new(client, nsp, packet->nsp);
    if (socket == NULL) {
      sio_session_close(client->session, true);
      return;
    }
    sio_socket_ref(socket);
    if (tell_connect(client, socket, packet->payload) < 0)
      fail(client, "invalid payload");
    sio_socket_unref(socket);
  }
}

void sio_client_join_main(sio_client *client) {
  sio_packet packet = {.type = SIO_CONNECT, .nsp = SIO_BYTES("/"), .id = SIO_NO_ACK};
  if (!client->is_old || sio_session_get_state(client->session) != SIO_OPEN)
    return;
  hold(client);
  join(client, &packet);
  release(client);
}

static void deliver(sio_client *client, sio_socket *socket, const sio_packet *packet,
                    const sio_bytes *attachments) {
  const sio_server *server = client->server;
  sio_incoming in = {.packet = packet, .attachments = attachments};
  bool is_event = packet->type == SIO_EVENT || packet->type == SIO_BINARY_EVENT;
  const char *reason = NULL;
  sio_socket_ref(socket);
  int status = is_event ? server->hooks->on_event(server->ctx, socket, &in, &reason)
                        : server->hooks->on_ack(server->ctx, socket, &in, &reason);
  if (status < 0)
    fail(client, reason != NULL ? reason : sio_strerror(status));
  sio_socket_unref(socket);
}

/* In protocol 3 the name may have a query, which is what a CONNECT has for a payload. */
static void split_name(sio_packet *packet) {
  const char *mark = memchr(packet->nsp.base, '?', packet->nsp.len);
  size_t len = mark != NULL ? (size_t)(mark - packet->nsp.base) : packet->nsp.len;
  if (packet->type == SIO_CONNECT)
    packet->payload =
        mark != NULL ? sio_bytes_of(mark + 1, packet->nsp.len - len - 1) : SIO_BYTES("");
  packet->nsp.len = len;
}

static int parse(const sio_client *client, sio_bytes message, size_t max_attachments,
                 sio_packet *packet, const char **reason) {
  const sio_parser *parser = client->server->options.parser;
  int err = parser->parse(message, max_attachments, packet, reason);
  if (err == 0 && client->is_old)
    split_name(packet);
  return err;
}

/* Keeps the text of a binary packet, which the engine only lends, until its attachments are there.
 */
static void begin_assembly(sio_client *client, sio_bytes text, size_t attachments) {
  size_t head = sizeof(sio_assembly) + attachments * sizeof(sio_bytes);
  sio_assembly *assembly = sio_malloc(head + text.len);
  if (assembly == NULL) {
    sio_session_close(client->session, true);
    return;
  }
  char *copy = (char *)assembly + head;
  memcpy(copy, text.base, text.len);
  const char *reason;
  parse(client, sio_bytes_of(copy, text.len), attachments, &assembly->packet, &reason);
  assembly->got = assembly->bytes = 0;
  client->assembly = assembly;
}

static void act_on(sio_client *client, sio_bytes message, const sio_packet *packet) {
  if (packet->type == SIO_CONNECT) {
    join(client, packet);
    return;
  }
  sio_socket *socket = find_socket(client, packet->nsp);
  if (socket == NULL || socket->state != SIO_SOCKET_CONNECTED || packet->type == SIO_CONNECT_ERROR)
    close_client(client);
  else if (packet->type == SIO_DISCONNECT)
    sio_socket_drop(socket, "client namespace disconnect", NULL);
  else if (packet->attachments > 0)
    begin_assembly(client, message, packet->attachments);
  else
    deliver(client, socket, packet, NULL);
}

static void receive_packet(sio_client *client, sio_bytes message) {
  sio_packet packet;
  const char *reason = "got plaintext data when reconstructing a packet";
  if (assembly_of(client) == NULL &&
      parse(client, message, client->server->options.max_attachments, &packet, &reason) == 0)
    act_on(client, message, &packet);
  else
    fail(client, reason);
}

/* The socket may have been disconnected meanwhile; no other can have come in its place. */
static void complete(sio_client *client, sio_bytes last) {
  sio_assembly *assembly = client->assembly;
  client->assembly = NULL;
  assembly->attachments[assembly->got] = last;
  sio_socket *socket = find_socket(client, assembly->packet.nsp);
  if (socket != NULL)
    deliver(client, socket, &assembly->packet, assembly->attachments);
  else
    close_client(client);
  free_assembly(assembly);
}

static void keep_attachment(sio_client *client, sio_bytes data) {
  sio_assembly *assembly = client->assembly;
  char *copy = sio_malloc(data.len);
  if (copy == NULL) {
    sio_session_close(client->session, true);
    return;
  }
  if (data.len > 0)
    memcpy(copy, data.base, data.len);
  assembly->attachments[assembly->got++] = sio_bytes_of(copy, data.len);
  assembly->bytes += data.len;
}

static void receive_attachment(sio_client *client, sio_bytes data) {
  const sio_assembly *assembly = assembly_of(client);
  if (assembly == NULL)
    fail(client, "got binary data when not reconstructing a packet");
  else if (data.len > client->server->options.engine.max_http_buffer_size - assembly->bytes)
    fail(client, "attachments too large");
  else if (assembly->got + 1 == assembly->packet.attachments)
    complete(client, data);
  else
    keep_attachment(client, data);
}

void sio_client_receive(sio_client *client, sio_bytes data, bool binary) {
  if (sio_session_get_state(client->session) != SIO_OPEN)
    return;
  hold(client);
  if (binary == client->server->options.parser->is_binary)
    receive_packet(client, data);
  else if (binary)
    receive_attachment(client, data);
  else
    fail(client, "got plaintext data where packets are binary");
  release(client);
}
