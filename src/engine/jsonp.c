#include "engine/jsonp.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "http/request.h"

char *sio_jsonp_digits(sio_bytes parameter) {
  char *digits = sio_malloc(parameter.len + 1);
  if (digits == NULL)
    return NULL;
  size_t len = sio_query_decode(digits, parameter), kept = 0;
  for (size_t i = 0; i < len; i++)
    if (digits[i] >= '0' && digits[i] <= '9')
      digits[kept++] = digits[i];
  digits[kept] = '\0';
  return digits;
}

/* --- out --- */

/* U+2028 and U+2029 end a line in the scripts of older browsers, even inside a string. */
static bool is_line_end(sio_bytes text, size_t at) {
  return text.len - at >= 3 && memcmp(text.base + at, "\xe2\x80", 2) == 0 &&
         (text.base[at + 2] & ~1) == (char)0xa8;
}

static int put_escape(sio_buf *out, char c) {
  static const char short_forms[] = "\bb\ff\nn\rr\tt\"\"\\\\";
  char escape[8];
  for (size_t i = 0; i < sizeof(short_forms) - 1; i += 2)
    if (short_forms[i] == c)
      return sio_buf_append(out, (char[]){'\\', short_forms[i + 1]}, 2);
  snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)(unsigned char)c);
  return sio_buf_str(out, escape);
}

static int put_string(sio_buf *out, sio_bytes text) {
  int err = sio_buf_put(out, '"');
  for (size_t i = 0; err == 0 && i < text.len; i++) {
    char c = text.base[i];
    if (is_line_end(text, i)) {
      err = sio_buf_str(out, text.base[i + 2] == (char)0xa8 ? "\\u2028" : "\\u2029");
      i += 2;
    } else if ((unsigned char)c < 0x20 || c == '"' || c == '\\') {
      err = put_escape(out, c);
    } else {
      err = sio_buf_put(out, c);
    }
  }
  return err != 0 ? err : sio_buf_put(out, '"');
}

sio_frame *sio_jsonp_wrap(const sio_frame *payload, const char *digits) {
  sio_buf script = {0};
  sio_frame *frame = NULL;
  if (sio_buf_str(&script, "___eio[") == 0 && sio_buf_str(&script, digits) == 0 &&
      sio_buf_str(&script, "](") == 0 && put_string(&script, sio_frame_payload(payload)) == 0 &&
      sio_buf_str(&script, ");") == 0)
    frame = sio_frame_copy(sio_buf_bytes(&script));
  sio_buf_deinit(&script);
  if (frame != NULL)
    frame->plain = payload->plain;
  return frame;
}

/* --- in --- */

static size_t restore_lines(char *text, size_t len) {
  size_t out = 0;
  for (size_t i = 0; i < len;) {
    sio_bytes rest = sio_bytes_of(text + i, len - i);
    if (sio_bytes_starts(rest, SIO_BYTES("\\\\n"))) {
      text[out++] = '\\';
      text[out++] = 'n';
      i += 3;
    } else if (sio_bytes_starts(rest, SIO_BYTES("\\n"))) {
      text[out++] = '\n';
      i += 2;
    } else {
      text[out++] = text[i++];
    }
  }
  return out;
}

sio_bytes sio_jsonp_unwrap(char *form, size_t len) {
  sio_bytes name, value, data = {0};
  for (size_t at = 0; sio_query_next(sio_bytes_of(form, len), &at, &name, &value);)
    if (sio_bytes_eq(name, SIO_BYTES("d")))
      data = value;
  if (data.base == NULL)
    return data;
  char *text = form + (data.base - form);
  data.len = restore_lines(text, sio_query_decode(text, data));
  return data;
}
