#include "ws/offer.h"

#include "http/token.h"

enum { LEAST_BITS = 8, MOST_BITS = 15 };

/* --- the header's grammar (RFC 6455, 9.1) --- */

typedef struct cursor {
  const char *at, *end;
} cursor;

typedef struct value {
  bool is_given;
  size_t len;   /* all of it, */
  char text[2]; /* of which no more than this is of interest */
} value;

static bool take(cursor *in, char c) {
  if (in->at == in->end || *in->at != c)
    return false;
  in->at++;
  return true;
}

static void skip_space(cursor *in) {
  while (take(in, ' ') || take(in, '\t'))
    ;
}

static bool is_token_next(const cursor *in) {
  return in->at < in->end && sio_token_lower(*in->at) != '\0';
}

static sio_bytes take_token(cursor *in) {
  const char *from = in->at;
  while (is_token_next(in))
    in->at++;
  return sio_bytes_of(from, (size_t)(in->at - from));
}

static void add(value *out, char c) {
  if (out->len < sizeof(out->text))
    out->text[out->len] = c;
  out->len++;
}

/* What is quoted must be a token, too. False: it is not. */
static bool take_quoted(cursor *in, value *out) {
  while (!take(in, '"')) {
    take(in, '\\');
    if (!is_token_next(in))
      return false;
    add(out, *in->at++);
  }
  return out->len > 0;
}

static bool take_value(cursor *in, value *out) {
  *out = (value){0};
  if (!take(in, '='))
    return true;
  out->is_given = true;
  if (take(in, '"'))
    return take_quoted(in, out);
  while (is_token_next(in))
    add(out, *in->at++);
  return out->len > 0;
}

/* --- one offer --- */

enum parameter { SERVER_NO_CONTEXT, CLIENT_NO_CONTEXT, SERVER_BITS, CLIENT_BITS, COUNT };

static const char *const names[COUNT] = {
    "server_no_context_takeover",
    "client_no_context_takeover",
    "server_max_window_bits",
    "client_max_window_bits",
};

typedef struct offer {
  bool named[COUNT];
  uint8_t bits[COUNT]; /* 0: no value */
} offer;

static enum parameter find(sio_bytes name) {
  int i = 0;
  while (i < COUNT && !sio_bytes_eq(name, sio_bytes_str(names[i])))
    i++;
  return (enum parameter)i;
}

/* "8" to "15", or 0. */
static uint8_t parse_bits(const value *from) {
  int bits = 0;
  if (from->len > sizeof(from->text) || (from->len > 0 && from->text[0] == '0'))
    return 0;
  for (size_t i = 0; i < from->len; i++) {
    if (from->text[i] < '0' || from->text[i] > '9')
      return 0;
    bits = 10 * bits + from->text[i] - '0';
  }
  return bits >= LEAST_BITS && bits <= MOST_BITS ? (uint8_t)bits : 0;
}

/* False: unknown, repeated, or with a value that it does not have. */
static bool add_parameter(offer *out, sio_bytes name, const value *given) {
  enum parameter it = find(name);
  if (it == COUNT || out->named[it])
    return false;
  out->named[it] = true;
  out->bits[it] = parse_bits(given);
  bool has_bits = given->is_given && out->bits[it] != 0;
  if (it == SERVER_BITS)
    return has_bits;
  return it == CLIENT_BITS ? has_bits || !given->is_given : !given->is_given;
}

/* Reads one element of the list. False: malformed. */
static bool read_offer(cursor *in, offer *out, bool *is_ours) {
  skip_space(in);
  sio_bytes extension = take_token(in);
  *is_ours = sio_bytes_eq(extension, SIO_BYTES("permessage-deflate"));
  *out = (offer){0};
  for (skip_space(in); take(in, ';'); skip_space(in)) {
    value given;
    skip_space(in);
    sio_bytes name = take_token(in);
    if (name.len == 0 || !take_value(in, &given))
      return false;
    if (*is_ours && !add_parameter(out, name, &given))
      return false;
  }
  return extension.len > 0;
}

/* --- the agreement --- */

static bool is_number(uint8_t bits) {
  return bits >= LEAST_BITS;
}

