#include "engine/quota.h"

#include "base/alloc.h"
#include "base/error.h"

typedef struct entry {
  size_t count, len;
  char address[];
} entry;

static sio_bytes address_of(const void *ctx, const void *it) {
  (void)ctx;
  return sio_bytes_of(((const entry *)it)->address, ((const entry *)it)->len);
}

int sio_quota_init(sio_quota *quota, size_t limit) {
  quota->limit = limit;
  return sio_map_init(&quota->addresses, address_of, NULL);
}

void sio_quota_deinit(sio_quota *quota) {
  entry *it;
  for (size_t at = 0; (it = sio_map_next(&quota->addresses, &at)) != NULL;)
    sio_free(it);
  sio_map_deinit(&quota->addresses);
}

static bool counts(const sio_quota *quota, sio_bytes address) {
  return quota->limit > 0 && address.len > 0;
}

bool sio_quota_is_full(const sio_quota *quota, sio_bytes address) {
  const entry *it = counts(quota, address) ? sio_map_get(&quota->addresses, address) : NULL;
  return it != NULL && it->count >= quota->limit;
}

static entry *add(sio_quota *quota, sio_bytes address) {
  entry *it = sio_malloc(sizeof(*it) + address.len);
  if (it == NULL)
    return NULL;
  it->count = 0;
  it->len = address.len;
  memcpy(it->address, address.base, address.len);
  if (sio_map_put(&quota->addresses, it) == 0)
    return it;
  sio_free(it);
  return NULL;
}

int sio_quota_take(sio_quota *quota, sio_bytes address) {
  if (!counts(quota, address))
    return 0;
  entry *it = sio_map_get(&quota->addresses, address);
  if (it == NULL)
    it = add(quota, address);
  if (it == NULL)
    return SIO_ENOMEM;
  it->count++;
  return 0;
}

void sio_quota_give(sio_quota *quota, sio_bytes address) {
  entry *it = counts(quota, address) ? sio_map_get(&quota->addresses, address) : NULL;
  if (it == NULL || --it->count > 0)
    return;
  sio_map_del(&quota->addresses, address);
  sio_free(it);
}
