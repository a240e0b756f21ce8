#include "net/stream.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "net/internal.h"
#include "net/outbox.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* macOS: accepted sockets have SO_NOSIGPIPE */
#endif

enum {
  MAX_PIECES = 64,
  MAX_SEALED = 65536, /* bytes encrypted at once */
  MAX_READS = 8,      /* of one stream a turn, so that one peer cannot keep the others waiting */
};

enum state {
  OPEN,
  FINISHING, /* sends what is queued */
  LINGERING, /* has sent its FIN; closing before the peer's FIN could destroy what was sent */
  CLOSED,
};

/* The limit of what does not last: TLS's handshake, and the end. */
typedef struct patience {
  sio_deadline deadline;
  sio_stream *stream;
} patience;

/* There are many of them, most of them idle: what few need stands elsewhere. */
struct sio_stream {
  uv_poll_t poll;  /* its data is the loop, by which it is told from other handles */
  sio_list output; /* in the loop's list of those to be flushed */
  const sio_stream_events *events;
  void *owner;
  sio_tls_link *tls;  /* NULL: plain */
  patience *patience; /* or NULL */
  sio_outbox out;
  size_t stalled;
  int fd;
  int error;
  uint8_t interest; /* what poll watches for */
  uint8_t state;
  bool is_paused;
  bool has_ended;  /* the peer's FIN has come */
  bool is_blocked; /* waits until the kernel takes more */
  bool has_sent;   /* something since its patience was started */
};

static sio_loop *loop_of(const sio_stream *stream) {
  return stream->poll.data;
}

static sio_stream *of_poll(uv_poll_t *poll) {
  return SIO_OF(poll, sio_stream, poll);
}

/* --- time limits --- */

/* False: out of memory. */
static bool start_patience(sio_stream *stream, sio_deadlines *queue, uint64_t now) {
  if (stream->patience == NULL)
    stream->patience = sio_calloc(1, sizeof(patience));
  if (stream->patience == NULL)
    return false;
  stream->patience->stream = stream;
  stream->has_sent = false;
  sio_deadline_start(queue, &stream->patience->deadline, now);
  return true;
}

static void stop_patience(sio_stream *stream) {
  if (stream->patience != NULL)
    sio_deadline_stop(&stream->patience->deadline);
  sio_free(stream->patience);
  stream->patience = NULL;
}

/* --- the socket --- */

static void on_ready(uv_poll_t *poll, int status, int events);

static void flush_later(sio_stream *stream) {
  if (!sio_list_is_linked(&stream->output))
    sio_list_push(&loop_of(stream)->outputs, &stream->output);
}

static bool is_reading(const sio_stream *stream) {
  return stream->state != CLOSED && !stream->has_ended && !stream->is_paused;
}

static void update_interest(sio_stream *stream) {
  int wanted = (is_reading(stream) ? UV_READABLE : 0) | (stream->is_blocked ? UV_WRITABLE : 0);
  if (stream->state == CLOSED || wanted == stream->interest)
    return;
  stream->interest = (uint8_t)wanted;
  uv_poll_start(&stream->poll, wanted, on_ready); /* nothing wanted: stops */
}

static void end(sio_stream *stream) {
  stream->has_ended = true;
  if (stream->tls != NULL && !sio_tls_link_is_ready(stream->tls) && stream->state == OPEN) {
    sio_stream_close(stream, UV_ECONNABORTED); /* before the handshake was over */
    return;
  }
  update_interest(stream);
  if (stream->state == OPEN)
    stream->events->on_end(stream->owner);
  else if (stream->state == LINGERING)
    sio_stream_close(stream, 0);
}

/* Nothing but what TLS has still to say goes out, an alert mostly. */
static void fail_tls(sio_stream *stream) {
  stream->error = UV_EPROTO;
  sio_outbox_deinit(&stream->out, &loop_of(stream)->rings);
  sio_stream_finish(stream);
}

static void greet(sio_stream *stream) {
  if (stream->state == OPEN)
    stop_patience(stream);
}

