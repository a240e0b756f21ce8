#include "http/request.h"

#include "base/alloc.h"
#include "http/token.h"

void sio_request_unref(sio_request *request) {
  if (request == NULL || --request->refs > 0)
    return;
  if (request->kept != NULL)
    *request->kept = NULL;
  sio_free(request);
}

sio_bytes sio_request_header(const sio_request *request, const char *name) {
  sio_bytes wanted = sio_bytes_str(name);
  for (unsigned i = 0; i < request->header_count; i++)
    if (sio_bytes_eq(request->headers[i].name, wanted))
      return request->headers[i].value;
  return (sio_bytes){0};
}

sio_bytes sio_request_query(const sio_request *request, const char *name) {
  sio_bytes wanted = sio_bytes_str(name), found = {0}, key, value;
  size_t at = 0;
  while (sio_query_next(request->query, &at, &key, &value))
    if (sio_bytes_eq(key, wanted))
      found = value;
  return found;
}

/* The octet that an escape at the start of text stands for, or -1. */
static int escaped(sio_bytes text) {
  if (text.len < 3 || text.base[0] != '%')
    return -1;
  int high = sio_hex_digit(text.base[1]), low = sio_hex_digit(text.base[2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

size_t sio_query_decode(char *out, sio_bytes value) {
  size_t len = 0;
  for (size_t i = 0; i < value.len; i++) {
    int octet = escaped(sio_bytes_of(value.base + i, value.len - i));
    if (octet >= 0) {
      out[len++] = (char)octet;
      i += 2;
    } else {
      out[len++] = value.base[i] == '+' ? ' ' : value.base[i];
    }
  }
  return len;
}

bool sio_query_next(sio_bytes query, size_t *at, sio_bytes *name, sio_bytes *value) {
  while (*at < query.len) {
    const char *start = query.base + *at;
    size_t rest = query.len - *at;
    const char *end = memchr(start, '&', rest);
    size_t len = end != NULL ? (size_t)(end - start) : rest;
    *at += end != NULL ? len + 1 : len;
    if (len == 0)
      continue;
    const char *equals = memchr(start, '=', len);
    size_t name_len = equals != NULL ? (size_t)(equals - start) : len;
    *name = sio_bytes_of(start, name_len);
    *value = equals != NULL ? sio_bytes_of(equals + 1, len - name_len - 1)
                            : sio_bytes_of(start + len, 0);
    return true;
  }
  return false;
}
