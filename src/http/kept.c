/*
 * The values of a request are numbered: its target, the remote address, then those of the headers.
 * What a kept request has of its own is a row of these, each as its number, its length and its
 * bytes, in order; the row ends with the number that comes after the last one. Numbers and lengths
 * are written in base 128, the lowest digit first, with the high bit in all digits but the last.
 */
#include "http/kept.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"
#include "http/head.h"

enum { TARGET, ADDRESS, HEADERS };

struct sio_kind {
  uint32_t refs;
  sio_keeper *keeper;   /* NULL: gone */
  sio_request *example; /* the first one of the kind */
  size_t key_len;
  char key[];
};

static sio_bytes key_of(const sio_kind *kind) {
  return sio_bytes_of(kind->key, kind->key_len);
}

static size_t count_values(const sio_request *request) {
  return HEADERS + (size_t)request->header_count;
}

static sio_bytes value_of(const sio_request *request, size_t i) {
  if (i == TARGET)
    return request->url;
  return i == ADDRESS ? request->remote_address : request->headers[i - HEADERS].value;
}

/* --- the row --- */

static size_t measure_number(size_t n) {
  size_t len = 1;
  for (; n >= 0x80; n >>= 7)
    len++;
  return len;
}

static char *put_number(char *out, size_t n) {
  for (; n >= 0x80; n >>= 7)
    *out++ = (char)(n | 0x80);
  *out++ = (char)n;
  return out;
}

static size_t take_number(const char **at) {
  size_t n = 0;
  unsigned shift = 0;
  unsigned char digit;
  do {
    digit = (unsigned char)*(*at)++;
    n |= (size_t)(digit & 0x7f) << shift;
    shift += 7;
  } while (digit & 0x80);
  return n;
}

/* The value of that number, from the row at *row, which moves behind it, or from the kind. They are
 * to be asked for in order. */
static sio_bytes next_value(const sio_kind *kind, const char **row, size_t i) {
  const char *at = *row;
  if (take_number(&at) != i)
    return value_of(kind->example, i);
  size_t len = take_number(&at);
  *row = at + len;
  return sio_bytes_of(at, len);
}

static bool is_shared(const sio_kind *kind, const sio_request *request, size_t i) {
  return sio_bytes_eq(value_of(request, i), value_of(kind->example, i));
}

size_t sio_kind_measure(const sio_kind *kind, const sio_request *request) {
  size_t count = count_values(request), size = measure_number(count);
  for (size_t i = 0; i < count; i++) {
    size_t len = value_of(request, i).len;
    if (!is_shared(kind, request, i))
      size += measure_number(i) + measure_number(len) + len;
  }
  return size;
}

static void write_row(const sio_kind *kind, const sio_request *request, char *out) {
  size_t count = count_values(request);
  for (size_t i = 0; i < count; i++) {
    sio_bytes value = value_of(request, i);
    if (is_shared(kind, request, i))
      continue;
    out = put_number(put_number(out, i), value.len);
    if (value.len > 0)
      memcpy(out, value.base, value.len);
    out += value.len;
  }
  put_number(out, count);
}

/* --- kinds --- */

static sio_bytes key_of_kind(const void *ctx, const void *kind) {
  (void)ctx;
  return key_of(kind);
}

int sio_keeper_init(sio_keeper *keeper) {
  return sio_map_init(&keeper->kinds, key_of_kind, NULL);
}

void sio_keeper_deinit(sio_keeper *keeper) {
  sio_kind *kind;
  for (size_t at = 0; (kind = sio_map_next(&keeper->kinds, &at)) != NULL;)
    kind->keeper = NULL;
  sio_map_deinit(&keeper->kinds);
}

