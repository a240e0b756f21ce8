/* Reason phrases of the registered status codes. */
#ifndef SIO_HTTP_STATUS_H
#define SIO_HTTP_STATUS_H

const char *sio_http_reason(int status); /* "unknown" for one that is not registered */

#endif
