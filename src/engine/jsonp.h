/*
 * Polling by script elements, for browsers that cannot ask another origin otherwise: an answer is
 * a call of the function that the client has named by a number, a POST is a form with one field.
 */
#ifndef SIO_ENGINE_JSONP_H
#define SIO_ENGINE_JSONP_H

#include "base/bytes.h"
#include "base/frame.h"

/* The digits of a query's parameter, which name the function; all else is dropped, so that an
 * answer is never a script of the client's. Returns owned (sio_free), with NUL at the end. NULL:
 * out of memory. */
char *sio_jsonp_digits(sio_bytes parameter);

/* ___eio[<digits>]("<payload>"); NULL: out of memory. The payload is text. */
sio_frame *sio_jsonp_wrap(const sio_frame *payload, const char *digits);

/* The payload in a form's field d, decoded in place; base NULL when there is none. A form cannot
 * keep the two kinds of line end apart: "\n" (two characters) stands for one, "\\n" for these two.
 */
sio_bytes sio_jsonp_unwrap(char *form, size_t len);

#endif
