/* Choosing a content coding from Accept-Encoding (RFC 9110, 12.5.3). */
#ifndef SIO_HTTP_ACCEPT_H
#define SIO_HTTP_ACCEPT_H

#include "base/bytes.h"

enum sio_coding { SIO_CODING_IDENTITY, SIO_CODING_GZIP, SIO_CODING_DEFLATE, SIO_CODING_BR };

/*
 * The acceptable coding of highest weight among those offered (bits 1 << coding); of equal weights
 * the one the client names first; "*" stands for those not named, of which br is taken before
 * gzip. IDENTITY when none fits.
 */
enum sio_coding sio_accept_coding(sio_bytes accept_encoding, unsigned offered);

/* The same, but of equal weights the one that packs best: br, gzip, deflate. */
enum sio_coding sio_accept_smallest(sio_bytes accept_encoding, unsigned offered);

/* "gzip" and its like, as Content-Encoding says it; empty for IDENTITY. */
sio_bytes sio_coding_name(enum sio_coding coding);

#endif
