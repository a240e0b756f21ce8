#include "http/head.h"

#include <stdalign.h>

#include "base/alloc.h"
#include "base/error.h"
#include "http/token.h"

enum { FIRST_SIZE = 512 }; /* of strings: most heads need one or two growths */

static char *text_of(const sio_head *head) {
  return (char *)(head->block + 1);
}

void sio_head_deinit(sio_head *head) {
  sio_free(head->block);
  *head = (sio_head){0};
}

static int reserve(sio_head *head, size_t n) {
  if (n <= head->cap - head->len)
    return 0;
  size_t cap = head->cap == 0 ? FIRST_SIZE : head->cap * 2;
  if (cap < head->len + n)
    cap = head->len + n;
  sio_request *block = sio_realloc(head->block, sizeof(*block) + cap);
  if (block == NULL)
    return SIO_ENOMEM;
  head->block = block;
  head->cap = cap;
  return 0;
}

int sio_head_add(sio_head *head, sio_bytes text) {
  if (reserve(head, text.len) != 0)
    return SIO_ENOMEM;
  memcpy(text_of(head) + head->len, text.base, text.len);
  head->len += text.len;
  return 0;
}

int sio_head_add_name(sio_head *head, sio_bytes text) {
  if (reserve(head, text.len) != 0)
    return SIO_ENOMEM;
  char *out = text_of(head) + head->len;
  for (size_t i = 0; i < text.len; i++)
    if ((out[i] = sio_token_lower(text.base[i])) == '\0')
      return SIO_EPARSE;
  head->len += text.len;
  return 0;
}

void sio_head_trim(sio_head *head) {
  const char *text = text_of(head);
  while (head->len > head->string && (text[head->len - 1] == ' ' || text[head->len - 1] == '\t'))
    head->len--;
}

int sio_head_end(sio_head *head) {
  if (reserve(head, 1) != 0)
    return SIO_ENOMEM;
  text_of(head)[head->len++] = '\0';
  head->string = head->len;
  return 0;
}

/* The string at *at, which moves behind it. */
static sio_bytes next_string(char **at) {
  sio_bytes string = sio_bytes_str(*at);
  *at += string.len + 1;
  return string;
}

static size_t count_strings(const char *text, size_t len) {
  size_t n = 0;
  for (const char *end = text + len; text < end; text += strlen(text) + 1)
    n++;
  return n;
}

/* Bytes to the first header behind len bytes of strings. */
static size_t aligned(size_t len) {
  return (len + alignof(sio_header) - 1) / alignof(sio_header) * alignof(sio_header);
}

static void fill_in(sio_request *request, char *text, sio_header *headers) {
  request->url = next_string(&text);
  for (size_t i = 0; i < request->header_count; i++) {
    headers[i].name = next_string(&text);
    headers[i].value = next_string(&text);
  }
  request->remote_address = next_string(&text);
}

sio_request *sio_head_finish(sio_head *head, sio_bytes remote_address) {
  size_t count = (count_strings(text_of(head), head->len) - 1) / 2; /* header lines */
  sio_request *request = NULL;
  if (sio_head_add(head, remote_address) == 0 && sio_head_end(head) == 0) {
    size_t size = sizeof(*request) + aligned(head->len) + count * sizeof(sio_header);
    request = sio_realloc(head->block, size);
  }
  if (request == NULL) {
    sio_head_deinit(head);
    return NULL;
  }
  char *text = (char *)(request + 1);
  sio_header *headers = (sio_header *)(void *)(text + aligned(head->len));
  *request = (sio_request){
      .refs = 1, .header_count = (uint16_t)count, .content_length = -1, .headers = headers};
  fill_in(request, text, headers);
  *head = (sio_head){0};
  return request;
}

/* --- what RFC 9112 demands --- */

static bool is_target_text(sio_bytes text) {
  for (size_t i = 0; i < text.len; i++) {
    unsigned char c = (unsigned char)text.base[i];
    if (c <= ' ' || c >= 0x7f)
      return false;
  }
  return true;
}

/*
 * Cuts scheme and authority off an absolute-form target (RFC 9112, 3.2.2). The path may be empty:
 * then the last octet of the authority becomes its slash.
 */