/* What was read is records. */
static void unseal(sio_stream *stream, sio_bytes records) {
  char *buffer = loop_of(stream)->buffer;
  bool was_ready = sio_tls_link_is_ready(stream->tls);
  size_t len;
  enum sio_tls_status status = sio_tls_link_decrypt(stream->tls, records, buffer, &len);
  if (!was_ready && sio_tls_link_is_ready(stream->tls))
    greet(stream);
  if (!stream->is_blocked)
    flush_later(stream);
  if (len > 0 && stream->state == OPEN)
    stream->events->on_read(stream->owner, buffer, len);
  if (stream->state != CLOSED && status == SIO_TLS_ENDED)
    end(stream);
  else if (stream->state != CLOSED && status == SIO_TLS_BROKEN)
    fail_tls(stream);
}

/* One read. True: there may be more. */
static bool receive(sio_stream *stream) {
  size_t ahead = stream->tls != NULL ? SIO_TLS_AHEAD : 0;
  char *buffer = loop_of(stream)->buffer + ahead;
  ssize_t n;
  do
    n = recv(stream->fd, buffer, SIO_READ_SIZE - ahead, 0);
  while (n < 0 && errno == EINTR);
  if (n == 0)
    end(stream);
  else if (n < 0 && errno != EAGAIN)
    sio_stream_close(stream, uv_translate_sys_error(errno));
  else if (n > 0 && stream->tls != NULL && stream->state != LINGERING)
    unseal(stream, sio_bytes_of(buffer, (size_t)n));
  else if (n > 0 && stream->state == OPEN)
    stream->events->on_read(stream->owner, buffer, (size_t)n);
  return n == (ssize_t)(SIO_READ_SIZE - ahead);
}

/* The connection is dead. What came before is still there to be read. */
static void fail(sio_stream *stream) {
  stream->interest = 0;
  while (is_reading(stream) && receive(stream))
    ;
  if (stream->state == CLOSED)
    return;
  int error = 0;
  getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &error, &(socklen_t){sizeof(error)});
  sio_stream_close(stream, error != 0 ? uv_translate_sys_error(error) : UV_ECONNRESET);
}

static void on_ready(uv_poll_t *poll, int status, int events) {
  sio_stream *stream = of_poll(poll);
  sio_loop *loop = loop_of(stream);
  sio_loop_enter(loop);
  if (status < 0)
    fail(stream);
  if (events & UV_WRITABLE) {
    stream->is_blocked = false;
    flush_later(stream);
  }
  if (events & UV_READABLE) {
    update_interest(stream); /* a paused stream stops watching when it would have to read */
    sio_loop_begin_share(loop);
    for (int i = 0; i < MAX_READS && is_reading(stream) && receive(stream); i++)
      ;
  }
  sio_loop_leave(loop);
}

/* --- out --- */

static int gather(sio_stream *stream, struct iovec *pieces) {
  return sio_outbox_gather(&stream->out, pieces, MAX_PIECES, loop_of(stream)->buffer,
                           SIO_READ_SIZE);
}

