#include <openssl/err.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "net/tls_internal.h"

enum {
  RECORD = 16384,      /* most bytes that one record says */
  OVERHEAD = 64,       /* what it is longer by, generously */
  MAX_UNASKED = 65536, /* bytes of output that the peer can make us keep by what it sends */
};

struct sio_tls_link {
  sio_tls *tls;
  SSL *ssl;
  sio_bytes in; /* not yet read by OpenSSL; empty outside of sio_tls_link_decrypt */
  sio_buf out;
  size_t sent;    /* of out */
  size_t unasked; /* of out: what decrypting added */
  bool is_decrypting;
  bool is_ready;
  bool is_broken;
  bool has_ended;
};

/* --- what OpenSSL calls --- */

static int give(BIO *bio, char *out, int room) {
  sio_tls_link *link = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  if (link->in.len == 0) {
    BIO_set_retry_read(bio);
    return -1;
  }
  size_t n = link->in.len < (size_t)room ? link->in.len : (size_t)room;
  memcpy(out, link->in.base, n);
  link->in = sio_bytes_of(link->in.base + n, link->in.len - n);
  return (int)n;
}

/* Never "try again": so that OpenSSL never stops between two records. */
static int take(BIO *bio, const char *data, int len) {
  sio_tls_link *link = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  size_t unasked = link->is_decrypting ? (size_t)len : 0;
  if (link->unasked + unasked > MAX_UNASKED || sio_buf_append(&link->out, data, (size_t)len) != 0)
    return -1;
  link->unasked += unasked;
  return len;
}

static long control(BIO *bio, int command, long n, void *arg) {
  (void)bio;
  (void)n;
  (void)arg;
  return command == BIO_CTRL_FLUSH;
}

BIO_METHOD *sio_tls_link_method(void) {
  BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "socketio");
  if (method == NULL)
    return NULL;
  BIO_meth_set_read(method, give);
  BIO_meth_set_write(method, take);
  BIO_meth_set_ctrl(method, control);
  return method;
}

/* --- life --- */

static bool prepare(sio_tls_link *link) {
  BIO *bio = BIO_new(link->tls->method);
  link->ssl = SSL_new(link->tls->ctx);
  if (bio == NULL || link->ssl == NULL) {
    BIO_free(bio);
    return false;
  }
  BIO_set_data(bio, link);
  BIO_set_init(bio, 1);
  SSL_set_bio(link->ssl, bio, bio);
  SSL_set_accept_state(link->ssl);
  return true;
}

sio_tls_link *sio_tls_link_new(sio_tls *tls) {
  sio_tls_link *link = sio_calloc(1, sizeof(*link));
  if (link == NULL)
    return NULL;
  link->tls = sio_tls_ref(tls);
  if (prepare(link))
    return link;
  ERR_clear_error();
  sio_tls_link_free(link);
  return NULL;
}

void sio_tls_link_free(sio_tls_link *link) {
  if (link == NULL)
    return;
  SSL_free(link->ssl);
  sio_tls_unref(link->tls);
  sio_buf_deinit(&link->out);
  sio_free(link);
}

bool sio_tls_link_is_ready(const sio_tls_link *link) {
  return link->is_ready;
}

static enum sio_tls_status fail(sio_tls_link *link) {
  ERR_clear_error(); /* the queue is the thread's, and not only ours */
  link->is_broken = true;
  link->is_ready = false;
  return SIO_TLS_BROKEN;
}

/* --- in --- */

enum sio_tls_status sio_tls_link_decrypt(sio_tls_link *link, sio_bytes in, char *out, size_t *len) {
  *len = 0;
  if (link->is_broken)
    return SIO_TLS_BROKEN;
  ERR_clear_error();
  link->in = in;
  link->is_decrypting = true;
  int n;
  while ((n = SSL_read(link->ssl, out + *len, RECORD)) > 0)
    *len += (size_t)n;
  int error = SSL_get_error(link->ssl, n);
  link->is_decrypting = false;
  link->in.len = 0;
  link->is_ready = SSL_is_init_finished(link->ssl) == 1;
  if (error == SSL_ERROR_WANT_READ)
    return SIO_TLS_OPEN;
  return error == SSL_ERROR_ZERO_RETURN ? SIO_TLS_ENDED : fail(link);
}

/* --- out --- */

static bool encrypt_record(sio_tls_link *link, sio_bytes bytes) {
  return SSL_write(link->ssl, bytes.base, (int)bytes.len) == (int)bytes.len;
}

bool sio_tls_link_encrypt(sio_tls_link *link, sio_bytes bytes) {
  size_t records = (bytes.len + RECORD - 1) / RECORD;
  ERR_clear_error();
  bool is_done = sio_buf_reserve(&link->out, bytes.len + records * OVERHEAD) == 0;
  for (size_t n; is_done && bytes.len > 0; bytes = sio_bytes_of(bytes.base + n, bytes.len - n)) {
    n = bytes.len < RECORD ? bytes.len : RECORD;
    is_done = encrypt_record(link, sio_bytes_of(bytes.base, n));
  }
  if (!is_done)
    fail(link);
  return is_done;
}

void sio_tls_link_end(sio_tls_link *link) {
  if (!link->is_ready || link->has_ended)
    return;
  link->has_ended = true;
  ERR_clear_error();
  if (SSL_shutdown(link->ssl) < 0)
    fail(link);
}

bool sio_tls_link_has_ended(const sio_tls_link *link) {
  return link->has_ended;
}

sio_bytes sio_tls_link_output(const sio_tls_link *link) {
  if (link->out.len == 0)
    return (sio_bytes){0};
  return sio_bytes_of(link->out.base + link->sent, link->out.len - link->sent);
}

void sio_tls_link_sent(sio_tls_link *link, size_t n) {
  link->sent += n;
  if (link->sent < link->out.len)
    return;
  sio_buf_deinit(&link->out);
  link->sent = link->unasked = 0;
}
