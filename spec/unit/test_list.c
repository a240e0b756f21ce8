#include "base/list.h"

#include "unit.h"

typedef struct item {
  int value;
  sio_list node;
} item;

static int value_of(const sio_list *node) {
  return SIO_OF(node, item, node)->value;
}

static void assert_values(const sio_list *head, const int *values, size_t n) {
  const sio_list *node = head->next;
  for (size_t i = 0; i < n; i++, node = node->next) {
    assert_ptr_not_equal(node, head);
    assert_int_equal(value_of(node), values[i]);
    assert_ptr_equal(node->next->prev, node);
  }
  assert_ptr_equal(node, head);
}

static void keeps_the_order_of_arrival(void **state) {
  (void)state;
  sio_list head;
  item items[3] = {{.value = 1}, {.value = 2}, {.value = 3}};
  sio_list_init(&head);
  assert_true(sio_list_is_empty(&head));
  for (size_t i = 0; i < COUNT(items); i++)
    sio_list_push(&head, &items[i].node);
  assert_values(&head, (int[]){1, 2, 3}, 3);
  for (int i = 1; i <= 3; i++)
    assert_int_equal(value_of(sio_list_shift(&head)), i);
  assert_null(sio_list_shift(&head));
}

static void a_node_leaves_from_anywhere_and_twice(void **state) {
  (void)state;
  sio_list head;
  item items[3] = {{.value = 1}, {.value = 2}, {.value = 3}};
  sio_list_init(&head);
  sio_list_remove(&items[0].node);
  for (size_t i = 0; i < COUNT(items); i++)
    sio_list_push(&head, &items[i].node);
  assert_true(sio_list_is_linked(&items[1].node));
  sio_list_remove(&items[1].node);
  assert_false(sio_list_is_linked(&items[1].node));
  sio_list_remove(&items[1].node);
  assert_values(&head, (int[]){1, 3}, 2);
  sio_list_remove(&items[0].node);
  sio_list_remove(&items[2].node);
  assert_true(sio_list_is_empty(&head));
}

static void a_whole_list_moves(void **state) {
  (void)state;
  sio_list from, to;
  item items[2] = {{.value = 1}, {.value = 2}};
  sio_list_init(&from);
  sio_list_move(&to, &from);
  assert_true(sio_list_is_empty(&to));
  assert_true(sio_list_is_empty(&from));
  for (size_t i = 0; i < COUNT(items); i++)
    sio_list_push(&from, &items[i].node);
  sio_list_move(&to, &from);
  assert_true(sio_list_is_empty(&from));
  assert_values(&to, (int[]){1, 2}, 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keeps_the_order_of_arrival),
      cmocka_unit_test(a_node_leaves_from_anywhere_and_twice),
      cmocka_unit_test(a_whole_list_moves),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
