/* How many sessions each address has, up to a limit. A limit of 0 counts nothing. */
#ifndef SIO_ENGINE_QUOTA_H
#define SIO_ENGINE_QUOTA_H

#include "base/map.h"

typedef struct sio_quota {
  size_t limit;
  sio_map addresses;
} sio_quota;

int sio_quota_init(sio_quota *quota, size_t limit); /* 0 or SIO_ENOMEM */
void sio_quota_deinit(sio_quota *quota);            /* also of one that is all zero */

/* An empty address (of a peer on a Unix socket) is never counted. */
bool sio_quota_is_full(const sio_quota *quota, sio_bytes address);
int sio_quota_take(sio_quota *quota, sio_bytes address); /* 0 or SIO_ENOMEM */
void sio_quota_give(sio_quota *quota, sio_bytes address);

#endif
