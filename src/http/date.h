/* Dates of HTTP: "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7), whatever the locale. */
#ifndef SIO_HTTP_DATE_H
#define SIO_HTTP_DATE_H

#include <stdint.h>

#include "base/bytes.h"

enum { SIO_HTTP_DATE_LEN = 29 };

/* Seconds since 1970, of the years 1970 to 9999, as text without NUL. */
void sio_http_date_write(char out[SIO_HTTP_DATE_LEN], int64_t seconds);

/* False for any other form, the obsolete ones too: whoever sends a date got it from us. */
bool sio_http_date_read(sio_bytes text, int64_t *seconds);

#endif
