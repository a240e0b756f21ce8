/*
 * Accept-Encoding: what is chosen was offered, is named by the client or stands under its "*", and
 * does not depend on white space, upper case, or a coding that nobody knows.
 */
#include <string.h>

#include "fuzz.h"
#include "http/accept.h"

enum { MAX = 1000 };

static const char *const names[] = {"identity", "gzip", "deflate", "br"};

static bool contains(sio_bytes text, const char *part) {
  size_t len = strlen(part);
  for (size_t i = 0; i + len <= text.len; i++)
    if (sio_bytes_ieq(sio_bytes_of(text.base + i, len), sio_bytes_str(part)))
      return true;
  return false;
}

static void check_choice(sio_bytes accepted, unsigned offered, enum sio_coding chosen) {
  if (chosen == SIO_CODING_IDENTITY)
    return;
  CHECK((offered & 1u << chosen) != 0);
  CHECK(contains(accepted, names[chosen]) || contains(accepted, "*"));
}

/* The same in other words. */
static void check_spelling(sio_bytes accepted, unsigned offered, enum sio_coding chosen) {
  static char text[3 * MAX + 32];
  size_t len = 0;
  for (size_t i = 0; i < accepted.len; i++) {
    char c = accepted.base[i];
    if (c == ',')
      text[len++] = ' ';
    text[len++] = (char)(c >= 'a' && c <= 'z' ? c - 32 : c);
    if (c == ',' || c == ';')
      text[len++] = '\t';
  }
  memcpy(text + len, ", zstd;q=0.9", 12);
  CHECK(sio_accept_coding(sio_bytes_of(text, len + 12), offered) == chosen);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1 || size > MAX)
    return 0;
  sio_bytes accepted = {(const char *)data + 1, size - 1};
  unsigned offered = data[0] & 0x0eu;
  enum sio_coding chosen = sio_accept_coding(accepted, offered);
  enum sio_coding smallest = sio_accept_smallest(accepted, offered);
  check_choice(accepted, offered, chosen);
  check_choice(accepted, offered, smallest);
  check_spelling(accepted, offered, chosen);
  CHECK(chosen == SIO_CODING_IDENTITY || smallest != SIO_CODING_IDENTITY);
  return 0;
}
