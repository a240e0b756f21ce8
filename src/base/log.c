#include "base/log.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

void sio_logf(const sio_log *log, const char *area, const char *format, ...) {
  if (log == NULL || log->write == NULL)
    return;
  char line[1024]; /* a longer one is cut */
  va_list args;
  va_start(args, format);
  int n = vsnprintf(line, sizeof(line), format, args);
  va_end(args);
  if (n >= 0)
    log->write(log->ctx, area, line);
}
