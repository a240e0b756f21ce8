/*
 * The negotiation of permessage-deflate (RFC 7692, 5 and 7.1): a client offers, in the header
 * Sec-WebSocket-Extensions, ways to compress, in the order of its preference; the server takes the
 * first that suits it and names in its answer what both sides then do.
 */
#ifndef SIO_WS_OFFER_H
#define SIO_WS_OFFER_H

#include <stdint.h>

#include "base/buf.h"
#include "http/request.h"

/* What both agree on. A window is 2 to the power of so many bits: 8 to 15; 0 is not named, 15. */
typedef struct sio_deflate_params {
  bool server_no_context; /* each message that the server compresses stands for itself */
  bool client_no_context; /* the same of the client's */
  uint8_t server_bits;
  uint8_t client_bits;
} sio_deflate_params;

enum { SIO_BITS_AS_OFFERED = 0, SIO_BITS_REFUSED = 1 };

enum sio_context { SIO_CONTEXT_AS_OFFERED, SIO_CONTEXT_NEVER, SIO_CONTEXT_ALWAYS };

/* What the server insists on; zeroed: on nothing. */
typedef struct sio_deflate_terms {
  enum sio_context server_context; /* ALWAYS: offers that forbid it are not taken */
  bool client_no_context;
  /*
   * 8 to 15 bits, or SIO_BITS_AS_OFFERED. Of the server's, SIO_BITS_REFUSED takes no offer that
   * names them; a number takes none that names less. Of the client's, SIO_BITS_REFUSED leaves them
   * at 15; a number takes only offers that allow to name them, and not less.
   */
  uint8_t server_bits, client_bits;
} sio_deflate_terms;

enum sio_offer {
  SIO_OFFER_NONE, /* of permessage-deflate; other extensions are passed over */
  SIO_OFFER_TAKEN,
  SIO_OFFER_BAD /* malformed, or none that can be taken: the reference answers 400 */
};

/* Writes *params only when an offer is taken. */
enum sio_offer sio_deflate_negotiate(const sio_deflate_terms *terms, const sio_request *request,
                                     sio_deflate_params *params);

/* Appends the header line of the answer, with its CR LF. 0 or SIO_ENOMEM. */
int sio_deflate_put_params(const sio_deflate_params *params, sio_buf *out);

#endif
