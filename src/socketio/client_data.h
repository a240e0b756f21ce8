/* The browser client's files, as the build has embedded them (cmake/SioClientFiles.cmake). */
#ifndef SIO_SOCKETIO_CLIENT_DATA_H
#define SIO_SOCKETIO_CLIENT_DATA_H

enum { SIO_CLIENT_FILES = 8 };

typedef struct sio_client_span {
  const char *base, *end; /* NULL: not embedded */
} sio_client_span;

typedef struct sio_client_file {
  const char *name;
  sio_client_span plain, brotli;
} sio_client_file;

extern const sio_client_file sio_client_data[SIO_CLIENT_FILES];
extern const char sio_client_version[]; /* of the npm package; empty when nothing is embedded */

#endif
