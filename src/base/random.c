#include "base/random.h"

#include <sys/random.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/error.h"

int sio_random(void *out, size_t n) {
  const size_t most = 256; /* that getentropy gives at once */
  for (char *at = out; n > 0;) {
    size_t piece = n < most ? n : most;
    if (getentropy(at, piece) != 0)
      return SIO_ENOMEM;
    at += piece;
    n -= piece;
  }
  return 0;
}

int sio_random_id(char out[SIO_ID_LEN], unsigned *counter) {
  unsigned char id[15];
  int err = sio_random(id, 12);
  if (err != 0)
    return err;
  unsigned n = (*counter)++;
  id[12] = (unsigned char)(n >> 16);
  id[13] = (unsigned char)(n >> 8);
  id[14] = (unsigned char)n;
  sio_base64url_encode(out, sio_bytes_of((const char *)id, sizeof(id)));
  return 0;
}
