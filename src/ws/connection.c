#include "ws/connection.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "net/timer.h"
#include "ws/frame.h"

enum state { OPEN, CLOSING, OVER };

/* Bytes that came, for the next turn; until they are used nothing is read. */
typedef struct waiting_bytes {
  sio_flush turn;
  sio_ws *ws;
  size_t at, len;
  char bytes[];
} waiting_bytes;

/* There are many of them, most of them idle: what few need stands elsewhere. */
struct sio_ws {
  sio_stream *stream;
  const sio_ws_events *events; /* NULL: nobody wants to know */
  void *owner;
  size_t max_message;
  sio_deflate *deflate;    /* or NULL */
  sio_ws_decoder *decoder; /* or NULL: nothing of a message has come */
  waiting_bytes *waiting;
  union {
    sio_frame *pong;     /* OPEN: waits until stalled output has gone, or NULL */
    sio_timer *patience; /* CLOSING */
  };
  uint8_t state;
  bool has_ended; /* the peer sends no more, but bytes are waiting */
};

/* --- the end --- */

static void report(sio_ws *ws, int code, sio_bytes reason, bool error) {
  const sio_ws_events *events = ws->events;
  ws->events = NULL;
  if (events != NULL)
    events->on_close(ws->owner, code, reason, error);
}

static void forget_waiting(sio_ws *ws) {
  if (ws->waiting == NULL)
    return;
  sio_list_remove(&ws->waiting->turn.node);
  sio_free(ws->waiting);
  ws->waiting = NULL;
}

static void forget_pong(sio_ws *ws) {
  sio_frame_unref(ws->pong);
  ws->pong = NULL;
}

/* Nothing is read or queued any more. */
static void end(sio_ws *ws) {
  if (ws->state == OPEN)
    forget_pong(ws);
  else if (ws->state == CLOSING && ws->patience != NULL)
    sio_timer_stop(ws->patience);
  ws->state = OVER;
}

static void drop(sio_ws *ws, int error) {
  end(ws);
  sio_stream_close(ws->stream, error);
}

static void finish(sio_ws *ws, int code, sio_bytes reason, bool error) {
  end(ws);
  sio_stream_finish(ws->stream);
  report(ws, code, reason, error);
}

static void on_stream_close(void *owner, int error) {
  sio_ws *ws = owner;
  (void)error;
  end(ws);
  report(ws, SIO_WS_ABNORMAL, SIO_BYTES(""), false);
  forget_waiting(ws);
  if (ws->decoder != NULL)
    sio_ws_decoder_deinit(ws->decoder);
  sio_free(ws->decoder);
  sio_deflate_free(ws->deflate);
  sio_free(ws);
}

/* --- out --- */

static int send_taken(sio_ws *ws, sio_frame *frame) {
  int err = frame != NULL ? sio_stream_send(ws->stream, frame) : SIO_ENOMEM;
  sio_frame_unref(frame);
  return err;
}

static int send_packed(sio_ws *ws, sio_frame *frame) {
  sio_frame *packed;
  int err = sio_deflate_pack(ws->deflate, frame, &packed);
  return err == 0 ? send_taken(ws, packed) : err;
}

int sio_ws_send(sio_ws *ws, sio_frame *frame) {
  if (ws->state != OPEN)
    return SIO_ECLOSED;
  return ws->deflate == NULL ? sio_stream_send(ws->stream, frame) : send_packed(ws, frame);
}

size_t sio_ws_queued(const sio_ws *ws) {
  return sio_stream_queued(ws->stream);
}

size_t sio_ws_stalled(const sio_ws *ws) {
  return sio_stream_stalled(ws->stream);
}

static void lose_patience(void *owner) {
  drop(owner, 0);
}

void sio_ws_close(sio_ws *ws, int code) {
  if (ws->state != OPEN)
    return;
  forget_pong(ws);
  ws->state = CLOSING;
  int err = send_taken(ws, sio_ws_close_frame(code, SIO_BYTES("")));
  ws->patience =
      sio_timer_start(sio_stream_loop(ws->stream), SIO_WS_CLOSE_TIMEOUT, 0, lose_patience, ws);
  if (err != 0 || ws->patience == NULL)
    drop(ws, SIO_ENOMEM);
}

