/*
 * TLS 1.2 and 1.3 for accepted connections, with OpenSSL.
 *
 * sio_tls says who the server is (certificate and key), whom it lets in and which versions it
 * speaks. It is reference-counted: listeners and connections share it. It can be given what
 * another has loaded at any time; connections that are open go on with what they began with.
 *
 * No renegotiation, no compression; TLS 1.2 with ECDHE and an AEAD cipher only. ALPN knows
 * "http/1.1" and refuses a client that offers only other protocols (RFC 7301 3.2).
 */
#ifndef SIO_NET_TLS_H
#define SIO_NET_TLS_H

#include "base/bytes.h"

typedef struct sio_tls sio_tls;

/* cert, key and ca are names of files, or PEM text when they begin with "-----BEGIN". */
typedef struct sio_tls_options {
  const char *cert;       /* the server's, followed by those that lead to its authority */
  const char *key;        /* the private key of cert */
  const char *passphrase; /* of key; NULL: none */
  const char *ca;         /* clients must present a certificate that it signed; NULL: need none */
  bool only_1_3;          /* no TLS 1.2 */
} sio_tls_options;

/* Why something could not be loaded: names the option and the file, and says what to do. */
typedef struct sio_tls_problem {
  const char *code; /* of the system ("ENOENT"), or "ETLS" */
  char text[512];
} sio_tls_problem;

/* NULL: see problem. Borrows options. */
sio_tls *sio_tls_new(const sio_tls_options *options, sio_tls_problem *problem);
sio_tls *sio_tls_ref(sio_tls *tls);
void sio_tls_unref(sio_tls *tls); /* NULL is allowed */

/* Exchanges what the two have loaded, for connections made from now on. */
void sio_tls_swap(sio_tls *tls, sio_tls *other);

/*
 * One connection's TLS, without its socket: its owner carries the records between them.
 */
typedef struct sio_tls_link sio_tls_link;

enum sio_tls_status {
  SIO_TLS_OPEN,
  SIO_TLS_ENDED, /* the peer's close_notify has come */
  SIO_TLS_BROKEN /* an alert for the peer may be in the output; there will be nothing else */
};

/* So many bytes decrypting may run ahead of what it reads: one record, of which all but the end
 * came before. */
enum { SIO_TLS_AHEAD = 16384 };

sio_tls_link *sio_tls_link_new(sio_tls *tls); /* shares; NULL: out of memory */
void sio_tls_link_free(sio_tls_link *link);   /* NULL is allowed */

bool sio_tls_link_is_ready(const sio_tls_link *link); /* shaken hands, not broken */

/*
 * Takes all of in, writes what it says to out (len bytes, from 0). in may be the end of a buffer
 * whose begin is out, if at least SIO_TLS_AHEAD bytes lie between. May add to the output.
 */
enum sio_tls_status sio_tls_link_decrypt(sio_tls_link *link, sio_bytes in, char *out, size_t *len);

/* Adds records to the output. Only when ready. False: broken. */
bool sio_tls_link_encrypt(sio_tls_link *link, sio_bytes bytes);

/* Adds a close_notify to the output, once; nothing when not ready. */
void sio_tls_link_end(sio_tls_link *link);
bool sio_tls_link_has_ended(const sio_tls_link *link);

/* What is to be sent. Valid until the next call; sent drops its first n bytes. */
sio_bytes sio_tls_link_output(const sio_tls_link *link);
void sio_tls_link_sent(sio_tls_link *link, size_t n);

#endif
