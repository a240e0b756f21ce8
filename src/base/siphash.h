/* SipHash-1-3: a keyed hash that nobody without the key can find collisions for. */
#ifndef SIO_BASE_SIPHASH_H
#define SIO_BASE_SIPHASH_H

#include <stdint.h>

#include "base/bytes.h"

uint64_t sio_siphash(const uint64_t key[2], sio_bytes text);

#endif
