/* One file as an answer: 200, 206, 304, 412 or 416, whole or in pieces. */
#ifndef SIO_HTTP_FILE_H
#define SIO_HTTP_FILE_H

#include <sys/stat.h>

#include "http/exchange.h"

/* Opens a regular file for reading, without waiting for anything. -1: there is none. */
int sio_file_open(const char *path, struct stat *stat);

/*
 * Answers with the open file. Takes fd; copies what it needs of path, which tells the type. status:
 * 200, or another that the whole file is sent with whatever the request asks for. Headers that were
 * added before stay.
 */
void sio_file_send(sio_exchange *exchange, const char *path, int fd, const struct stat *stat,
                   int status);

#endif
