/*
 * Status codes. Functions that can fail return 0 or one of these (all negative); functions that
 * return a pointer return NULL for SIO_ENOMEM only.
 */
#ifndef SIO_BASE_ERROR_H
#define SIO_BASE_ERROR_H

#define SIO_ERRORS(X)                                                                              \
  X(ENOMEM, -1, "out of memory")                                                                   \
  X(EPARSE, -2, "malformed input")                                                                 \
  X(ELIMIT, -3, "limit exceeded")                                                                  \
  X(ECLOSED, -4, "already closed")                                                                 \
  X(EINVAL, -5, "invalid argument")                                                                \
  X(ENOTFOUND, -6, "not found")                                                                    \
  X(EUTF8, -7, "invalid UTF-8")

enum sio_error {
#define X(name, code, text) SIO_##name = code,
  SIO_ERRORS(X)
#undef X
};

/* The text of a code, for logs; never NULL. */
const char *sio_strerror(int code);

#endif
