/* Media types by a file's extension. */
#ifndef SIO_HTTP_MIME_H
#define SIO_HTTP_MIME_H

#include "base/bytes.h"

typedef struct sio_mime {
  const char *type;
  bool is_text; /* worth compressing */
} sio_mime;

/* By what follows the last dot of the path, in any case; application/octet-stream if unknown. */
sio_mime sio_mime_of(sio_bytes path);

#endif
