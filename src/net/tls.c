#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>

#include "base/alloc.h"
#include "net/internal.h"
#include "net/tls_internal.h"

#define TLS_1_2_CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"

/* --- problems --- */

/* Always false. */
__attribute__((format(printf, 3, 4))) static bool
complain(sio_tls_problem *problem, const char *code, const char *format, ...) {
  va_list args;
  va_start(args, format);
  problem->code = code;
  vsnprintf(problem->text, sizeof(problem->text), format, args);
  va_end(args);
  return false;
}

/* What OpenSSL says was wrong first. */
static const char *reason(void) {
  const char *text = ERR_reason_error_string(ERR_peek_error());
  return text != NULL ? text : "out of memory";
}

/* One of the options that hold PEM. */
typedef struct source {
  const char *what;   /* "certificate" */
  const char *option; /* "tls.cert" */
  const char *given;  /* name of a file, or text */
} source;

static bool is_text(const char *given) {
  return strncmp(given, "-----BEGIN", 10) == 0;
}

static const char *name_of(const source *from) {
  return is_text(from->given) ? "given as text" : from->given;
}

/* NULL: see problem. */
static BIO *open_source(const source *from, sio_tls_problem *problem) {
  ERR_clear_error();
  errno = 0;
  BIO *in =
      is_text(from->given) ? BIO_new_mem_buf(from->given, -1) : BIO_new_file(from->given, "r");
  if (in != NULL)
    return in;
  int error = uv_translate_sys_error(errno != 0 ? errno : ENOMEM);
  complain(problem, sio_net_error_name(error),
           "cannot read the %s %s (%s): %s; give the name of a file that this process may read, or "
           "PEM text that begins with -----BEGIN",
           from->what, name_of(from), from->option, sio_net_error_text(error));
  return NULL;
}

/* --- passphrases --- */

typedef struct passphrase {
  const char *text;
  bool was_asked;
} passphrase;

/* Without it OpenSSL would ask on the terminal. */
static int give_passphrase(char *out, int room, int is_writing, void *arg) {
  passphrase *phrase = arg;
  (void)is_writing;
  phrase->was_asked = true;
  size_t len = phrase->text != NULL ? strlen(phrase->text) : 0;
  if (phrase->text == NULL || len > (size_t)room)
    return -1;
  memcpy(out, phrase->text, len);
  return (int)len;
}

static X509 *read_cert(BIO *in) {
  return PEM_read_bio_X509(in, NULL, give_passphrase, &(passphrase){0});
}

/* After the last certificate of a file: was it the end, or is the next one damaged? */
static bool is_at_end(void) {
  unsigned long error = ERR_peek_last_error();
  bool is_end = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  if (is_end)
    ERR_clear_error();
  return is_end;
}

/* --- certificate and key --- */

static bool no_certificate(const source *from, sio_tls_problem *problem) {
  return complain(problem, "ETLS", "the %s %s (%s) cannot be used: %s; it must be in PEM form",
                  from->what, name_of(from), from->option, reason());
}

static bool use_chain(SSL_CTX *ctx, BIO *in) {
  for (X509 *cert; (cert = read_cert(in)) != NULL;) {
    if (SSL_CTX_add0_chain_cert(ctx, cert) != 1) {
      X509_free(cert);
      return false;
    }
  }
  return is_at_end();
}

static bool use_cert(SSL_CTX *ctx, const source *from, sio_tls_problem *problem) {
  BIO *in = open_source(from, problem);
  if (in == NULL)
    return false;
  X509 *cert = read_cert(in);
  bool is_used = cert != NULL && SSL_CTX_use_certificate(ctx, cert) == 1 && use_chain(ctx, in);
  X509_free(cert);
  BIO_free(in);
  return is_used || no_certificate(from, problem);
}

static bool no_key(const source *from, const passphrase *phrase, sio_tls_problem *problem) {
  if (phrase->was_asked && phrase->text == NULL)
    return complain(problem, "ETLS", "the %s %s (%s) is encrypted: give its tls.passphrase",
                    from->what, name_of(from), from->option);
  if (phrase->was_asked)
    return complain(problem, "ETLS", "tls.passphrase does not open the %s %s (%s)", from->what,
                    name_of(from), from->option);
  return complain(problem, "ETLS", "the %s %s (%s) cannot be used: %s; it must be in PEM form",
                  from->what, name_of(from), from->option, reason());
}

