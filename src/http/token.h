/* Characters: those of header names ("token" of RFC 9110, 5.6.2), and hexadecimal digits. */
#ifndef SIO_HTTP_TOKEN_H
#define SIO_HTTP_TOKEN_H

#include "base/bytes.h"

/* The character in lower case, or 0 if no token has it. */
char sio_token_lower(char c);

bool sio_token_is_valid(sio_bytes text); /* at least one character, all of them of a token */

int sio_hex_digit(char c); /* its value, or -1 */

#endif
