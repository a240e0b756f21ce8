/*
 * The official browser client, handed out below the server's path ("/socket.io/socket.io.js" and
 * its like): with an ETag of its version, compressed where accepted. In a build that has no client
 * files the answer is 404 and says what to do.
 */
#ifndef SIO_SOCKETIO_CLIENT_FILES_H
#define SIO_SOCKETIO_CLIENT_FILES_H

#include "http/exchange.h"

typedef struct sio_client_files sio_client_files;

/* path is the engine's, with or without its last slash. Copies path. NULL: out of memory. */
sio_client_files *sio_client_files_new(sio_bytes path);
void sio_client_files_free(sio_client_files *files); /* NULL is allowed */

/* True: the request is for one of the files, and is answered. */
bool sio_client_files_serve(sio_client_files *files, sio_exchange *exchange);

#endif
