#include "ws/deflate.h"

#include <stdio.h>
#include <zlib.h>

#include "base/error.h"
#include "fail_alloc.h"
#include "ws/frame.h"

enum { MAX = 1 << 20, RSV1 = 0x40 };

static const sio_deflate_params with_context = {0};
static const sio_deflate_params without_context = {true, true, 0, 0};

/* --- a connection of its own pool --- */

static sio_deflate *begin_with(const sio_deflate_options *options,
                               const sio_deflate_params *params) {
  sio_deflate_pool *pool = sio_deflate_pool_new(options);
  assert_non_null(pool);
  sio_deflate *it = sio_deflate_new(pool, params);
  assert_non_null(it);
  sio_deflate_pool_unref(pool);
  return it;
}

static sio_deflate *begin(const sio_deflate_params *params) {
  sio_deflate_options options;
  sio_deflate_options_init(&options);
  assert_false(options.is_on);
  options.threshold = 0;
  return begin_with(&options, params);
}

static sio_frame *sealed(sio_bytes text, bool binary) {
  sio_frame *frame = sio_frame_copy(text);
  assert_non_null(frame);
  frame->binary = binary;
  sio_ws_seal(frame, binary ? SIO_WS_BINARY : SIO_WS_TEXT);
  return frame;
}

static sio_frame *pack(sio_deflate *it, sio_bytes text) {
  sio_frame *frame = sealed(text, false), *packed;
  assert_int_equal(sio_deflate_pack(it, frame, &packed), 0);
  sio_frame_unref(frame);
  return packed;
}

static void expect_unpacked(sio_deflate *it, sio_bytes payload, sio_bytes text) {
  sio_buf out = {0};
  assert_int_equal(sio_deflate_unpack(it, payload, MAX, &out), 0);
  if (!sio_bytes_eq(sio_buf_bytes(&out), text))
    fail_msg("got %zu bytes, expected %zu", out.len, text.len);
  sio_buf_deinit(&out);
}

static void expect_packed(sio_deflate *it, sio_bytes text, sio_bytes payload) {
  sio_frame *packed = pack(it, text);
  assert_true(sio_bytes_eq(sio_frame_payload(packed), payload));
  assert_int_equal(sio_frame_wire(packed).base[0] & 0xff, 0x80 | RSV1 | SIO_WS_TEXT);
  sio_frame_unref(packed);
}

/* --- the examples of RFC 7692, 7.2.3 --- */

#define HELLO SIO_BYTES("Hello")

static void reads_the_examples(void **state) {
  (void)state;
  static const sio_bytes examples[] = {
      SIO_BYTES("\xf2\x48\xcd\xc9\xc9\x07\x00"),                         /* 7.2.3.1 */
      SIO_BYTES("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"),         /* 7.2.3.3 */
      SIO_BYTES("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"),                     /* 7.2.3.4 */
      SIO_BYTES("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"), /* 7.2.3.5 */
  };
  for (size_t i = 0; i < 2 * COUNT(examples); i++) {
    sio_deflate *it = begin(i % 2 == 0 ? &with_context : &without_context);
    for (int times = 0; times < 3; times++)
      expect_unpacked(it, examples[i / 2], HELLO);
    sio_deflate_free(it);
  }
}

static void reads_on_in_its_context(void **state) {
  (void)state;
  sio_deflate *it = begin(&with_context);
  expect_unpacked(it, SIO_BYTES("\xf2\x48\xcd\xc9\xc9\x07\x00"), HELLO);
  expect_unpacked(it, SIO_BYTES("\xf2\x00\x11\x00\x00"), HELLO); /* 7.2.3.2 */
  sio_deflate_free(it);
  it = begin(&without_context);
  sio_buf out = {0};
  expect_unpacked(it, SIO_BYTES("\xf2\x48\xcd\xc9\xc9\x07\x00"), HELLO);
  assert_int_equal(sio_deflate_unpack(it, SIO_BYTES("\xf2\x00\x11\x00\x00"), MAX, &out),
                   SIO_EPARSE);
  sio_buf_deinit(&out);
  sio_deflate_free(it);
}