void sio_ws_destroy(sio_ws *ws) {
  if (ws->state != OVER)
    drop(ws, 0);
}

/*
 * While output is stalled only the latest ping is answered (RFC 6455, 5.5.3): a peer that sends
 * pings and reads nothing makes nothing grow.
 */
static void answer_ping(sio_ws *ws, sio_bytes payload) {
  sio_frame *pong = sio_ws_control(SIO_WS_PONG, payload);
  if (pong != NULL && sio_stream_stalled(ws->stream) > 0) {
    forget_pong(ws);
    ws->pong = pong;
  } else if (send_taken(ws, pong) == SIO_ENOMEM) {
    drop(ws, SIO_ENOMEM);
  }
}

static void on_stream_drain(void *owner) {
  sio_ws *ws = owner;
  sio_frame *pong = ws->state == OPEN ? ws->pong : NULL;
  if (pong != NULL) {
    ws->pong = NULL;
    if (send_taken(ws, pong) == SIO_ENOMEM)
      drop(ws, SIO_ENOMEM);
  }
  if (ws->events != NULL)
    ws->events->on_drain(ws->owner);
}

/* --- in --- */

static bool may_go_on(const sio_ws *ws, size_t len) {
  return sio_loop_spend(sio_stream_loop(ws->stream), len) && ws->state != OVER;
}

static bool on_message(void *owner, char *data, size_t len, bool binary) {
  sio_ws *ws = owner;
  if (ws->state == OPEN && ws->events != NULL)
    ws->events->on_message(ws->owner, data, len, binary);
  return may_go_on(ws, len);
}

/* Echoes the close frame, unless it answers ours; then the server ends the connection. */
static void on_close_frame(sio_ws *ws, sio_bytes payload) {
  int code = sio_ws_close_code(payload);
  sio_bytes reason =
      payload.len > 2 ? sio_bytes_of(payload.base + 2, payload.len - 2) : SIO_BYTES("");
  if (ws->state == OPEN)
    send_taken(ws, sio_ws_control(SIO_WS_CLOSE, payload));
  finish(ws, code, reason, false);
}

static bool on_control(void *owner, int opcode, sio_bytes payload) {
  sio_ws *ws = owner;
  if (opcode == SIO_WS_CLOSE)
    on_close_frame(ws, payload);
  else if (opcode == SIO_WS_PING && ws->state == OPEN)
    answer_ping(ws, payload);
  return may_go_on(ws, payload.len);
}

static void refuse(sio_ws *ws, int code) {
  if (code == SIO_ENOMEM) {
    drop(ws, SIO_ENOMEM);
    report(ws, SIO_WS_ABNORMAL, SIO_BYTES(""), true);
    return;
  }
  if (ws->state == OPEN)
    send_taken(ws, sio_ws_close_frame(code, SIO_BYTES("")));
  finish(ws, code, SIO_BYTES(""), true);
}

static sio_ws_decoder take_decoder(sio_ws *ws) {
  sio_ws_decoder decoder;
  if (ws->decoder != NULL)
    return *ws->decoder;
  sio_ws_decoder_init(&decoder, ws->max_message);
  decoder.deflate = ws->deflate;
  return decoder;
}

/* It is kept only while a message is incomplete. 0 or SIO_ENOMEM. */
static int put_back_decoder(sio_ws *ws, const sio_ws_decoder *decoder) {
  if (sio_ws_decoder_is_idle(decoder)) {
    sio_free(ws->decoder);
    ws->decoder = NULL;
    return 0;
  }
  if (ws->decoder == NULL)
    ws->decoder = sio_malloc(sizeof(*decoder));
  if (ws->decoder == NULL)
    return SIO_ENOMEM;
  *ws->decoder = *decoder;
  return 0;
}

/* No more is decoded. */
static void give_up_decoder(sio_ws *ws, sio_ws_decoder *decoder) {
  sio_ws_decoder_deinit(decoder);
  sio_free(ws->decoder);
  ws->decoder = NULL;
}

