/*
 * Certificates, made when a test needs them, and TLS clients: OpenSSL's, on the plain sockets of
 * net_fixture.h.
 */
#ifndef SPEC_UNIT_TLS_FIXTURE_H
#define SPEC_UNIT_TLS_FIXTURE_H

#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "net/tls.h"
#include "net_fixture.h"

/* --- certificates --- */

typedef struct tls_pair {
  X509 *x509;
  EVP_PKEY *pkey;
  char cert[4096], key[4096]; /* PEM */
} tls_pair;

static inline void tls_pem(BIO *bio, char *out, size_t room) {
  int n = BIO_read(bio, out, (int)room - 1);
  assert_true(n > 0);
  out[n] = '\0';
  BIO_free(bio);
}

static inline void tls_extend(X509 *cert, int nid, const char *value) {
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
  assert_non_null(extension);
  assert_int_equal(X509_add_ext(cert, extension, -1), 1);
  X509_EXTENSION_free(extension);
}

/* Signed by issuer, or by itself. The key's PEM is encrypted when there is a passphrase. */
static inline void tls_make(tls_pair *pair, const char *name, const tls_pair *issuer,
                            const char *passphrase) {
  static long serial;
  pair->pkey = EVP_EC_gen("P-256");
  X509 *cert = pair->x509 = X509_new();
  X509_set_version(cert, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
  X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                             (const unsigned char *)name, -1, -1, 0);
  X509_set_issuer_name(cert, X509_get_subject_name(issuer != NULL ? issuer->x509 : cert));
  X509_set_pubkey(cert, pair->pkey);
  if (issuer == NULL)
    tls_extend(cert, NID_basic_constraints, "critical,CA:TRUE");
  assert_true(X509_sign(cert, issuer != NULL ? issuer->pkey : pair->pkey, EVP_sha256()) > 0);
  BIO *bio = BIO_new(BIO_s_mem());
  assert_int_equal(PEM_write_bio_X509(bio, cert), 1);
  tls_pem(bio, pair->cert, sizeof(pair->cert));
  bio = BIO_new(BIO_s_mem());
  const EVP_CIPHER *cipher = passphrase != NULL ? EVP_aes_256_cbc() : NULL;
  assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, pair->pkey, cipher, passphrase,
                                                 passphrase != NULL ? (int)strlen(passphrase) : 0,
                                                 NULL, NULL),
                   1);
  tls_pem(bio, pair->key, sizeof(pair->key));
}

static inline void tls_forget(tls_pair *pair) {
  X509_free(pair->x509);
  EVP_PKEY_free(pair->pkey);
}

static inline sio_tls_options tls_options_of(const tls_pair *pair) {
  return (sio_tls_options){.cert = pair->cert, .key = pair->key};
}

/* --- clients --- */

typedef struct tls_client {
  int fd;
  SSL_CTX *ctx;
  SSL *ssl;
  struct {
    char *base; /* not a sio_buf: the library's memory may be short in a test */
    size_t len, cap;
  } in;
  bool is_ready;
  bool has_ended; /* by a close_notify */
  bool is_over;   /* by anything else */
  int reason;     /* OpenSSL's, of a failure */
} tls_client;

/* What it is to be like is set on ctx; then tls_begin. */
static inline void tls_client_init(tls_client *client) {
  *client = (tls_client){.fd = -1, .ctx = SSL_CTX_new(TLS_client_method())};
  SSL_CTX_set_verify(client->ctx, SSL_VERIFY_NONE, NULL);
}

static inline void tls_begin_on(tls_client *client, int fd) {
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  client->fd = fd;
  client->ssl = SSL_new(client->ctx);
  SSL_set_mode(client->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_set_fd(client->ssl, fd);
  SSL_set_connect_state(client->ssl);
}

static inline void tls_client_deinit(tls_client *client) {
  SSL_free(client->ssl);
  SSL_CTX_free(client->ctx);
  free(client->in.base);
  if (client->fd >= 0)
    close(client->fd);
  *client = (tls_client){.fd = -1};
}

/* Is n, what a call of OpenSSL returned, nothing yet or progress? Else notes why not. */
static inline bool tls_goes_on(tls_client *client, int n) {
  int error = SSL_get_error(client->ssl, n);
  bool is_on = n > 0 || error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
  if (!is_on) {
    client->has_ended = error == SSL_ERROR_ZERO_RETURN;
    client->is_over = !client->has_ended;
    client->reason = error == SSL_ERROR_SSL ? ERR_GET_REASON(ERR_peek_error()) : 0;
  }
  ERR_clear_error(); /* the library's come to the same queue */
  return is_on;
}

/* Goes on as far as it can: the handshake, what has come. False: it is over. */
static inline bool tls_pump(tls_client *client) {
  int n = 1;
  if (client->is_over || client->has_ended)
    return false;
  do {
    if (client->in.cap - client->in.len < 16384) {
      client->in.cap = 2 * client->in.cap + 16384;
      client->in.base = realloc(client->in.base, client->in.cap);
    }
    n = SSL_read(client->ssl, client->in.base + client->in.len, 16384);
    if (n > 0)
      client->in.len += (size_t)n;
  } while (n > 0);
  bool is_on = tls_goes_on(client, n);
  client->is_ready = client->is_ready || SSL_is_init_finished(client->ssl) == 1;
  return is_on;
}

/* Returns how much it could send now. */
static inline size_t tls_say(tls_client *client, const char *data, size_t len) {
  int n = SSL_write(client->ssl, data, (int)(len < 65536 ? len : 65536));
  tls_goes_on(client, n);
  return n > 0 ? (size_t)n : 0;
}

#endif