static void writes_the_examples(void **state) {
  (void)state;
  sio_deflate *it = begin(&with_context);
  expect_packed(it, HELLO, SIO_BYTES("\xf2\x48\xcd\xc9\xc9\x07\x00"));
  expect_packed(it, HELLO, SIO_BYTES("\xf2\x00\x11\x00\x00"));
  sio_deflate_free(it);
  it = begin(&without_context);
  expect_packed(it, HELLO, SIO_BYTES("\xf2\x48\xcd\xc9\xc9\x07\x00"));
  expect_packed(it, HELLO, SIO_BYTES("\xf2\x48\xcd\xc9\xc9\x07\x00"));
  sio_deflate_free(it);
}

/* --- payloads of peers --- */

static const struct {
  sio_bytes payload;
  int err;
  const char *text;
} peers[] = {
    {SIO_BYTES(""), 0, ""},
    {SIO_BYTES("\x00"), 0, ""}, /* 7.2.3.6 */
    {SIO_BYTES("\x02\x00"), 0, ""},
    /* a last block, then another message's worth of blocks; and one that ends the message */
    {SIO_BYTES("\xf3\x48\xcd\xc9\xc9\x07\x00\xf2\x48\xcd\xc9\xc9\x07\x00"), 0, "HelloHello"},
    {SIO_BYTES("\xf3\x48\xcd\xc9\xc9\x07\x00"), 0, "Hello"},
    {SIO_BYTES("\x01"), 0, ""}, /* the tail makes it whole */
    /* damaged */
    {SIO_BYTES("\xff\xff\xff\xff\xff"), SIO_EPARSE, NULL},
    {SIO_BYTES("\x07"), SIO_EPARSE, NULL}, /* a block of no known type */
    {SIO_BYTES("\x00\x05\x00\xfa\xfe\x48\x65\x6c\x6c\x6f\x00"), SIO_EPARSE, NULL},
    {SIO_BYTES("\xf2\x00\x11\x00\x00"), SIO_EPARSE, NULL}, /* looks back where nothing is */
    /* ends in the middle of a block */
    {SIO_BYTES("\xf2\x48\xcd\xc9\xc9"), SIO_EPARSE, NULL},
    {SIO_BYTES("\x00\x05\x00\xfa\xff\x48\x65"), SIO_EPARSE, NULL},
    {SIO_BYTES("\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff"), SIO_EPARSE, NULL},
};

static void reads_payloads_of_peers(void **state) {
  (void)state;
  for (size_t i = 0; i < 2 * COUNT(peers); i++) {
    sio_deflate *it = begin(i % 2 == 0 ? &with_context : &without_context);
    sio_buf out = {0};
    int err = sio_deflate_unpack(it, peers[i / 2].payload, MAX, &out);
    if (err != peers[i / 2].err)
      fail_msg("payload %zu: got %d, expected %d", i / 2, err, peers[i / 2].err);
    if (err == 0)
      assert_true(sio_bytes_eq(sio_buf_bytes(&out), sio_bytes_str(peers[i / 2].text)));
    sio_buf_deinit(&out);
    sio_deflate_free(it);
  }
}

/* However much of the output a last block fills, and wherever in its last byte it ends: each of
 * the octets before the run has 9 bits, others 8. */
static void reads_last_blocks_of_every_size(void **state) {
  (void)state;
  enum { MOST = 300 };
  char text[8 + MOST], packed[100];
  memset(text, 'x', sizeof(text));
  sio_deflate *kept = begin(&with_context), *none = begin(&without_context);
  for (uInt len = 8; len <= 8 * MOST; len++) {
    uInt odd = len % 8;
    for (uInt i = 0; i < 8; i++)
      text[i] = i < odd ? (char)(0xa0 + i) : 'x';
    z_stream zlib = {.next_in = (Bytef *)text, .avail_in = odd + len / 8};
    zlib.next_out = (Bytef *)packed;
    zlib.avail_out = sizeof(packed);
    assert_int_equal(deflateInit2(&zlib, 9, Z_DEFLATED, -15, 9, Z_FIXED), Z_OK);
    assert_int_equal(deflate(&zlib, Z_FINISH), Z_STREAM_END);
    expect_unpacked(kept, sio_bytes_of(packed, zlib.total_out), sio_bytes_of(text, zlib.total_in));
    expect_unpacked(none, sio_bytes_of(packed, zlib.total_out), sio_bytes_of(text, zlib.total_in));
    deflateEnd(&zlib);
  }
  sio_deflate_free(kept);
  sio_deflate_free(none);
}

