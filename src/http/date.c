#include "http/date.h"

#include <stdio.h>

enum { DAY = 86400 };

static const char days[][4] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"}; /* from 1970 */
static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* Days from 1 January 1970 to the first of a month; month may be above 11. */
static int64_t days_to(int64_t year, int month) {
  static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  int64_t last = month < 2 ? year - 1 : year; /* its leap day is over */
  int64_t leaps = last / 4 - last / 100 + last / 400 - (1969 / 4 - 1969 / 100 + 1969 / 400);
  return (year - 1970) * 365 + leaps + before[month];
}

static int month_of(int64_t day, int64_t year) {
  int month = 11;
  while (days_to(year, month) > day)
    month--;
  return month;
}

void sio_http_date_write(char out[SIO_HTTP_DATE_LEN], int64_t seconds) {
  int64_t day = seconds / DAY;
  int time = (int)(seconds % DAY);
  int64_t year = 1970 + day / 366;
  while (days_to(year + 1, 0) <= day)
    year++;
  int month = month_of(day, year);
  char text[80];
  snprintf(text, sizeof(text), "%s, %02d %s %04d %02d:%02d:%02d GMT", days[day % 7],
           (int)(day - days_to(year, month)) + 1, months[month], (int)year, time / 3600,
           time / 60 % 60, time % 60);
  memcpy(out, text, SIO_HTTP_DATE_LEN);
}

/* The number that stands there, or -1. */
static int digits(const char *text, int n) {
  int number = 0;
  for (int i = 0; i < n; i++) {
    if (text[i] < '0' || text[i] > '9')
      return -1;
    number = number * 10 + text[i] - '0';
  }
  return number;
}

/* Written again, it must be the same: so no part of it can be out of range. */
bool sio_http_date_read(sio_bytes text, int64_t *seconds) {
  if (text.len != SIO_HTTP_DATE_LEN)
    return false;
  int day = digits(text.base + 5, 2), year = digits(text.base + 12, 4);
  int hour = digits(text.base + 17, 2), minute = digits(text.base + 20, 2);
  int second = digits(text.base + 23, 2), month = 0;
  while (month < 12 && memcmp(text.base + 8, months[month], 3) != 0)
    month++;
  if (month == 12 || day < 1 || year < 1970 || hour < 0 || minute < 0 || second < 0)
    return false;
  *seconds = (days_to(year, month) + day - 1) * DAY + hour * 3600 + minute * 60 + second;
  char again[SIO_HTTP_DATE_LEN];
  sio_http_date_write(again, *seconds);
  return memcmp(again, text.base, sizeof(again)) == 0;
}
