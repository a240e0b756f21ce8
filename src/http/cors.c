#include "http/cors.h"

#include <stdio.h>

void sio_cors_init(sio_cors *cors) {
  *cors = (sio_cors){.methods = SIO_BYTES("GET,HEAD,PUT,PATCH,POST,DELETE"),
                     .options_success_status = 204,
                     .max_age = -1};
}

static void add(sio_exchange *exchange, const char *name, sio_bytes value) {
  if (value.len > 0)
    sio_exchange_header(exchange, sio_bytes_str(name), value);
}

static sio_bytes allowed_origin(const sio_cors *cors, const sio_request *request) {
  if (cors->origin == SIO_CORS_ANY)
    return SIO_BYTES("*");
  if (cors->origin == SIO_CORS_FIXED)
    return cors->fixed;
  sio_bytes origin = sio_request_header(request, "origin");
  return cors->allows == NULL || cors->allows(cors->ctx, origin) ? origin : (sio_bytes){0};
}

static bool reflects_headers(const sio_cors *cors) {
  return cors->allowed_headers.base == NULL;
}

static void add_preflight(const sio_cors *cors, sio_exchange *exchange) {
  const sio_request *request = sio_exchange_request(exchange);
  char seconds[24];
  int len = snprintf(seconds, sizeof(seconds), "%ld", cors->max_age);
  add(exchange, "Access-Control-Allow-Methods", cors->methods);
  if (cors->origin == SIO_CORS_ANY && reflects_headers(cors))
    add(exchange, "Vary", SIO_BYTES("Access-Control-Request-Headers"));
  add(exchange, "Access-Control-Allow-Headers",
      reflects_headers(cors) ? sio_request_header(request, "access-control-request-headers")
                             : cors->allowed_headers);
  if (cors->max_age >= 0)
    add(exchange, "Access-Control-Max-Age", sio_bytes_of(seconds, (size_t)len));
}

bool sio_cors_apply(const sio_cors *cors, sio_exchange *exchange) {
  const sio_request *request = sio_exchange_request(exchange);
  bool is_preflight = sio_bytes_eq(request->method, SIO_BYTES("OPTIONS"));
  if (cors->origin == SIO_CORS_NONE)
    return false;
  add(exchange, "Access-Control-Allow-Origin", allowed_origin(cors, request));
  if (cors->origin != SIO_CORS_ANY) /* one line for all that the answer depends on */
    add(exchange, "Vary",
        is_preflight && reflects_headers(cors) ? SIO_BYTES("Origin, Access-Control-Request-Headers")
                                               : SIO_BYTES("Origin"));
  if (cors->credentials)
    add(exchange, "Access-Control-Allow-Credentials", SIO_BYTES("true"));
  if (is_preflight)
    add_preflight(cors, exchange);
  add(exchange, "Access-Control-Expose-Headers", cors->exposed_headers);
  if (!is_preflight || cors->preflight_continue)
    return false;
  sio_exchange_header(exchange, SIO_BYTES("Content-Length"), SIO_BYTES("0"));
  sio_exchange_send(exchange, cors->options_success_status, (sio_bytes){0}, (sio_bytes){0});
  return true;
}