/* What is no text, and the length that tells where the values begin. */
static int put_key(sio_buf *key, const sio_request *request) {
  const char facts[] = {(char)request->minor, request->keep_alive, request->upgrade,
                        request->secure};
  int err = sio_buf_append(key, facts, sizeof(facts));
  err = err != 0 ? err : sio_buf_add(key, request->method);
  for (size_t i = 0; err == 0 && i < request->header_count; i++) {
    err = sio_buf_put(key, ' ');
    err = err != 0 ? err : sio_buf_add(key, request->headers[i].name);
  }
  err = err != 0 ? err : sio_buf_put(key, '\n');
  return err != 0 ? err : sio_buf_add(key, sio_request_header(request, "user-agent"));
}

/* A first one of its kind. */
static sio_kind *add(sio_keeper *keeper, sio_request *request, sio_bytes key) {
  sio_kind *kind = sio_malloc(sizeof(*kind) + key.len);
  if (kind == NULL)
    return NULL;
  *kind = (sio_kind){.keeper = keeper, .example = request, .key_len = key.len};
  memcpy(kind->key, key.base, key.len);
  if (sio_map_put(&keeper->kinds, kind) != 0) {
    sio_free(kind);
    return NULL;
  }
  sio_request_ref(request);
  return kind;
}

sio_kind *sio_keeper_find(sio_keeper *keeper, sio_request *request) {
  sio_buf key = {0};
  sio_kind *kind = NULL;
  if (put_key(&key, request) == 0) {
    kind = sio_map_get(&keeper->kinds, sio_buf_bytes(&key));
    kind = kind != NULL ? kind : add(keeper, request, sio_buf_bytes(&key));
  }
  sio_buf_deinit(&key);
  if (kind != NULL)
    kind->refs++;
  return kind;
}

void sio_kind_unref(sio_kind *kind) {
  if (kind == NULL || --kind->refs > 0)
    return;
  if (kind->keeper != NULL)
    sio_map_del(&kind->keeper->kinds, key_of(kind));
  sio_request_unref(kind->example);
  sio_free(kind);
}

/* --- what is kept --- */

/* The request has one whole form only, which tells when it goes. */
static void attach(sio_kept *kept, sio_request *request) {
  kept->whole = request;
  request->kept = &kept->whole;
}

void sio_kept_init(sio_kept *kept, sio_kind *kind, sio_request *request, char *own) {
  kept->kind = kind;
  write_row(kind, request, own);
  attach(kept, request);
}

void sio_kept_deinit(sio_kept *kept) {
  if (kept->whole != NULL)
    kept->whole->kept = NULL;
  sio_kind_unref(kept->kind);
}

/* As llhttp would have told it. NULL: out of memory. */
static sio_request *restore(const sio_kept *kept, const char *row) {
  const sio_request *example = kept->kind->example;
  sio_head head = {0};
  sio_bytes target = next_value(kept->kind, &row, TARGET);
  sio_bytes address = next_value(kept->kind, &row, ADDRESS);
  int err = sio_head_add(&head, target);
  err = err != 0 ? err : sio_head_end(&head);
  for (size_t i = 0; err == 0 && i < example->header_count; i++) {
    err = sio_head_add(&head, example->headers[i].name);
    err = err != 0 ? err : sio_head_end(&head);
    err = err != 0 ? err : sio_head_add(&head, next_value(kept->kind, &row, HEADERS + i));
    err = err != 0 ? err : sio_head_end(&head);
  }
  if (err != 0) {
    sio_head_deinit(&head);
    return NULL;
  }
  return sio_head_finish(&head, address);
}

sio_request *sio_kept_request(sio_kept *kept, const char *own) {
  if (kept->whole != NULL)
    return sio_request_ref(kept->whole);
  const sio_request *example = kept->kind->example;
  sio_request *request = restore(kept, own);
  if (request == NULL)
    return NULL;
  request->method = example->method;
  request->minor = example->minor;
  request->keep_alive = example->keep_alive;
  request->upgrade = example->upgrade;
  request->secure = example->secure;
  sio_head_check(request); /* as it was when it came: in order */
  attach(kept, request);
  return request;
}

sio_bytes sio_kept_address(const sio_kept *kept, const char *own) {
  next_value(kept->kind, &own, TARGET);
  return next_value(kept->kind, &own, ADDRESS);
}
