/* Randomness from the operating system, for session ids and hash seeds. */
#ifndef SIO_BASE_RANDOM_H
#define SIO_BASE_RANDOM_H

#include <stddef.h>

enum { SIO_ID_LEN = 20 };

/* Fills out with n bytes; 0, or SIO_ENOMEM if the system has none (practically never). */
int sio_random(void *out, size_t n);

/*
 * An id as the reference makes them: 15 bytes, 12 of them random and the last 3 a counter, in 20
 * characters of the base64url alphabet, not NUL-terminated. The counter is the caller's: it makes
 * ids of one server differ even if the random part ever repeated.
 */
int sio_random_id(char out[SIO_ID_LEN], unsigned *counter);

#endif