/* A refused message spoils nothing for others that share the pool. */
static void shares_nothing_broken(void **state) {
  (void)state;
  sio_deflate_options options;
  sio_deflate_options_init(&options);
  sio_deflate_pool *pool = sio_deflate_pool_new(&options);
  static const sio_deflate_params narrow = {true, true, 9, 9};
  sio_deflate *a = sio_deflate_new(pool, &without_context), *b = sio_deflate_new(pool, &narrow);
  sio_deflate_pool_unref(pool);
  for (size_t i = 0; i < COUNT(peers); i++) {
    sio_buf out = {0};
    sio_deflate_unpack(a, peers[i].payload, MAX, &out);
    sio_buf_deinit(&out);
    expect_unpacked(b, SIO_BYTES("\xf2\x48\xcd\xc9\xc9\x07\x00"), HELLO);
  }
  sio_deflate_free(a);
  expect_unpacked(b, SIO_BYTES("\xf2\x48\xcd\xc9\xc9\x07\x00"), HELLO);
  sio_deflate_free(b);
}

/* --- sizes, levels, windows --- */

/* Text that repeats itself at every distance; with an alphabet of 256, noise. */
static char *new_text(size_t len, unsigned alphabet, uint64_t seed) {
  char *text = malloc(len + 1);
  assert_non_null(text);
  for (size_t i = 0; i < len;) {
    uint64_t number = next_number(&seed);
    size_t n = 3 + (size_t)(number >> 32) % 300, from = (size_t)(number >> 8);
    if (i > n && alphabet < 256 && number % 2 == 0)
      for (size_t at = from % (i - n); n > 0 && i < len; n--)
        text[i++] = text[at++];
    else
      text[i++] = (char)('a' + number % alphabet);
  }
  return text;
}

static void expect_round_trip(sio_deflate *from, sio_deflate *to, sio_bytes text) {
  sio_frame *packed = pack(from, text);
  expect_unpacked(to, sio_frame_payload(packed), text);
  sio_frame_unref(packed);
}

static void round_trips(void **state) {
  (void)state;
  static const size_t sizes[] = {1, 2, 100, 1023, 1024, 5000, 70000, 300000};
  static const unsigned alphabets[] = {1, 2, 26, 256};
  sio_deflate *kept = begin(&with_context), *none = begin(&without_context);
  for (size_t i = 0; i < COUNT(sizes) * COUNT(alphabets); i++) {
    size_t len = sizes[i / COUNT(alphabets)];
    char *text = new_text(len, alphabets[i % COUNT(alphabets)], i + 1);
    for (int times = 0; times < 2; times++) {
      expect_round_trip(kept, kept, sio_bytes_of(text, len));
      expect_round_trip(none, none, sio_bytes_of(text, len));
    }
    free(text);
  }
  sio_deflate_free(kept);
  sio_deflate_free(none);
}

static void round_trips_with_every_option(void **state) {
  (void)state;
  enum { SIZE = 40000 };
  char *text = new_text(SIZE, 26, 5), *noise = new_text(SIZE, 256, 7);
  for (int i = 0; i < 11 * 5 * 3; i++) {
    sio_deflate_options options = {.level = i % 11 - 1, .strategy = i / 11 % 5};
    options.memory_level = 1 + 4 * (i / 55); /* 1, 5, 9 */
    sio_deflate *it = begin_with(&options, i % 2 == 0 ? &with_context : &without_context);
    for (int times = 0; times < 2; times++) {
      expect_round_trip(it, it, sio_bytes_of(text, SIZE));
      expect_round_trip(it, it, sio_bytes_of(noise, SIZE));
    }
    sio_deflate_free(it);
  }
  free(text);
  free(noise);
}

/* What is compressed for a window can be read with no more than that. */
static void keeps_to_windows(void **state) {
  (void)state;
  enum { SIZE = 100000 };
  char *text = new_text(SIZE, 26, 11);
  for (uint8_t bits = 8; bits <= 15; bits++)
    for (int no_context = 0; no_context < 2; no_context++) {
      sio_deflate_params params = {no_context, no_context, bits, bits};
      sio_deflate *from = begin(&params), *to = begin(&params);
      for (int times = 0; times < 3; times++)
        expect_round_trip(from, to, sio_bytes_of(text, SIZE));
      sio_deflate_free(from);
      sio_deflate_free(to);
    }
  free(text);
}

