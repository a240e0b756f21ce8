/*
 * Requests kept in little room: a session keeps that of its handshake for as long as it lives, and
 * hardly anybody asks for it.
 *
 * Clients of one kind (one browser, one library) send the same headers with mostly the same values.
 * So a keeper has one whole request of each kind, shared by all that are kept, and a kept request
 * has only what differs from it: its key, its cookies, its address. A request that is asked for is
 * made whole again; as long as anybody holds it, all who ask get the same.
 *
 * The kind is what the request's method, header names and user agent say. One lives as long as a
 * request of it is kept, so what strangers send fills no memory that outlives them.
 */
#ifndef SIO_HTTP_KEPT_H
#define SIO_HTTP_KEPT_H

#include "base/map.h"
#include "http/request.h"

typedef struct sio_keeper {
  sio_map kinds; /* those that are alive, by what makes them one */
} sio_keeper;

int sio_keeper_init(sio_keeper *keeper); /* 0 or SIO_ENOMEM */
/* Also of one that is all zero. What was kept stays good. */
void sio_keeper_deinit(sio_keeper *keeper);

typedef struct sio_kind sio_kind;

/* The request's kind, with a reference for sio_kept_init. Shares the request. NULL: no memory. */
sio_kind *sio_keeper_find(sio_keeper *keeper, sio_request *request);
void sio_kind_unref(sio_kind *kind); /* NULL is allowed */

/* How many bytes of the request are not its kind's. */
size_t sio_kind_measure(const sio_kind *kind, const sio_request *request);

typedef struct sio_kept { /* a member of what keeps it, which does not move */
  sio_request *whole;     /* while anybody holds it; not ours */
  sio_kind *kind;
} sio_kept;

/* own: room for the measured bytes, which whoever keeps the request has to give with each call.
 * Takes kind. */
void sio_kept_init(sio_kept *kept, sio_kind *kind, sio_request *request, char *own);
void sio_kept_deinit(sio_kept *kept);

/* Returns owned. NULL: out of memory. */
sio_request *sio_kept_request(sio_kept *kept, const char *own);

sio_bytes sio_kept_address(const sio_kept *kept, const char *own); /* the remote one; borrows */

#endif
