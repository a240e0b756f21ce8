#include <stdio.h>
#include <time.h>

#include "net/internal.h"

/* Not strftime: that speaks the language of the host's locale. RFC 9110 5.6.7. */
static void format(char *out, size_t size, const struct tm *tm) {
  static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  snprintf(out, size, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm->tm_wday], tm->tm_mday,
           months[tm->tm_mon], tm->tm_year + 1900, tm->tm_hour, tm->tm_min, tm->tm_sec);
}

const char *sio_loop_date(sio_loop *loop) {
  time_t now = time(NULL);
  if (now != loop->date_second || loop->date[0] == '\0') {
    struct tm tm;
    gmtime_r(&now, &tm);
    format(loop->date, sizeof(loop->date), &tm);
    loop->date_second = now;
  }
  return loop->date;
}
