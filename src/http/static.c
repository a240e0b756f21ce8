#include "http/static.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"
#include "http/file.h"
#include "http/token.h"

struct sio_static {
  sio_http_handler handler;
  sio_bytes prefix; /* without a slash at its end */
  sio_bytes root;   /* the folder's real path, without a slash at its end */
  char text[];      /* both, each ended by NUL */
};

/* --- from a URL's path to a file's --- */

/* The next octet of the path, or -1 for one that no name of ours can have. */
static int next_octet(sio_bytes path, size_t *at) {
  unsigned char c = (unsigned char)path.base[(*at)++];
  if (c != '%')
    return c;
  if (path.len - *at < 2)
    return -1;
  int high = sio_hex_digit(path.base[*at]), low = sio_hex_digit(path.base[*at + 1]);
  *at += 2;
  int octet = high < 0 || low < 0 ? -1 : high * 16 + low;
  return octet == '/' || octet == '\0' ? -1 : octet;
}

/*
 * Appends the path ("/a/b.html"), decoded, to out. False: it cannot be the name of a file that is
 * served: a segment is empty or begins with a dot (so there is no "..", and nothing hidden), or it
 * is too long.
 */
static bool append_path(sio_bytes path, char *out, size_t size) {
  size_t len = strlen(out);
  for (size_t at = 0; at < path.len;) {
    bool is_start = len > 0 && out[len - 1] == '/';
    int octet = next_octet(path, &at);
    if (octet < 0 || len + 1 >= size)
      return false;
    if (is_start && (octet == '.' || octet == '/'))
      return false;
    out[len++] = (char)octet;
  }
  out[len] = '\0';
  return true;
}

/* Symbolic links are followed, but not out of the folder. real has room for PATH_MAX. */
static bool resolve(const sio_static *files, const char *path, char *real) {
  return realpath(path, real) != NULL && strncmp(real, files->root.base, files->root.len) == 0 &&
         (real[files->root.len] == '/' || real[files->root.len] == '\0');
}

/* --- requests --- */

/* What stands behind the prefix, from its slash on; base NULL when the path is not below it. */
static sio_bytes path_below(const sio_static *files, const sio_request *request) {
  sio_bytes path = request->path;
  if (!sio_bytes_starts(path, files->prefix))
    return (sio_bytes){0};
  path = sio_bytes_of(path.base + files->prefix.len, path.len - files->prefix.len);
  return path.len == 0 || path.base[0] == '/' ? path : (sio_bytes){0};
}

/* A folder's name without its slash: relative links of its page would lead elsewhere. */
static void redirect(sio_exchange *exchange) {
  const sio_request *request = sio_exchange_request(exchange);
  sio_buf location = {0};
  int err = sio_buf_add(&location, request->path);
  if (err == 0)
    err = sio_buf_put(&location, '/');
  if (err == 0 && request->query.len > 0)
    err = sio_buf_put(&location, '?');
  if (err == 0)
    err = sio_buf_add(&location, request->query);
  if (err == 0)
    err = sio_exchange_header(exchange, SIO_BYTES("Location"), sio_buf_bytes(&location));
  sio_buf_deinit(&location);
  if (err == 0)
    sio_exchange_send(exchange, 301, (sio_bytes){0}, (sio_bytes){0});
  else
    sio_exchange_destroy(exchange);
}

static bool is_folder(const char *path) {
  struct stat stat_of;
  return stat(path, &stat_of) == 0 && S_ISDIR(stat_of.st_mode);
}

static bool serve(const sio_static *files, sio_bytes below, sio_exchange *exchange) {
  char path[PATH_MAX], real[PATH_MAX];
  struct stat stat_of;
  bool names_folder = below.len > 0 && below.base[below.len - 1] == '/';
  memcpy(path, files->root.base, files->root.len + 1);
  if (!append_path(below, path, sizeof(path) - sizeof("index.html")))
    return false;
  if (names_folder)
    strcat(path, "index.html");
  if (!resolve(files, path, real))
    return false;
  if (!names_folder && is_folder(real)) {
    redirect(exchange);
    return true;
  }
  int fd = sio_file_open(real, &stat_of);
  if (fd < 0)
    return false;
  sio_file_send(exchange, path, fd, &stat_of, 200);
  return true;
}

static bool on_request(sio_http_handler *handler, sio_exchange *exchange) {
  const sio_static *files = SIO_OF(handler, sio_static, handler);
  const sio_request *request = sio_exchange_request(exchange);
  bool is_get = sio_bytes_eq(request->method, SIO_BYTES("GET"));
  if ((!is_get && !sio_bytes_eq(request->method, SIO_BYTES("HEAD"))) || request->upgrade)
    return false;
  sio_bytes below = path_below(files, request);
  return below.base != NULL && serve(files, below, exchange);
}

/* --- life --- */

static sio_bytes without_slash(const char *text) {
  sio_bytes bytes = sio_bytes_str(text);
  while (bytes.len > 0 && bytes.base[bytes.len - 1] == '/')
    bytes.len--;
  return bytes;
}

static sio_bytes copy(char *to, sio_bytes text) {
  memcpy(to, text.base, text.len);
  to[text.len] = '\0';
  return sio_bytes_of(to, text.len);
}

int sio_static_new(const char *prefix, const char *folder, sio_static **out) {
  char real[PATH_MAX];
  if (realpath(folder, real) == NULL || !is_folder(real))
    return SIO_ENOTFOUND;
  sio_bytes root = without_slash(real), start = without_slash(prefix);
  sio_static *files = sio_calloc(1, sizeof(*files) + start.len + root.len + 2);
  if (files == NULL)
    return SIO_ENOMEM;
  files->handler.on_request = on_request;
  files->prefix = copy(files->text, start);
  files->root = copy(files->text + start.len + 1, root);
  *out = files;
  return 0;
}

sio_http_handler *sio_static_handler(sio_static *files) {
  return &files->handler;
}

void sio_static_free(sio_static *files) {
  sio_free(files);
}

void sio_static_send_file(sio_exchange *exchange, const char *path, int status) {
  struct stat stat_of;
  int fd = sio_file_open(path, &stat_of);
  if (fd >= 0)
    sio_file_send(exchange, path, fd, &stat_of, status);
  else
    sio_exchange_send(exchange, 404, (sio_bytes){0}, (sio_bytes){0});
}