static void shares_streams_between_windows(void **state) {
  (void)state;
  enum { SIZE = 100000 };
  static const uint8_t windows[] = {9, 15, 10, 0};
  sio_deflate_options options;
  sio_deflate_options_init(&options);
  sio_deflate_pool *pool = sio_deflate_pool_new(&options);
  char *text = new_text(SIZE, 26, 29);
  for (size_t i = 0; i < 2 * COUNT(windows); i++) {
    uint8_t bits = windows[i % COUNT(windows)];
    sio_deflate_params params = {true, true, bits, bits};
    sio_deflate *it = sio_deflate_new(pool, &params);
    expect_round_trip(it, it, sio_bytes_of(text, SIZE));
    sio_deflate_free(it);
  }
  sio_deflate_pool_unref(pool);
  free(text);
}

static void refuses_what_looks_back_too_far(void **state) {
  (void)state;
  enum { SIZE = 5000 };
  char *text = new_text(SIZE, 256, 13);
  memcpy(text + SIZE / 2, text, SIZE / 2); /* 2500 back: more than 2^11 */
  for (int no_context = 0; no_context < 2; no_context++) {
    sio_deflate_params wide = {no_context, no_context, 12, 12};
    sio_deflate_params narrow = {no_context, no_context, 11, 11};
    sio_deflate *from = begin(&wide), *to = begin(&narrow), *same = begin(&wide);
    sio_frame *packed = pack(from, sio_bytes_of(text, SIZE));
    assert_true(packed->len < SIZE * 3 / 4);
    sio_buf out = {0};
    assert_int_equal(sio_deflate_unpack(to, sio_frame_payload(packed), MAX, &out), SIO_EPARSE);
    sio_buf_deinit(&out);
    expect_unpacked(same, sio_frame_payload(packed), sio_bytes_of(text, SIZE));
    sio_frame_unref(packed);
    sio_deflate_free(from);
    sio_deflate_free(to);
    sio_deflate_free(same);
  }
  free(text);
}

/* --- limits --- */

static void stops_at_the_limit(void **state) {
  (void)state;
  enum { SIZE = 100000 };
  static const unsigned alphabets[] = {1, 26, 256};
  static const size_t limits[] = {0,        1,        2,    63,       64,      1000,
                                  SIZE / 2, SIZE - 1, SIZE, SIZE + 1, SIZE_MAX};
  for (size_t i = 0; i < COUNT(alphabets) * COUNT(limits); i++) {
    const sio_deflate_params *params = i % 2 == 0 ? &with_context : &without_context;
    size_t max = limits[i / COUNT(alphabets)];
    char *text = new_text(SIZE, alphabets[i % COUNT(alphabets)], 17);
    sio_deflate *it = begin(params);
    sio_frame *packed = pack(it, sio_bytes_of(text, SIZE));
    sio_buf out = {0};
    int err = sio_deflate_unpack(it, sio_frame_payload(packed), max, &out);
    assert_int_equal(err, max < SIZE ? SIO_ELIMIT : 0);
    assert_int_equal(out.len, max < SIZE ? max + 1 : SIZE);
    sio_buf_deinit(&out);
    sio_frame_unref(packed);
    sio_deflate_free(it);
    free(text);
  }
}

static size_t most_live_bytes, live_bytes;

/* Counts bytes: each block is preceded by its size. */
static void *counting(void *ctx, void *ptr, size_t size) {
  enum { HEAD = 16 };
  char *old = ptr != NULL ? (char *)ptr - HEAD : NULL;
  size_t was = 0;
  (void)ctx;
  if (old != NULL)
    memcpy(&was, old, sizeof(was));
  live_bytes -= was;
  if (size == 0) {
    free(old);
    return NULL;
  }
  char *block = realloc(old, size + HEAD);
  assert_non_null(block);
  memcpy(block, &size, sizeof(size));
  live_bytes += size;
  most_live_bytes = live_bytes > most_live_bytes ? live_bytes : most_live_bytes;
  return block + HEAD;
}