static ssize_t send_pieces(sio_stream *stream, struct iovec *pieces, int count) {
  struct msghdr message = {.msg_iov = pieces};
  message.msg_iovlen = (size_t)count;
  ssize_t n;
  do
    n = sendmsg(stream->fd, &message, MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  stream->has_sent |= n > 0;
  return n;
}

static ssize_t send_plain(sio_stream *stream) {
  struct iovec pieces[MAX_PIECES];
  ssize_t n = send_pieces(stream, pieces, gather(stream, pieces));
  if (n > 0)
    sio_outbox_consume(&stream->out, &loop_of(stream)->rings, (size_t)n);
  return n;
}

/* Encrypts the next of what is queued, or the end. False: cannot. */
static bool seal(sio_stream *stream) {
  struct iovec pieces[MAX_PIECES];
  size_t total = 0;
  int count = gather(stream, pieces);
  for (int i = 0; i < count && total < MAX_SEALED; i++) {
    size_t room = MAX_SEALED - total;
    size_t len = pieces[i].iov_len < room ? pieces[i].iov_len : room;
    if (!sio_tls_link_encrypt(stream->tls, sio_bytes_of(pieces[i].iov_base, len)))
      return false;
    total += len;
  }
  sio_outbox_consume(&stream->out, &loop_of(stream)->rings, total);
  if (stream->state == FINISHING && stream->out.bytes == 0)
    sio_tls_link_end(stream->tls);
  return true;
}

static ssize_t send_sealed(sio_stream *stream) {
  sio_bytes records = sio_tls_link_output(stream->tls);
  if (records.len == 0 && !seal(stream)) {
    errno = ENOMEM;
    return -1;
  }
  records = sio_tls_link_output(stream->tls);
  ssize_t n = send_pieces(stream, &(struct iovec){(char *)records.base, records.len}, 1);
  if (n > 0)
    sio_tls_link_sent(stream->tls, (size_t)n);
  return n;
}

/* Is there something that could be sent now? */
static bool has_output(const sio_stream *stream) {
  if (stream->tls == NULL)
    return stream->out.bytes > 0;
  if (sio_tls_link_output(stream->tls).len > 0)
    return true;
  return sio_tls_link_is_ready(stream->tls) &&
         (stream->out.bytes > 0 ||
          (stream->state == FINISHING && !sio_tls_link_has_ended(stream->tls)));
}

/* False: the stream was closed. */
static bool send_all(sio_stream *stream) {
  ssize_t n = 0;
  while (n >= 0 && has_output(stream)) {
    n = stream->tls != NULL ? send_sealed(stream) : send_plain(stream);
    if (n < 0 && errno != EAGAIN) {
      sio_stream_close(stream, uv_translate_sys_error(errno));
      return false;
    }
  }
  stream->is_blocked = n < 0;
  update_interest(stream);
  return true;
}

static void send_fin(sio_stream *stream) {
  if (stream->has_ended || shutdown(stream->fd, SHUT_WR) != 0) {
    sio_stream_close(stream, 0);
    return;
  }
  stream->state = LINGERING;
  start_patience(stream, &loop_of(stream)->lingering, uv_now(loop_of(stream)->uv)); /* it has one */
}

void sio_stream_flush(sio_list *node) {
  sio_stream *stream = SIO_OF(node, sio_stream, output);
  if (stream->is_blocked || !send_all(stream))
    return;
  bool had_to_wait = stream->stalled > 0;
  stream->stalled = sio_stream_queued(stream);
  if (stream->stalled > 0)
    return;
  if (stream->state == FINISHING)
    send_fin(stream);
  else if (had_to_wait && stream->state == OPEN && stream->events->on_drain != NULL)
    stream->events->on_drain(stream->owner);
}

static int queue(sio_stream *stream, sio_frame *frame, size_t from) {
  if (stream->state != OPEN)
    return SIO_ECLOSED;
  int error = sio_outbox_push(&stream->out, &loop_of(stream)->rings, frame, from);
  if (error == 0 && !stream->is_blocked)
    flush_later(stream);
  return error;
}

int sio_stream_send(sio_stream *stream, sio_frame *frame) {
  return queue(stream, frame, 0);
}

int sio_stream_send_payload(sio_stream *stream, sio_frame *frame) {
  return queue(stream, frame, frame->head);
}

int sio_stream_write(sio_stream *stream, sio_bytes bytes) {
  if (stream->state != OPEN)
    return SIO_ECLOSED;
  sio_frame *frame = sio_frame_copy(bytes);
  if (frame == NULL)
    return SIO_ENOMEM;
  int error = queue(stream, frame, 0);
  sio_frame_unref(frame);
  return error;
}

size_t sio_stream_queued(const sio_stream *stream) {
  if (stream->tls == NULL)
    return stream->out.bytes;
  return stream->out.bytes + sio_tls_link_output(stream->tls).len;
}

size_t sio_stream_stalled(const sio_stream *stream) {
  return stream->stalled;
}

/* --- life --- */

static bool open_tls(sio_stream *stream, sio_loop *loop, sio_tls *tls) {
  if (tls == NULL)
    return true;
  stream->tls = sio_tls_link_new(tls);
  return stream->tls != NULL && start_patience(stream, &loop->greeting, uv_now(loop->uv));
}

static void close_tls(sio_stream *stream) {
  sio_tls_link_free(stream->tls);
  stop_patience(stream);
}

sio_stream *sio_stream_new(sio_loop *loop, int fd, sio_tls *tls) {
  sio_stream *stream = sio_calloc(1, sizeof(*stream));
  if (stream == NULL || !open_tls(stream, loop, tls) ||
      uv_poll_init(loop->uv, &stream->poll, fd) != 0) {
    if (stream != NULL)
      close_tls(stream);
    sio_free(stream);
    close(fd);
    return NULL;
  }
  stream->poll.data = loop;
  stream->fd = fd;
  loop->streams++;
  loop->handles++;
  update_interest(stream);
  return stream;
}

void sio_stream_set_owner(sio_stream *stream, const sio_stream_events *events, void *owner) {
  stream->events = events;
  stream->owner = owner;
}

void sio_stream_pause(sio_stream *stream) {
  stream->is_paused = true; /* on_ready stops watching; most are resumed before */
}

void sio_stream_resume(sio_stream *stream) {
  stream->is_paused = false;
  update_interest(stream);
}

static void on_closed(uv_handle_t *handle) {
  sio_stream *stream = of_poll((uv_poll_t *)handle);
  sio_loop *loop = loop_of(stream);
  sio_loop_enter(loop);
  loop->streams--;
  sio_outbox_deinit(&stream->out, &loop->rings);
  if (stream->events != NULL)
    stream->events->on_close(stream->owner, stream->error);
  sio_tls_link_free(stream->tls);
  sio_free(stream);
  sio_loop_leave(loop);
  sio_loop_settle(loop);
  sio_loop_lose_handle(loop);
}

/* So that the peer knows that what it got was all. */
static void say_end(sio_stream *stream) {
  sio_tls_link_end(stream->tls);
  sio_bytes records = sio_tls_link_output(stream->tls);
  if (records.len > 0)
    send_pieces(stream, &(struct iovec){(char *)records.base, records.len}, 1);
}

void sio_stream_close(sio_stream *stream, int error) {
  if (stream->state == CLOSED)
    return;
  if (stream->tls != NULL && stream->state == OPEN && error == 0 && sio_stream_queued(stream) == 0)
    say_end(stream);
  if (stream->error == 0 && stream->state != LINGERING) /* then all was sent, we closed it */
    stream->error = error;
  stream->state = CLOSED;
  sio_list_remove(&stream->output);
  stop_patience(stream);
  uv_close((uv_handle_t *)&stream->poll, on_closed);
  close(stream->fd);
}

static void close_ours(uv_handle_t *handle, void *loop) {
  if (uv_handle_get_type(handle) == UV_POLL && uv_handle_get_data(handle) == loop)
    sio_stream_close(of_poll((uv_poll_t *)handle), 0);
}

/* A list of them would cost each two pointers. */
void sio_stream_close_all(sio_loop *loop) {
  uv_walk(loop->uv, close_ours, loop);
}

void sio_stream_finish(sio_stream *stream) {
  if (stream->state != OPEN)
    return;
  sio_loop *loop = loop_of(stream);
  if (!start_patience(stream, &loop->finishing, sio_loop_now(loop))) {
    sio_stream_close(stream, SIO_ENOMEM);
    return;
  }
  stream->state = FINISHING;
  flush_later(stream);
  sio_stream_resume(stream);
}

static sio_stream *of_deadline(sio_deadline *deadline) {
  return SIO_OF(deadline, patience, deadline)->stream;
}

void sio_stream_on_greet_timeout(sio_deadline *deadline) {
  sio_stream_close(of_deadline(deadline), UV_ETIMEDOUT);
}

void sio_stream_on_finish_timeout(sio_deadline *deadline) {
  sio_stream *stream = of_deadline(deadline);
  if (stream->has_sent)
    start_patience(stream, &loop_of(stream)->finishing, uv_now(loop_of(stream)->uv));
  else
    sio_stream_close(stream, UV_ETIMEDOUT);
}

void sio_stream_on_linger_timeout(sio_deadline *deadline) {
  sio_stream_close(of_deadline(deadline), 0);
}

bool sio_stream_is_closing(const sio_stream *stream) {
  return stream->state != OPEN;
}

bool sio_stream_is_secure(const sio_stream *stream) {
  return stream->tls != NULL;
}

sio_loop *sio_stream_loop(const sio_stream *stream) {
  return loop_of(stream);
}
