#include "base/bytes.h"

static unsigned char lower(char c) {
  return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool sio_bytes_ieq(sio_bytes a, sio_bytes b) {
  if (a.len != b.len)
    return false;
  for (size_t i = 0; i < a.len; i++)
    if (lower(a.base[i]) != lower(b.base[i]))
      return false;
  return true;
}
