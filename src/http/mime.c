#include "http/mime.h"

static const struct {
  const char *extension;
  sio_mime mime;
} types[] = {
    {"html", {"text/html; charset=utf-8", true}},
    {"htm", {"text/html; charset=utf-8", true}},
    {"js", {"text/javascript; charset=utf-8", true}},
    {"mjs", {"text/javascript; charset=utf-8", true}},
    {"cjs", {"text/javascript; charset=utf-8", true}},
    {"css", {"text/css; charset=utf-8", true}},
    {"json", {"application/json; charset=utf-8", true}},
    {"map", {"application/json; charset=utf-8", true}},
    {"webmanifest", {"application/manifest+json; charset=utf-8", true}},
    {"txt", {"text/plain; charset=utf-8", true}},
    {"md", {"text/markdown; charset=utf-8", true}},
    {"csv", {"text/csv; charset=utf-8", true}},
    {"xml", {"text/xml; charset=utf-8", true}},
    {"lua", {"text/plain; charset=utf-8", true}},
    {"svg", {"image/svg+xml", true}},
    {"wasm", {"application/wasm", true}},
    {"ico", {"image/x-icon", false}},
    {"png", {"image/png", false}},
    {"jpg", {"image/jpeg", false}},
    {"jpeg", {"image/jpeg", false}},
    {"gif", {"image/gif", false}},
    {"webp", {"image/webp", false}},
    {"avif", {"image/avif", false}},
    {"woff", {"font/woff", false}},
    {"woff2", {"font/woff2", false}},
    {"ttf", {"font/ttf", false}},
    {"otf", {"font/otf", false}},
    {"mp3", {"audio/mpeg", false}},
    {"ogg", {"audio/ogg", false}},
    {"wav", {"audio/wav", false}},
    {"m4a", {"audio/mp4", false}},
    {"mp4", {"video/mp4", false}},
    {"webm", {"video/webm", false}},
    {"pdf", {"application/pdf", false}},
    {"zip", {"application/zip", false}},
    {"gz", {"application/gzip", false}},
};

sio_mime sio_mime_of(sio_bytes path) {
  size_t at = path.len;
  while (at > 0 && path.base[at - 1] != '.' && path.base[at - 1] != '/')
    at--;
  sio_bytes extension = sio_bytes_of(path.base + at, path.len - at);
  bool has_dot = at > 0 && path.base[at - 1] == '.';
  for (size_t i = 0; has_dot && i < sizeof(types) / sizeof(types[0]); i++)
    if (sio_bytes_ieq(extension, sio_bytes_str(types[i].extension)))
      return types[i].mime;
  return (sio_mime){"application/octet-stream", false};
}