static bool reduce_target(sio_bytes *url) {
  const char *rest = memchr(url->base, ':', url->len);
  const char *end = url->base + url->len;
  if (rest == NULL || end - rest < 4 || memcmp(rest, "://", 3) != 0)
    return false;
  sio_bytes scheme = sio_bytes_of(url->base, (size_t)(rest - url->base));
  if (!sio_bytes_ieq(scheme, SIO_BYTES("http")) && !sio_bytes_ieq(scheme, SIO_BYTES("https")))
    return false;
  char *path = (char *)url->base + (rest - url->base) + 3;
  size_t host_len = 0;
  while (path + host_len < end && path[host_len] != '/' && path[host_len] != '?')
    host_len++;
  if (host_len == 0)
    return false;
  path += host_len;
  if (path == end || *path == '?')
    *--path = '/';
  *url = sio_bytes_of(path, (size_t)(end - path));
  return true;
}

static bool split_target(sio_request *request) {
  sio_bytes *url = &request->url;
  bool is_asterisk = sio_bytes_eq(*url, SIO_BYTES("*"));
  if (is_asterisk && !sio_bytes_eq(request->method, SIO_BYTES("OPTIONS")))
    return false;
  if (url->len == 0 || !is_target_text(*url))
    return false;
  if (url->base[0] != '/' && !is_asterisk && !reduce_target(url))
    return false;
  const char *mark = memchr(url->base, '?', url->len);
  const char *end = url->base + url->len;
  request->path = sio_bytes_of(url->base, (size_t)((mark != NULL ? mark : end) - url->base));
  request->query =
      mark != NULL ? sio_bytes_of(mark + 1, (size_t)(end - mark - 1)) : sio_bytes_of(end, 0);
  return true;
}

static bool is_host(sio_bytes host) {
  static const char allowed[] = "-._~!$&'()*+,;=:%[]"; /* RFC 3986, 3.2.2 and 3.2.3 */
  for (size_t i = 0; i < host.len; i++) {
    char c = host.base[i], lower = (char)(c | 0x20);
    bool is_alnum = (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z');
    if (!is_alnum && memchr(allowed, c, sizeof(allowed) - 1) == NULL)
      return false;
  }
  return true;
}

int64_t sio_length_parse(sio_bytes digits) {
  int64_t n = 0;
  for (size_t i = 0; i < digits.len; i++) {
    int digit = digits.base[i] - '0';
    if (digit < 0 || digit > 9 || n > (INT64_MAX - digit) / 10)
      return -1;
    n = n * 10 + digit;
  }
  return digits.len > 0 ? n : -1;
}

/* False when the header alone is reason enough to refuse. */
static bool check_header(sio_request *request, const sio_header *header, unsigned *hosts) {
  if (header->name.len == 0)
    return false;
  if (sio_bytes_eq(header->name, SIO_BYTES("host"))) {
    ++*hosts;
    return is_host(header->value);
  }
  if (sio_bytes_eq(header->name, SIO_BYTES("content-length"))) {
    bool is_first = request->content_length < 0;
    request->content_length = sio_length_parse(header->value);
    return is_first && request->content_length >= 0;
  }
  if (sio_bytes_eq(header->name, SIO_BYTES("transfer-encoding"))) {
    bool is_first = !request->chunked;
    request->chunked = sio_bytes_ieq(header->value, SIO_BYTES("chunked"));
    return is_first && request->chunked && request->minor >= 1;
  }
  if (sio_bytes_eq(header->name, SIO_BYTES("upgrade")) && request->upgrade)
    request->upgrade = !sio_bytes_ieq(header->value, SIO_BYTES("h2c"));
  return true;
}

int sio_head_check(sio_request *request) {
  unsigned hosts = 0;
  if (!split_target(request))
    return 400;
  for (unsigned i = 0; i < request->header_count; i++)
    if (!check_header(request, &request->headers[i], &hosts))
      return 400;
  if (hosts > 1 || (hosts == 0 && request->minor >= 1))
    return 400;
  if (request->chunked && request->content_length >= 0)
    return 400;
  if (request->minor == 0 || sio_request_has_body(request))
    request->upgrade = false;
  return 0;
}
