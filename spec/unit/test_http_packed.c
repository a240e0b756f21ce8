#include "http/packed.h"

#include "base/limits.h"
#include "fail_alloc.h"

static struct stat file_of(unsigned inode) {
  return (struct stat){.st_ino = inode, .st_size = 10};
}

static void put(sio_packed *packed, unsigned inode, size_t len) {
  struct stat file = file_of(inode);
  sio_frame *frame = sio_frame_new(len);
  if (frame == NULL)
    return;
  memset(frame->payload, (int)inode, len);
  sio_packed_put(packed, &file, SIO_CODING_GZIP, frame);
  sio_frame_unref(frame);
}

static bool has(sio_packed *packed, unsigned inode) {
  struct stat file = file_of(inode);
  sio_frame *frame = sio_packed_get(packed, &file, SIO_CODING_GZIP);
  assert_true(frame == NULL || frame->payload[0] == (char)inode);
  return frame != NULL;
}

static void keeps_by_file_and_coding(void **state) {
  (void)state;
  sio_packed packed;
  assert_int_equal(sio_packed_init(&packed), 0);
  put(&packed, 1, 100);
  assert_true(has(&packed, 1) && !has(&packed, 2));
  struct stat file = file_of(1);
  assert_null(sio_packed_get(&packed, &file, SIO_CODING_BR));
  file.st_ctim.tv_nsec++;
  assert_null(sio_packed_get(&packed, &file, SIO_CODING_GZIP));
  file = file_of(1);
  file.st_size++;
  assert_null(sio_packed_get(&packed, &file, SIO_CODING_GZIP));
  sio_packed_deinit(&packed);
}

static void drops_what_was_not_asked_for(void **state) {
  (void)state;
  sio_packed packed;
  assert_int_equal(sio_packed_init(&packed), 0);
  for (unsigned i = 1; i <= 3; i++)
    put(&packed, i, SIO_PACKED_CACHE / 4);
  assert_true(has(&packed, 1)); /* asked for: 2 is the oldest now */
  put(&packed, 4, SIO_PACKED_CACHE / 4);
  assert_true(packed.bytes <= SIO_PACKED_CACHE);
  assert_true(has(&packed, 1) && !has(&packed, 2) && has(&packed, 3) && has(&packed, 4));
  put(&packed, 5, SIO_PACKED_CACHE + 1);
  assert_true(!has(&packed, 5) && has(&packed, 3));
  for (unsigned i = 10; i < 100; i++) {
    put(&packed, i, SIO_PACKED_CACHE / 7);
    assert_true(has(&packed, i) && packed.bytes <= SIO_PACKED_CACHE);
  }
  assert_false(has(&packed, 1));
  sio_packed_deinit(&packed);
}

static void keep_some(void *ctx) {
  (void)ctx;
  sio_packed packed;
  if (sio_packed_init(&packed) != 0)
    return;
  for (unsigned i = 1; i < 20; i++)
    put(&packed, i, 100);
  for (unsigned i = 1; i < 20; i++)
    has(&packed, i);
  sio_packed_deinit(&packed);
}

static void out_of_memory(void **state) {
  (void)state;
  assert_true(fail_each_alloc(keep_some, NULL) > 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(keeps_by_file_and_coding),
                                     cmocka_unit_test(drops_what_was_not_asked_for),
                                     cmocka_unit_test(out_of_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
