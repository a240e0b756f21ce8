#include "net/outbox.h"

#include "base/error.h"
#include "fail_alloc.h"
#include "unit.h"

static sio_outbox_pool pool;

static sio_frame *frame_of(size_t len, char fill) {
  sio_frame *frame = sio_frame_new(len);
  assert_non_null(frame);
  memset(frame->payload, fill, len);
  return frame;
}

static void push(sio_outbox *box, size_t len, char fill) {
  sio_frame *frame = frame_of(len, fill);
  assert_int_equal(sio_outbox_push(box, &pool, frame, 0), 0);
  sio_frame_unref(frame);
}

static void an_empty_one_holds_nothing(void **state) {
  (void)state;
  sio_outbox box = {0};
  struct iovec piece;
  assert_int_equal(sio_outbox_gather(&box, &piece, 1, NULL, 0), 0);
  push(&box, 0, 'x'); /* neither does an empty frame make it fuller */
  assert_int_equal(box.count, 0);
  sio_outbox_consume(&box, &pool, 0);
  sio_outbox_deinit(&box, &pool);
}

static void one_slice_is_not_copied(void **state) {
  (void)state;
  sio_outbox box = {0};
  char scratch[64];
  struct iovec pieces[2];
  sio_frame *frame = frame_of(5, 'a');
  assert_int_equal(sio_outbox_push(&box, &pool, frame, 2), 0);
  assert_int_equal(frame->refs, 2);
  assert_int_equal(box.bytes, 3);
  assert_int_equal(sio_outbox_gather(&box, pieces, 2, scratch, sizeof(scratch)), 1);
  assert_ptr_equal(pieces[0].iov_base, frame->payload + 2);
  assert_int_equal(pieces[0].iov_len, 3);
  sio_outbox_consume(&box, &pool, 3);
  assert_int_equal(frame->refs, 1);
  sio_frame_unref(frame);
}

static void the_header_belongs_to_the_slice(void **state) {
  (void)state;
  sio_outbox box = {0};
  struct iovec piece;
  sio_frame *frame = frame_of(1, 'p');
  frame->head = 2;
  frame->room[SIO_FRAME_ROOM - 2] = 'h';
  frame->room[SIO_FRAME_ROOM - 1] = 'd';
  assert_int_equal(sio_outbox_push(&box, &pool, frame, 0), 0);
  assert_int_equal(sio_outbox_gather(&box, &piece, 1, NULL, 0), 1);
  assert_int_equal(piece.iov_len, 3);
  assert_memory_equal(piece.iov_base, "hdp", 3);
  sio_outbox_deinit(&box, &pool);
  assert_int_equal(frame->refs, 1);
  sio_frame_unref(frame);
}

static void small_ones_become_one_piece_and_large_ones_stay(void **state) {
  (void)state;
  sio_outbox box = {0};
  static char scratch[SIO_OUTBOX_SMALL * 4];
  struct iovec pieces[8];
  push(&box, 3, 'a');
  push(&box, 2, 'b');
  push(&box, SIO_OUTBOX_SMALL + 1, 'c');
  push(&box, SIO_OUTBOX_SMALL, 'd');
  push(&box, 1, 'e');
  assert_int_equal(sio_outbox_gather(&box, pieces, 8, scratch, sizeof(scratch)), 3);
  assert_int_equal(pieces[0].iov_len, 5);
  assert_memory_equal(pieces[0].iov_base, "aaabb", 5);
  assert_int_equal(pieces[1].iov_len, SIO_OUTBOX_SMALL + 1);
  assert_int_equal(pieces[2].iov_len, SIO_OUTBOX_SMALL + 1);
  assert_int_equal(((char *)pieces[2].iov_base)[SIO_OUTBOX_SMALL], 'e');
  sio_outbox_deinit(&box, &pool);
}

static void no_more_pieces_than_asked_for(void **state) {
  (void)state;
  sio_outbox box = {0};
  char scratch[4];
  struct iovec pieces[2];
  push(&box, SIO_OUTBOX_SMALL + 1, 'a');
  push(&box, 3, 'b');
  push(&box, 1, 'c'); /* scratch is full with it */
  push(&box, 1, 'd');
  assert_int_equal(sio_outbox_gather(&box, pieces, 2, scratch, sizeof(scratch)), 2);
  assert_int_equal(pieces[1].iov_len, 4);
  assert_memory_equal(pieces[1].iov_base, "bbbc", 4);
  assert_int_equal(sio_outbox_gather(&box, pieces, 1, scratch, sizeof(scratch)), 1);
  sio_outbox_deinit(&box, &pool);
}

