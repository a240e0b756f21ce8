/*
 * Files of a folder at a path: types by extension, ETag and Last-Modified with 304 and 412, one
 * range (206, 416), HEAD, "index.html" for a folder (whose name without its slash is redirected),
 * brotli or gzip where accepted for text from 1 to 256 KiB. No way out of the folder: no "..", no
 * encoded slash or NUL, no symbolic link that leads outside, nothing that begins with a dot.
 *
 * Files are read when they are asked for, in the loop's thread: a folder on a slow disk slows
 * everybody down. Large ones are sent as fast as the client takes them, a part each turn.
 */
#ifndef SIO_HTTP_STATIC_H
#define SIO_HTTP_STATIC_H

#include "http/server.h"

typedef struct sio_static sio_static;

/*
 * Serves folder below the URL path prefix ("/" or "/assets"); other methods than GET and HEAD and
 * files that are not there go on to the next handler. Copies both. Returns 0 and the handler's
 * owner, SIO_ENOTFOUND when folder is not a folder, or SIO_ENOMEM.
 */
int sio_static_new(const char *prefix, const char *folder, sio_static **out);
sio_http_handler *sio_static_handler(sio_static *files);
void sio_static_free(sio_static *files); /* after its handler was removed */

/*
 * Answers one exchange with one file (res:sendFile), or 404. The path is the caller's word: it is
 * not checked. status and headers as in sio_file_send.
 */
void sio_static_send_file(sio_exchange *exchange, const char *path, int status);

#endif
