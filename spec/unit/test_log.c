#include "base/log.h"

#include "unit.h"

typedef struct sink {
  int lines;
  char area[16];
  char line[2048];
} sink;

static void keep(void *ctx, const char *area, const char *line) {
  sink *to = ctx;
  to->lines++;
  strncpy(to->area, area, sizeof(to->area) - 1);
  strncpy(to->line, line, sizeof(to->line) - 1);
}

static void formats_a_line_for_the_sink(void **state) {
  (void)state;
  sink to = {0};
  const sio_log log = {keep, &to};
  sio_logf(&log, "http", "%s %d", "GET", 200);
  assert_int_equal(to.lines, 1);
  assert_string_equal(to.area, "http");
  assert_string_equal(to.line, "GET 200");
}

static void is_silent_without_a_sink(void **state) {
  (void)state;
  sink to = {0};
  const sio_log log = {NULL, &to};
  sio_logf(NULL, "http", "%d", 1);
  sio_logf(&log, "http", "%d", 1);
  assert_int_equal(to.lines, 0);
}

static void cuts_a_long_line(void **state) {
  (void)state;
  sink to = {0};
  const sio_log log = {keep, &to};
  char text[2000];
  memset(text, 'x', sizeof(text) - 1);
  text[sizeof(text) - 1] = '\0';
  sio_logf(&log, "ws", "%s", text);
  assert_int_equal(to.lines, 1);
  assert_int_equal(strlen(to.line), 1023);
  assert_memory_equal(to.line, text, 1023);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(formats_a_line_for_the_sink),
      cmocka_unit_test(is_silent_without_a_sink),
      cmocka_unit_test(cuts_a_long_line),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