static size_t gathered(const struct iovec *pieces, int n, char *out) {
  size_t len = 0;
  for (int i = 0; i < n; i++) {
    memcpy(out + len, pieces[i].iov_base, pieces[i].iov_len);
    len += pieces[i].iov_len;
  }
  return len;
}

/* Pushed and taken out in random amounts, the bytes are the same as those of a plain buffer. */
static void keeps_order_in_any_pattern(void **state) {
  (void)state;
  enum { STEPS = 20000, LONGEST = 3000 };
  static char scratch[2048], expected[STEPS * 2], got[64 * LONGEST + 2048];
  uint64_t seed = 7;
  sio_outbox box = {0};
  size_t pushed = 0, taken = 0;
  for (int step = 0; step < STEPS; step++) {
    uint64_t dice = next_number(&seed);
    size_t len = dice % 64 == 0 ? dice / 64 % LONGEST : dice / 64 % 4;
    if (dice % 3 != 0 && pushed + len < sizeof(expected)) {
      char fill = (char)(dice >> 32);
      push(&box, len, fill);
      memset(expected + pushed, fill, len);
      pushed += len;
    }
    struct iovec pieces[6];
    size_t n = gathered(pieces, sio_outbox_gather(&box, pieces, 6, scratch, sizeof(scratch)), got);
    assert_int_equal(box.bytes, pushed - taken);
    assert_true(n > 0 || box.bytes == 0);
    if (n > 0)
      assert_memory_equal(got, expected + taken, n);
    size_t sent = n == 0 ? 0 : next_number(&seed) % (n + 1) / (step % 100 < 80 ? 4 : 1);
    sio_outbox_consume(&box, &pool, sent);
    taken += sent;
  }
  assert_true(taken > 10000);
  sio_outbox_deinit(&box, &pool);
}

/* One slice needs no ring, a few a small one, which others may use after it. */
static void a_drained_one_holds_no_memory(void **state) {
  (void)state;
  fail_alloc_at(0);
  sio_outbox_pool_deinit(&pool);
  size_t before = fail_alloc_now.live;
  sio_outbox box = {0};
  for (int n = 1; n <= 100; n++) {
    for (int i = 0; i < n; i++)
      push(&box, 1, 'x');
    sio_outbox_consume(&box, &pool, (size_t)n);
    assert_int_equal(pool.count, n > 1);
  }
  sio_outbox_pool_deinit(&pool);
  assert_int_equal(fail_alloc_now.live, before);
}

/* Many at once have had rings: only so many are kept. */
static void a_pool_is_bounded(void **state) {
  (void)state;
  static sio_outbox boxes[1000];
  for (size_t i = 0; i < COUNT(boxes); i++) {
    push(&boxes[i], 1, 'a');
    push(&boxes[i], 1, 'b');
  }
  for (size_t i = 0; i < COUNT(boxes); i++)
    sio_outbox_consume(&boxes[i], &pool, 2);
  assert_in_range(pool.count, 1, 256);
  size_t spare = pool.count;
  push(&boxes[0], 1, 'a');
  push(&boxes[0], 1, 'b');
  assert_int_equal(pool.count, spare - 1);
  sio_outbox_deinit(&boxes[0], &pool);
  assert_int_equal(pool.count, spare);
  sio_outbox_pool_deinit(&pool);
  assert_int_equal(pool.count, 0);
}

static void fill(void *ctx) {
  (void)ctx;
  sio_outbox box = {0};
  size_t done = 0;
  for (int i = 0; i < 100; i++) {
    sio_frame *frame = sio_frame_new(1);
    if (frame == NULL)
      continue;
    int error = sio_outbox_push(&box, &pool, frame, 0);
    assert_true(error == 0 || error == SIO_ENOMEM);
    done += error == 0;
    sio_frame_unref(frame);
  }
  assert_int_equal(box.bytes, done);
  sio_outbox_deinit(&box, &pool);
  sio_outbox_pool_deinit(&pool);
}

static void survives_the_end_of_memory(void **state) {
  (void)state;
  assert_true(fail_each_alloc(fill, NULL) > 100);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_empty_one_holds_nothing),
      cmocka_unit_test(one_slice_is_not_copied),
      cmocka_unit_test(the_header_belongs_to_the_slice),
      cmocka_unit_test(small_ones_become_one_piece_and_large_ones_stay),
      cmocka_unit_test(no_more_pieces_than_asked_for),
      cmocka_unit_test(keeps_order_in_any_pattern),
      cmocka_unit_test(a_drained_one_holds_no_memory),
      cmocka_unit_test(a_pool_is_bounded),
      cmocka_unit_test(survives_the_end_of_memory),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  sio_outbox_pool_deinit(&pool);
  return failed;
}
