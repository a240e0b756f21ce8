/* What the files of TLS share. */
#ifndef SIO_NET_TLS_INTERNAL_H
#define SIO_NET_TLS_INTERNAL_H

#include <openssl/ssl.h>
#include <stdint.h>

#include "net/tls.h"

struct sio_tls {
  uint32_t refs;
  SSL_CTX *ctx;       /* that of the newest loading; each SSL holds its own */
  BIO_METHOD *method; /* of the links */
};

/* How OpenSSL reads from a link and writes to it. Returns owned; NULL: out of memory. */
BIO_METHOD *sio_tls_link_method(void);

#endif