/* Returns how many of the bytes, the last ones, are left for the next turn. */
static size_t decode(sio_ws *ws, char *data, size_t len) {
  static const sio_ws_decoder_events events = {on_message, on_control};
  if (ws->state == OVER)
    return 0;
  size_t left;
  sio_ws_decoder decoder = take_decoder(ws);
  int code = sio_ws_decode(&decoder, data, len, &events, ws, &left);
  if (code == 0 && ws->state != OVER)
    code = put_back_decoder(ws, &decoder);
  if (code != 0 || ws->state == OVER)
    give_up_decoder(ws, &decoder);
  if (code != 0)
    refuse(ws, code);
  return ws->state != OVER ? left : 0;
}

static void go_on(sio_flush *turn) {
  waiting_bytes *waiting = SIO_OF(turn, waiting_bytes, turn);
  sio_ws *ws = waiting->ws;
  sio_loop_begin_share(sio_stream_loop(ws->stream));
  size_t left = decode(ws, waiting->bytes + waiting->at, waiting->len - waiting->at);
  waiting->at = waiting->len - left;
  if (left > 0) {
    sio_loop_next_turn(sio_stream_loop(ws->stream), turn);
    return;
  }
  forget_waiting(ws);
  if (ws->state == OVER)
    return;
  sio_stream_resume(ws->stream);
  if (ws->has_ended)
    finish(ws, SIO_WS_ABNORMAL, SIO_BYTES(""), false);
}

/* 0 or SIO_ENOMEM. */
static int keep(sio_ws *ws, const char *bytes, size_t len) {
  waiting_bytes *waiting = sio_calloc(1, sizeof(*waiting) + len);
  if (waiting == NULL)
    return SIO_ENOMEM;
  waiting->turn.run = go_on;
  waiting->ws = ws;
  waiting->len = len;
  memcpy(waiting->bytes, bytes, len);
  ws->waiting = waiting;
  sio_stream_pause(ws->stream);
  sio_loop_next_turn(sio_stream_loop(ws->stream), &waiting->turn);
  return 0;
}

static void on_stream_read(void *owner, char *data, size_t len) {
  sio_ws *ws = owner;
  size_t left = decode(ws, data, len);
  if (left > 0 && keep(ws, data + len - left, left) != 0)
    refuse(ws, SIO_ENOMEM);
}

static void on_stream_end(void *owner) {
  sio_ws *ws = owner;
  ws->has_ended = true;
  if (ws->state != OVER && ws->waiting == NULL)
    finish(ws, SIO_WS_ABNORMAL, SIO_BYTES(""), false);
}

/* --- set-up --- */

static const sio_stream_events stream_events = {on_stream_read, on_stream_end, on_stream_drain,
                                                on_stream_close};

/* Of a stream for which there was no memory: it is closing, and nobody waits for that. */
static void ignore_close(void *owner, int error) {
  (void)owner;
  (void)error;
}

static const sio_stream_events orphan_events = {.on_close = ignore_close};

sio_ws *sio_ws_new(sio_stream *stream, sio_bytes answer, const char *rest, size_t rest_len,
                   size_t max_message, sio_deflate *deflate, const sio_ws_events *events,
                   void *owner) {
  sio_ws *ws = sio_calloc(1, sizeof(*ws));
  if (ws == NULL) {
    sio_deflate_free(deflate);
    sio_stream_set_owner(stream, &orphan_events, NULL);
    sio_stream_close(stream, SIO_ENOMEM);
    return NULL;
  }
  ws->stream = stream;
  ws->max_message = max_message;
  ws->deflate = deflate;
  sio_stream_set_owner(stream, &stream_events, ws);
  int err = sio_stream_write(stream, answer);
  if (err == SIO_ENOMEM || (rest_len > 0 && keep(ws, rest, rest_len) != 0)) {
    drop(ws, SIO_ENOMEM);
    return NULL;
  }
  ws->events = events;
  ws->owner = owner;
  return ws;
}

void sio_ws_set_owner(sio_ws *ws, const sio_ws_events *events, void *owner) {
  ws->events = events;
  ws->owner = owner;
}
