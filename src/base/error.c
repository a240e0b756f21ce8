#include "base/error.h"

const char *sio_strerror(int code) {
  switch (code) {
  case 0:
    return "success";
#define X(name, number, text)                                                                      \
  case SIO_##name:                                                                                 \
    return text;
    SIO_ERRORS(X)
#undef X
  default:
    return "unknown error";
  }
}
