#include "http/token.h"

/* From '!' on; a gap is a character that no token has. */
static const char table[] = "!\0#$%&'\0\0*+\0-.\0"
                            "0123456789\0\0\0\0\0\0"
                            "\0abcdefghijklmno"
                            "pqrstuvwxyz\0\0\0^_"
                            "`abcdefghijklmno"
                            "pqrstuvwxyz\0|\0~";

char sio_token_lower(char c) {
  unsigned at = (unsigned char)c - (unsigned)'!';
  return at < sizeof(table) ? table[at] : '\0';
}

bool sio_token_is_valid(sio_bytes text) {
  for (size_t i = 0; i < text.len; i++)
    if (sio_token_lower(text.base[i]) == '\0')
      return false;
  return text.len > 0;
}

int sio_hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  char lower = (char)(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}