static bool use_key(SSL_CTX *ctx, const sio_tls_options *options, sio_tls_problem *problem) {
  source from = {"private key", "tls.key", options->key};
  source owner = {"certificate", "tls.cert", options->cert};
  passphrase phrase = {options->passphrase, false};
  BIO *in = open_source(&from, problem);
  if (in == NULL)
    return false;
  EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, give_passphrase, &phrase);
  BIO_free(in);
  if (key == NULL)
    return no_key(&from, &phrase, problem);
  bool fits = SSL_CTX_use_PrivateKey(ctx, key) == 1 && SSL_CTX_check_private_key(ctx) == 1;
  EVP_PKEY_free(key);
  if (fits)
    return true;
  return complain(problem, "ETLS",
                  "the private key %s (tls.key) does not belong to the certificate %s (tls.cert): "
                  "give the two that were made together; in a file of several certificates the "
                  "server's own comes first",
                  name_of(&from), name_of(&owner));
}

/* --- clients --- */

static bool trust(SSL_CTX *ctx, BIO *in) {
  bool is_any = false;
  for (X509 *cert; (cert = read_cert(in)) != NULL; is_any = true) {
    bool is_used = X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), cert) == 1 &&
                   SSL_CTX_add_client_CA(ctx, cert) == 1;
    X509_free(cert);
    if (!is_used)
      return false;
  }
  return is_any && is_at_end();
}

static bool use_ca(SSL_CTX *ctx, const source *from, sio_tls_problem *problem) {
  BIO *in = open_source(from, problem);
  if (in == NULL)
    return false;
  bool is_used = trust(ctx, in);
  BIO_free(in);
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
  return is_used || no_certificate(from, problem);
}

/* --- all together --- */

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                           const unsigned char *in, unsigned in_len, void *arg) {
  static const unsigned char ours[] = "\x08http/1.1";
  unsigned char *chosen;
  (void)ssl;
  (void)arg;
  if (SSL_select_next_proto(&chosen, out_len, ours, sizeof(ours) - 1, in, in_len) !=
      OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

/* Tickets, which the context's own key seals, let a client that comes back resume: the cache would
 * only cost memory. */
static bool configure(SSL_CTX *ctx, bool only_1_3) {
  static const unsigned char name[] = "socketio";
  SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
  return SSL_CTX_set_min_proto_version(ctx, only_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION) == 1 &&
         SSL_CTX_set_cipher_list(ctx, TLS_1_2_CIPHERS) == 1 &&
         SSL_CTX_set_session_id_context(ctx, name, sizeof(name) - 1) == 1;
}

static bool load(sio_tls *tls, const sio_tls_options *options, sio_tls_problem *problem) {
  source cert = {"certificate", "tls.cert", options->cert};
  source ca = {"certificate of the clients' authority", "tls.ca", options->ca};
  ERR_clear_error();
  SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
  bool is_made = ctx != NULL && configure(ctx, options->only_1_3);
  if (!is_made)
    complain(problem, "ETLS", "OpenSSL cannot be used: %s", reason());
  bool is_loaded = is_made && use_cert(ctx, &cert, problem) && use_key(ctx, options, problem) &&
                   (options->ca == NULL || use_ca(ctx, &ca, problem));
  ERR_clear_error();
  if (!is_loaded) {
    SSL_CTX_free(ctx);
    return false;
  }
  tls->ctx = ctx;
  return true;
}

sio_tls *sio_tls_new(const sio_tls_options *options, sio_tls_problem *problem) {
  sio_tls *tls = sio_calloc(1, sizeof(*tls));
  if (tls != NULL)
    tls->refs = 1;
  if (tls == NULL || (tls->method = sio_tls_link_method()) == NULL) {
    complain(problem, "ENOMEM", "out of memory");
  } else if (load(tls, options, problem)) {
    return tls;
  }
  sio_tls_unref(tls);
  return NULL;
}

void sio_tls_swap(sio_tls *tls, sio_tls *other) {
  SSL_CTX *ctx = tls->ctx;
  tls->ctx = other->ctx;
  other->ctx = ctx;
}

sio_tls *sio_tls_ref(sio_tls *tls) {
  tls->refs++;
  return tls;
}

void sio_tls_unref(sio_tls *tls) {
  if (tls == NULL || --tls->refs > 0)
    return;
  SSL_CTX_free(tls->ctx);
  BIO_meth_free(tls->method);
  sio_free(tls);
}
