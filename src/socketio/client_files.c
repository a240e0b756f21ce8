#include "socketio/client_files.h"

#include "base/alloc.h"
#include "http/accept.h"
#include "http/compress.h"
#include "socketio/client_data.h"

enum { CODINGS = SIO_CODING_BR + 1 };

struct sio_client_files {
  /* What was asked for so far, so that nothing is compressed or copied twice. */
  sio_frame *frames[SIO_CLIENT_FILES][CODINGS];
  size_t path_len;
  char path[]; /* ends with a slash */
};

/* --- the request --- */

/* The index of the file that the path names, or -1. */
static int find(const sio_client_files *files, sio_bytes path) {
  sio_bytes folder = sio_bytes_of(files->path, files->path_len);
  if (!sio_bytes_starts(path, folder))
    return -1;
  sio_bytes name = sio_bytes_of(path.base + folder.len, path.len - folder.len);
  for (int i = 0; i < SIO_CLIENT_FILES; i++)
    if (sio_bytes_eq(name, sio_bytes_str(sio_client_data[i].name)))
      return i;
  return -1;
}

/* The version in quotes, which is all that these files depend on. */
static sio_bytes etag(char *out, size_t size) {
  sio_bytes version = sio_bytes_str(sio_client_version);
  size_t len = version.len < size - 2 ? version.len : size - 2;
  out[0] = '"';
  memcpy(out + 1, version.base, len);
  out[len + 1] = '"';
  return sio_bytes_of(out, len + 2);
}

static bool matches(sio_bytes if_none_match, sio_bytes tag) {
  if (sio_bytes_starts(if_none_match, SIO_BYTES("W/")))
    if_none_match = sio_bytes_of(if_none_match.base + 2, if_none_match.len - 2);
  return sio_bytes_eq(if_none_match, tag);
}

static enum sio_coding choose(const sio_request *request, const sio_client_file *file) {
  unsigned offered = 1U << SIO_CODING_GZIP | 1U << SIO_CODING_DEFLATE;
  if (file->brotli.base != NULL)
    offered |= 1U << SIO_CODING_BR;
  return sio_accept_coding(sio_request_header(request, "accept-encoding"), offered);
}

/* --- the answer --- */

static sio_bytes bytes_of(sio_client_span span) {
  return sio_bytes_of(span.base, (size_t)(span.end - span.base));
}

static sio_frame *encode(const sio_client_file *file, enum sio_coding coding) {
  if (coding == SIO_CODING_IDENTITY)
    return sio_frame_copy(bytes_of(file->plain));
  if (coding == SIO_CODING_BR)
    return sio_frame_copy(bytes_of(file->brotli));
  sio_buf out = {0};
  bool is_done = sio_compress(coding, NULL, bytes_of(file->plain), &out) == 0;
  sio_frame *frame = is_done ? sio_frame_copy(sio_buf_bytes(&out)) : NULL;
  sio_buf_deinit(&out);
  return frame;
}

static sio_bytes type_of(const sio_client_file *file) {
  size_t len = strlen(file->name);
  bool is_map = strcmp(file->name + len - 4, ".map") == 0;
  return is_map ? SIO_BYTES("application/json; charset=utf-8")
                : SIO_BYTES("application/javascript; charset=utf-8");
}

static int add_headers(sio_exchange *exchange, sio_bytes tag, enum sio_coding coding) {
  int err =
      sio_exchange_header(exchange, SIO_BYTES("Cache-Control"), SIO_BYTES("public, max-age=0"));
  if (err == 0)
    err = sio_exchange_header(exchange, SIO_BYTES("ETag"), tag);
  if (err == 0)
    err = sio_exchange_header(exchange, SIO_BYTES("Vary"), SIO_BYTES("Accept-Encoding"));
  if (err == 0 && coding != SIO_CODING_IDENTITY)
    err = sio_exchange_header(exchange, SIO_BYTES("Content-Encoding"), sio_coding_name(coding));
  return err;
}

static void answer(sio_client_files *files, int index, sio_bytes tag, sio_exchange *exchange) {
  const sio_client_file *file = &sio_client_data[index];
  enum sio_coding coding = choose(sio_exchange_request(exchange), file);
  sio_frame **frame = &files->frames[index][coding];
  if (*frame == NULL)
    *frame = encode(file, coding);
  if (*frame != NULL && add_headers(exchange, tag, coding) == 0)
    sio_exchange_send_frame(exchange, 200, type_of(file), *frame);
  else
    sio_exchange_destroy(exchange);
}

bool sio_client_files_serve(sio_client_files *files, sio_exchange *exchange) {
  const sio_request *request = sio_exchange_request(exchange);
  int index = request->upgrade ? -1 : find(files, request->path);
  if (index < 0)
    return false;
  char quoted[64];
  sio_bytes tag = etag(quoted, sizeof(quoted));
  if (sio_client_data[index].plain.base == NULL)
    sio_exchange_send(exchange, 404, SIO_BYTES("text/plain; charset=utf-8"),
                      SIO_BYTES("This server was built without the client files.\n"
                                "To have them, run `npm ci` in cmake/client (or set the CMake "
                                "variable SIO_CLIENT_DIR) and build again.\n"));
  else if (matches(sio_request_header(request, "if-none-match"), tag))
    sio_exchange_send(exchange, 304, SIO_BYTES(""), SIO_BYTES(""));
  else
    answer(files, index, tag, exchange);
  return true;
}

/* --- life --- */

sio_client_files *sio_client_files_new(sio_bytes path) {
  if (path.len > 0 && path.base[path.len - 1] == '/')
    path.len--;
  sio_client_files *files = sio_calloc(1, sizeof(*files) + path.len + 1);
  if (files == NULL)
    return NULL;
  if (path.len > 0)
    memcpy(files->path, path.base, path.len);
  files->path[path.len] = '/';
  files->path_len = path.len + 1;
  return files;
}

void sio_client_files_free(sio_client_files *files) {
  if (files == NULL)
    return;
  for (int i = 0; i < SIO_CLIENT_FILES; i++)
    for (int coding = 0; coding < CODINGS; coding++)
      sio_frame_unref(files->frames[i][coding]);
  sio_free(files);
}