static char *new_bomb(size_t len, size_t *packed_len) {
  uLong bound = compressBound(len) + 64;
  char *text = calloc(1, len), *packed = malloc(bound);
  z_stream zlib = {0};
  assert_int_equal(deflateInit2(&zlib, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY), Z_OK);
  zlib.next_in = (Bytef *)text;
  zlib.avail_in = (uInt)len;
  zlib.next_out = (Bytef *)packed;
  zlib.avail_out = (uInt)bound;
  deflate(&zlib, Z_SYNC_FLUSH);
  *packed_len = bound - zlib.avail_out - 4;
  deflateEnd(&zlib);
  free(text);
  return packed;
}

static void makes_little_of_a_bomb(void **state) {
  (void)state;
  enum { BOMB = 50000000, MOST = 100000, ZLIB = 50000 };
  size_t len;
  char *bomb = new_bomb(BOMB, &len);
  sio_set_allocator(counting, NULL);
  sio_deflate *it = begin(&without_context);
  sio_buf out = {0};
  most_live_bytes = 0;
  assert_int_equal(sio_deflate_unpack(it, sio_bytes_of(bomb, len), MOST, &out), SIO_ELIMIT);
  assert_true(most_live_bytes < 2 * MOST + len + ZLIB);
  sio_buf_deinit(&out);
  sio_deflate_free(it);
  assert_int_equal(live_bytes, 0);
  sio_set_allocator(NULL, NULL);
  free(bomb);
}

/* --- what is sent --- */

static void leaves_short_messages_alone(void **state) {
  (void)state;
  static const sio_deflate_params only_client = {false, true, 0, 0};
  static const struct {
    const sio_deflate_params *params;
    size_t len;
    bool is_packed;
  } cases[] = {
      {&without_context, 0, false}, {&without_context, 1023, false}, {&without_context, 1024, true},
      {&with_context, 0, false},    {&with_context, 1, true},        {&with_context, 1024, true},
      {&only_client, 1, true},
  };
  sio_deflate_options options;
  sio_deflate_options_init(&options);
  for (size_t i = 0; i < COUNT(cases); i++) {
    sio_deflate *it = begin_with(&options, cases[i].params);
    char *text = new_text(cases[i].len, 26, 3);
    sio_frame *frame = sealed(sio_bytes_of(text, cases[i].len), true), *out;
    assert_int_equal(sio_deflate_pack(it, frame, &out), 0);
    assert_int_equal(out != frame, cases[i].is_packed);
    int first = sio_frame_wire(out).base[0] & 0xff;
    assert_int_equal(first, 0x80 | SIO_WS_BINARY | (cases[i].is_packed ? RSV1 : 0));
    assert_true(out->binary);
    sio_frame_unref(frame);
    sio_frame_unref(out);
    free(text);
    sio_deflate_free(it);
  }
}

static void compresses_a_broadcast_once(void **state) {
  (void)state;
  enum { CROWD = 30 };
  static const uint8_t windows[] = {0, 15, 10};
  fail_alloc_at(0);
  sio_deflate_options options;
  sio_deflate_options_init(&options);
  sio_deflate_pool *pool = sio_deflate_pool_new(&options);
  sio_deflate *crowd[CROWD];
  for (size_t i = 0; i < CROWD; i++) {
    sio_deflate_params params = {true, true, windows[i % COUNT(windows)], 0};
    crowd[i] = sio_deflate_new(pool, &params);
  }
  sio_deflate_pool_unref(pool);
  char *text = new_text(2000, 26, 19);
  sio_frame *frame = sealed(sio_bytes_of(text, 2000), false), *sent[CROWD];
  size_t allocs = 0;
  for (size_t i = 0; i < CROWD; i++) {
    assert_int_equal(sio_deflate_pack(crowd[i], frame, &sent[i]), 0);
    assert_ptr_equal(sent[i], sent[i % COUNT(windows)]);
    if (i + 1 == COUNT(windows)) /* from here on all forms are made */
      allocs = fail_alloc_now.count;
  }
  assert_int_equal(fail_alloc_now.count, allocs);
  assert_ptr_equal(sent[0], sent[1]); /* a window that is not named has 15 bits */
  assert_ptr_not_equal(sent[0], sent[2]);
  assert_int_equal(sent[0]->refs, 1 + 2 * CROWD / 3);
  sio_frame_unref(frame); /* what was sent outlives it */
  for (size_t i = 0; i < CROWD; i++) {
    expect_unpacked(crowd[i], sio_frame_payload(sent[i]), sio_bytes_of(text, 2000));
    sio_frame_unref(sent[i]);
    sio_deflate_free(crowd[i]);
  }
  free(text);
}