static bool suits(const sio_deflate_terms *terms, const offer *it) {
  if (it->named[SERVER_NO_CONTEXT] && terms->server_context == SIO_CONTEXT_ALWAYS)
    return false;
  if (it->named[SERVER_BITS] &&
      (terms->server_bits == SIO_BITS_REFUSED || terms->server_bits > it->bits[SERVER_BITS]))
    return false;
  if (!is_number(terms->client_bits))
    return true;
  return it->named[CLIENT_BITS] &&
         (it->bits[CLIENT_BITS] == 0 || terms->client_bits <= it->bits[CLIENT_BITS]);
}

static sio_deflate_params agree(const sio_deflate_terms *terms, const offer *it) {
  sio_deflate_params out = {
      .server_no_context =
          it->named[SERVER_NO_CONTEXT] || terms->server_context == SIO_CONTEXT_NEVER,
      .client_no_context = it->named[CLIENT_NO_CONTEXT] || terms->client_no_context,
      .server_bits = is_number(terms->server_bits) ? terms->server_bits : it->bits[SERVER_BITS],
  };
  if (terms->client_bits != SIO_BITS_REFUSED)
    out.client_bits = is_number(terms->client_bits) ? terms->client_bits : it->bits[CLIENT_BITS];
  return out;
}

/* Reads one header line; *so_far is what those before it came to. */
static void read_line(const sio_deflate_terms *terms, sio_bytes line, enum sio_offer *so_far,
                      bool *is_offered, sio_deflate_params *params) {
  cursor in = {line.base, line.base + line.len};
  do {
    offer it;
    bool is_ours;
    if (!read_offer(&in, &it, &is_ours)) {
      *so_far = SIO_OFFER_BAD;
      return;
    }
    *is_offered = *is_offered || is_ours;
    if (is_ours && *so_far == SIO_OFFER_NONE && suits(terms, &it)) {
      *so_far = SIO_OFFER_TAKEN;
      *params = agree(terms, &it);
    }
  } while (take(&in, ','));
  if (in.at < in.end)
    *so_far = SIO_OFFER_BAD;
}

enum sio_offer sio_deflate_negotiate(const sio_deflate_terms *terms, const sio_request *request,
                                     sio_deflate_params *params) {
  enum sio_offer so_far = SIO_OFFER_NONE;
  sio_deflate_params agreed;
  bool is_offered = false;
  for (size_t i = 0; i < request->header_count && so_far != SIO_OFFER_BAD; i++)
    if (sio_bytes_eq(request->headers[i].name, SIO_BYTES("sec-websocket-extensions")))
      read_line(terms, request->headers[i].value, &so_far, &is_offered, &agreed);
  if (so_far == SIO_OFFER_TAKEN)
    *params = agreed;
  return so_far == SIO_OFFER_NONE && is_offered ? SIO_OFFER_BAD : so_far;
}

/* --- the answer --- */

static int put_name(bool is_named, enum parameter it, sio_buf *out) {
  int err = is_named ? sio_buf_str(out, "; ") : 0;
  return err == 0 && is_named ? sio_buf_str(out, names[it]) : err;
}

static int put_bits(uint8_t bits, enum parameter it, sio_buf *out) {
  int err = put_name(bits != 0, it, out);
  err = err == 0 && bits != 0 ? sio_buf_put(out, '=') : err;
  return err == 0 && bits != 0 ? sio_buf_u64(out, bits) : err;
}

int sio_deflate_put_params(const sio_deflate_params *params, sio_buf *out) {
  int err = sio_buf_str(out, "Sec-WebSocket-Extensions: permessage-deflate");
  err = err != 0 ? err : put_name(params->server_no_context, SERVER_NO_CONTEXT, out);
  err = err != 0 ? err : put_name(params->client_no_context, CLIENT_NO_CONTEXT, out);
  err = err != 0 ? err : put_bits(params->server_bits, SERVER_BITS, out);
  err = err != 0 ? err : put_bits(params->client_bits, CLIENT_BITS, out);
  return err != 0 ? err : sio_buf_str(out, "\r\n");
}
