/* The opening handshake (RFC 6455, 4.2). Its one extension is negotiated in ws/offer.h. */
#ifndef SIO_WS_HANDSHAKE_H
#define SIO_WS_HANDSHAKE_H

#include "base/buf.h"
#include "http/request.h"
#include "ws/offer.h"

enum { SIO_WS_ACCEPT_LEN = 28 };

/* The value of Sec-WebSocket-Accept for a key. */
void sio_ws_accept(char out[SIO_WS_ACCEPT_LEN], sio_bytes key);

/*
 * Checks the upgrade's headers. NULL when they are right, else the text that the answer carries, in
 * the reference's words, and *status: 400; 405 for a method other than GET; 426 for a version other
 * than 13, which the answer names in Sec-WebSocket-Version (RFC 6455, 4.4).
 */
const char *sio_ws_check(const sio_request *request, int *status);

/* Appends the 101 answer: status line, the three fixed headers, the subprotocol (the first offered
 * is echoed), what was agreed on for permessage-deflate (NULL: nothing), extra header lines (each
 * with its CR LF) and the empty line. 0 or SIO_ENOMEM. */
int sio_ws_answer(const sio_request *request, const sio_deflate_params *agreed,
                  sio_bytes extra_headers, sio_buf *out);

#endif
