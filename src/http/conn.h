/*
 * What the server, its connections and their exchanges share; private to http.
 *
 * A connection parses a request, hands its exchange to the handlers, and parses on when the answer
 * is complete; bytes that come meanwhile wait, unparsed. It lives until its stream's on_close, or,
 * when an upgrade took the stream, until the next flush of the loop (until then the bytes that the
 * upgrade got stay valid).
 */
#ifndef SIO_HTTP_CONN_H
#define SIO_HTTP_CONN_H

#include "base/buf.h"
#include "http/packed.h"
#include "http/parser.h"
#include "http/server.h"

struct sio_exchange {
  sio_request *request; /* NULL between two requests */
  const sio_exchange_events *events;
  void *owner;
  sio_buf headers;   /* lines that were added to the answer */
  int64_t promised;  /* a Content-Length among them, as far as it is not written yet; else -1 */
  sio_buf body;      /* what came of a body that is wanted */
  size_t body_limit; /* for it */
  size_t dropped;    /* bytes of a body that nobody wants */
  bool expects_continue;
  bool wants_body;
  bool is_received; /* the request is complete */
  bool is_started;  /* the head of an answer in pieces is sent */
  bool is_bodiless; /* and its pieces are not */
  bool is_chunked;
  bool awaits_drain; /* a piece was written since on_drain */
  bool is_answered;  /* over for its owner; the connection may still have to drop the body */
  bool close_after;
};

enum sio_conn_clock {
  SIO_CLOCK_HEAD, /* waits for a first or the rest of a head */
  SIO_CLOCK_BODY, /* waits for the body, or for the peer to take an answer's piece */
  SIO_CLOCK_IDLE, /* waits for a next request */
  SIO_CLOCK_NONE  /* waits for an answer, as long as that takes */
};

typedef struct sio_conn {
  sio_list node; /* in the server's connections */
  sio_http_server *server;
  sio_stream *stream; /* NULL: an upgrade took it */
  sio_http_parser *parser;
  sio_deadline deadline;
  enum sio_conn_clock clock; /* the one that deadline stands in */
  size_t queued;             /* output when it was started */
  sio_deadline drain;        /* looks in the next turn whether all was sent */
  sio_flush flush;
  sio_bytes in;  /* while is_parsing: what is not parsed yet */
  sio_buf rest;  /* else: the same */
  sio_bytes all; /* while is_parsing: a body that came in one piece, which is not copied */
  bool is_parsing;
  bool has_served; /* at least one request */
  bool is_leaving; /* the server waits for its end */
  sio_exchange exchange;
  char address[]; /* the peer's */
} sio_conn;

struct sio_http_server {
  sio_loop *loop;
  sio_http_options options;
  sio_http_limits limits;
  sio_list handlers;
  sio_list listeners;
  sio_list conns;
  sio_deadlines clocks[SIO_CLOCK_NONE];
  sio_deadlines drains; /* of a millisecond: practically the next turn of the loop */
  sio_packed packed;    /* of the files that it sends */
  sio_flush flush;      /* calls on_closed */
  size_t leaving;       /* connections and listeners that on_closed waits for */
  void (*on_closed)(void *owner);
  void *owner;
  bool is_freed; /* as soon as the last connection is gone */
};

static inline sio_conn *sio_conn_of(const sio_exchange *exchange) {
  return SIO_OF(exchange, sio_conn, exchange);
}

/* --- conn.c --- */

/* Serves the stream, or closes it when out of memory. */
void sio_conn_open(sio_http_server *server, sio_stream *stream, const sio_address *peer);
void sio_conn_free(sio_conn *conn); /* one without stream */

/* Tells the owner of a pending exchange that it is gone; nothing when there is none. */
void sio_conn_abort(sio_conn *conn);
/* Closes the stream, after what is queued. */
void sio_conn_shut(sio_conn *conn);

/* Will there be a next request after the answer that is about to be sent? */
bool sio_conn_keeps_alive(const sio_conn *conn);
/* The answer is complete: goes on to the next request, or closes. */
void sio_conn_answered(sio_conn *conn, bool keeps_alive);
/* The answer could not be sent, or is not wanted. */
void sio_conn_destroy(sio_conn *conn);

/* Parses on, soon. */
void sio_conn_continue(sio_conn *conn);
/* A piece was written: tells when it is sent, and cuts a peer that takes nothing. */
void sio_conn_watch_output(sio_conn *conn);
/* Lets go of the stream, for an upgrade. */
sio_stream *sio_conn_release(sio_conn *conn);

/* The deadlines' expire functions, by enum sio_conn_clock. */
void sio_conn_expire_head(sio_deadline *deadline);
void sio_conn_expire_body(sio_deadline *deadline);
void sio_conn_expire_idle(sio_deadline *deadline);
void sio_conn_expire_drain(sio_deadline *deadline);

/* --- server.c --- */

/* Asks the handlers; false when none took it. */
bool sio_http_server_ask(sio_http_server *server, sio_exchange *exchange);
/* One connection or listener that was to leave is gone. */
void sio_http_server_left(sio_http_server *server);
/* Frees the server if that was asked for and nothing of it is left. */
void sio_http_server_collect(sio_http_server *server);

#endif
