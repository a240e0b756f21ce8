/*
 * Every limit of the server: its one default, what it counts, what the client gets. docs/limits.md
 * is the same table for users. Sizes are bytes, times ms.
 */
#ifndef SIO_BASE_LIMITS_H
#define SIO_BASE_LIMITS_H

enum {
  /* A turn of the loop: what is left waits for the next one, and others are served in between. A
   * packet, WebSocket frame or HTTP request counts as one, and as one more for each KiB. */
  SIO_CLIENT_WORK = 256, /* of one connection */
  SIO_TURN_WORK = 4096,  /* of all; each that has something to say gets at least one */

  /* TLS: closed. */
  SIO_TLS_HANDSHAKE_TIMEOUT = 10000, /* accepted to the end of the handshake */

  /* HTTP: 431, 408, 413 and the connection is closed. */
  SIO_MAX_HEADER_SIZE = 16384,    /* head of a request; also chunk extensions and trailers */
  SIO_MAX_HEADERS = 100,          /* header lines a request */
  SIO_HEADERS_TIMEOUT = 10000,    /* first byte of a head to its end */
  SIO_REQUEST_TIMEOUT = 30000,    /* end of the head to the end of the body */
  SIO_KEEP_ALIVE_TIMEOUT = 5000,  /* idle between two requests; closed silently */
  SIO_MAX_ANSWERS = 262144,       /* of answers that are not taken: no next request is looked at */
  SIO_MAX_REQUEST_BODY = 1000000, /* requests beside Socket.IO */
  SIO_MAX_QUEUED_ANSWER = 65536,  /* written in pieces: then the writer waits */
  SIO_PACK_MAX = 262144,      /* a larger file is sent as it is: compressing it takes too long */
  SIO_PACKED_CACHE = 8388608, /* compressed files that are kept */
  SIO_DRAIN_LIMIT = 65536,    /* bytes of a body that nobody wants before the connection closes */

  /* WebSocket: closed with 1009 (size) or 1008 (count). */
  SIO_WS_MAX_FRAGMENTS = 4096,  /* frames a message */
  SIO_WS_CLOSE_TIMEOUT = 30000, /* our close frame to the peer's */

  /* Engine.IO */
  SIO_MAX_SESSION_ID = 64,            /* one that generateId makes */
  SIO_MAX_HTTP_BUFFER_SIZE = 1000000, /* a POST body (413), a WebSocket message (1009) */
  SIO_PING_INTERVAL = 25000,
  SIO_PING_TIMEOUT = 20000,
  SIO_UPGRADE_TIMEOUT = 10000,
  SIO_POLL_CLOSE_TIMEOUT = 30000, /* a closing session waits so long for the poll that tells it */
  SIO_MAX_BACKPRESSURE =
      4194304, /* bytes that an earlier turn left queued; then the policy applies */

  /* Socket.IO: the connection is closed as a parse error. */
  SIO_CONNECT_TIMEOUT = 45000,
  SIO_MAX_ATTACHMENTS = 10, /* a packet; their bytes together are limited by maxHttpBufferSize */
  SIO_MAX_ACK_DIGITS = 19,  /* of an acknowledgement id: it must fit 63 bits */
  SIO_MAX_NAMESPACES = 256, /* joined by one client */
  SIO_MAX_NAME = 1024,      /* a namespace's name */
  SIO_MAX_DEPTH = 128,      /* levels of a payload, from the argument */
  SIO_MAX_ARGUMENTS = 4096, /* of one event or acknowledgement */

  /* Connection state recovery, for each namespace: the oldest are forgotten. */
  SIO_MAX_RECOVERY_BYTES = 67108864, /* of packets that may be sent again */
  SIO_MAX_RECOVERY_SESSIONS = 100000,
};

/* Seconds after which a client that found no room may try again. */
#define SIO_RETRY_AFTER "5"

#endif
