/*
 * A request in the making: the strings of a head are collected in the very block that becomes the
 * request, as llhttp hands them out. Zeroed is a valid empty head.
 */
#ifndef SIO_HTTP_HEAD_H
#define SIO_HTTP_HEAD_H

#include "http/request.h"

typedef struct sio_head {
  sio_request
      *block; /* followed by the strings, each ended by NUL: target, name, value, name, ... */
  size_t len; /* bytes of strings */
  size_t cap;
  size_t string; /* where the current one starts */
} sio_head;

void sio_head_deinit(sio_head *head);

/* Appends to the current string; of a name, in lower case. 0, SIO_ENOMEM, SIO_EPARSE. */
int sio_head_add(sio_head *head, sio_bytes text);
int sio_head_add_name(sio_head *head, sio_bytes text);

/* Takes white space off the end of the current string. */
void sio_head_trim(sio_head *head);
/* Ends the current string. 0 or SIO_ENOMEM. */
int sio_head_end(sio_head *head);

/*
 * Makes the request, with a reference that the caller owns: strings and header array. The caller
 * fills in what is no string. NULL: out of memory. The head is empty after it, also on failure.
 */
sio_request *sio_head_finish(sio_head *head, sio_bytes remote_address);

/*
 * What RFC 9112 demands of a head beyond its grammar: target, Host, and lengths that no two
 * recipients could understand differently. Reduces the target to path and query and fills in the
 * fields that follow from headers. 0, or the status to refuse the request with.
 */
int sio_head_check(sio_request *request);

/* The value of a Content-Length: digits only; -1 for anything else, and for more than fits. */
int64_t sio_length_parse(sio_bytes digits);

#endif
