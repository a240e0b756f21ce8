/*
 * Cross-origin resource sharing (Fetch standard) with the options and defaults of the cors module
 * that the reference uses: every answer gets the headers, a preflight is answered here.
 */
#ifndef SIO_HTTP_CORS_H
#define SIO_HTTP_CORS_H

#include "http/exchange.h"

enum sio_cors_origin {
  SIO_CORS_ANY,     /* "*" as it is, no Vary */
  SIO_CORS_FIXED,   /* one string, sent whatever the request's origin; Vary: Origin */
  SIO_CORS_REFLECT, /* the request's origin if allows() says so; Vary: Origin */
  SIO_CORS_NONE     /* origin = false: no CORS at all */
};

typedef struct sio_cors {
  enum sio_cors_origin origin;
  sio_bytes fixed;
  /* For REFLECT: is this origin (base NULL: no Origin header) allowed? NULL function: every one. */
  bool (*allows)(void *ctx, sio_bytes origin);
  void *ctx;
  sio_bytes methods;         /* "GET,HEAD,PUT,PATCH,POST,DELETE" */
  sio_bytes allowed_headers; /* base NULL: reflect what the preflight asks for */
  sio_bytes exposed_headers; /* empty: none */
  bool credentials;
  bool preflight_continue;
  int options_success_status; /* 204 */
  long max_age;               /* seconds; -1: not sent */
} sio_cors;                   /* its owner owns the strings */

void sio_cors_init(sio_cors *cors); /* the module's defaults */

/*
 * Adds the headers to the answer to come. True: it was a preflight and has been answered. A header
 * that memory does not suffice for, or that an option spoils with a line end, is left out: the
 * browser then refuses, which is the safe side.
 */
bool sio_cors_apply(const sio_cors *cors, sio_exchange *exchange);

#endif