/* --- memory --- */

static void holds_nothing_when_idle_without_context(void **state) {
  (void)state;
  enum { CROWD = 100 };
  fail_alloc_at(0);
  sio_deflate_options options;
  sio_deflate_options_init(&options);
  sio_deflate_pool *pool = sio_deflate_pool_new(&options);
  sio_deflate *crowd[CROWD];
  size_t blocks = fail_alloc_now.live;
  for (size_t i = 0; i < CROWD; i++) {
    crowd[i] = sio_deflate_new(pool, &without_context);
    sio_frame *packed = pack(crowd[i], SIO_BYTES("Hello"));
    sio_frame_unref(packed);
    expect_unpacked(crowd[i], SIO_BYTES("\xf2\x48\xcd\xc9\xc9\x07\x00"), HELLO);
    if (i == 0)
      blocks = fail_alloc_now.live; /* with the streams of the pool */
  }
  assert_int_equal(fail_alloc_now.live, blocks + CROWD - 1);
  sio_deflate_pool_unref(pool);
  for (size_t i = 0; i < CROWD; i++)
    sio_deflate_free(crowd[i]);
  assert_int_equal(fail_alloc_now.live, 0);
}

/* Whatever fails, what is sent later can be read. */
static void talk_once(void *ctx) {
  const sio_deflate_params *params = ctx;
  static char text[5000];
  memset(text, 'x', sizeof(text));
  sio_deflate_options options;
  sio_deflate_options_init(&options);
  sio_deflate_pool *pool = sio_deflate_pool_new(&options);
  sio_deflate *it = pool != NULL ? sio_deflate_new(pool, params) : NULL;
  sio_bytes message = {text, sizeof(text)};
  sio_frame *frame = sio_frame_copy(message), *packed;
  if (it != NULL && frame != NULL)
    for (int i = 0; i < 3; i++) {
      sio_buf out = {0};
      if (sio_deflate_pack(it, frame, &packed) != 0)
        continue;
      int err = sio_deflate_unpack(it, sio_frame_payload(packed), MAX, &out);
      sio_frame_unref(packed);
      assert_true(err == SIO_ENOMEM || sio_bytes_eq(sio_buf_bytes(&out), message));
      sio_buf_deinit(&out);
      if (err != 0) /* nothing can be read after that */
        break;
    }
  sio_frame_unref(frame);
  sio_deflate_free(it);
  sio_deflate_pool_unref(pool);
}

static void needs_memory(void **state) {
  (void)state;
  fail_alloc_at(0);
  assert_true(fail_each_alloc(talk_once, (void *)&with_context) > 0);
  assert_true(fail_each_alloc(talk_once, (void *)&without_context) > 0);
  sio_deflate_free(NULL);
  sio_deflate_pool_unref(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_the_examples),
      cmocka_unit_test(reads_on_in_its_context),
      cmocka_unit_test(writes_the_examples),
      cmocka_unit_test(reads_payloads_of_peers),
      cmocka_unit_test(reads_last_blocks_of_every_size),
      cmocka_unit_test(shares_nothing_broken),
      cmocka_unit_test(round_trips),
      cmocka_unit_test(round_trips_with_every_option),
      cmocka_unit_test(keeps_to_windows),
      cmocka_unit_test(shares_streams_between_windows),
      cmocka_unit_test(refuses_what_looks_back_too_far),
      cmocka_unit_test(stops_at_the_limit),
      cmocka_unit_test(makes_little_of_a_bomb),
      cmocka_unit_test(leaves_short_messages_alone),
      cmocka_unit_test(compresses_a_broadcast_once),
      cmocka_unit_test(holds_nothing_when_idle_without_context),
      cmocka_unit_test(needs_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
