#include "http/condition.h"

#include "http/date.h"
#include "http/head.h"

/* --- entity tags --- */

static bool is_space(char c) {
  return c == ' ' || c == '\t';
}

/* Cuts the next tag off a list, `"a", W/"b"`; weak tells whether it is. False: there is none. */
static bool next_tag(sio_bytes *list, sio_bytes *tag, bool *weak) {
  const char *at = list->base, *end = at + list->len;
  while (at < end && (is_space(*at) || *at == ','))
    at++;
  *weak = end - at >= 2 && at[0] == 'W' && at[1] == '/';
  at += *weak ? 2 : 0;
  if (at == end || *at != '"')
    return false;
  const char *quote = memchr(at + 1, '"', (size_t)(end - at) - 1);
  if (quote == NULL)
    return false;
  *tag = sio_bytes_of(at, (size_t)(quote - at) + 1);
  *list = sio_bytes_of(quote + 1, (size_t)(end - quote) - 1);
  return true;
}

/* Is ours among those of the header, or are all meant? */
static bool names_tag(sio_bytes list, sio_bytes ours, bool takes_weak) {
  sio_bytes tag;
  bool weak;
  if (sio_bytes_eq(list, SIO_BYTES("*")))
    return true;
  while (next_tag(&list, &tag, &weak))
    if ((takes_weak || !weak) && sio_bytes_eq(tag, ours))
      return true;
  return false;
}

/* --- conditions --- */

/* The date that the header says; false when it says none, which is no condition. */
static bool read_date(const sio_request *request, const char *name, int64_t *seconds) {
  return sio_http_date_read(sio_request_header(request, name), seconds);
}

static bool is_refused(const sio_request *request, const sio_version *version) {
  sio_bytes tags = sio_request_header(request, "if-match");
  int64_t since;
  if (tags.base != NULL)
    return !names_tag(tags, version->etag, false);
  return read_date(request, "if-unmodified-since", &since) && version->modified > since;
}

static bool is_known(const sio_request *request, const sio_version *version) {
  sio_bytes tags = sio_request_header(request, "if-none-match");
  int64_t since;
  if (tags.base != NULL)
    return names_tag(tags, version->etag, true);
  return read_date(request, "if-modified-since", &since) && version->modified <= since;
}

int sio_condition_check(const sio_request *request, const sio_version *version) {
  if (is_refused(request, version))
    return 412;
  return is_known(request, version) ? 304 : 200;
}

/* --- ranges --- */

/* The range is asked for of this version alone: a strong tag or the very date (13.1.5). */
static bool is_current(const sio_request *request, const sio_version *version) {
  sio_bytes condition = sio_request_header(request, "if-range");
  int64_t date;
  if (condition.base == NULL || sio_bytes_eq(condition, version->etag))
    return true;
  return sio_http_date_read(condition, &date) && date == version->modified;
}

int sio_range_check(const sio_request *request, const sio_version *version, int64_t size,
                    sio_range *out) {
  sio_bytes text = sio_request_header(request, "range");
  if (!sio_bytes_starts(text, SIO_BYTES("bytes=")) || !is_current(request, version))
    return 200;
  const char *from = text.base + 6, *end = text.base + text.len;
  const char *dash = memchr(from, '-', (size_t)(end - from));
  if (dash == NULL)
    return 200;
  int64_t first = sio_length_parse(sio_bytes_of(from, (size_t)(dash - from)));
  int64_t last = sio_length_parse(sio_bytes_of(dash + 1, (size_t)(end - dash - 1)));
  bool is_suffix = dash == from, is_open = dash + 1 == end;
  if ((first < 0 && !is_suffix) || (last < 0 && !is_open) || (is_suffix && is_open) ||
      (!is_suffix && !is_open && first > last))
    return 200;
  if (is_suffix ? last == 0 || size == 0 : first >= size)
    return 416;
  if (is_suffix)
    first = last < size ? size - last : 0;
  if (is_suffix || is_open || last >= size)
    last = size - 1;
  *out = (sio_range){first, last - first + 1};
  return 206;
}
