#include "net/internal.h"

/* Not uv_err_name and uv_strerror: those leak memory for numbers they do not know. */

const char *sio_net_error_name(int error) {
  switch (error) {
#define X(name, text)                                                                              \
  case UV_##name:                                                                                  \
    return #name;
    UV_ERRNO_MAP(X)
#undef X
  default:
    return "UNKNOWN";
  }
}

const char *sio_net_error_text(int error) {
  switch (error) {
#define X(name, text)                                                                              \
  case UV_##name:                                                                                  \
    return text;
    UV_ERRNO_MAP(X)
#undef X
  default:
    return "unknown error";
  }
}
