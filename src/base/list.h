/* A doubly linked list through its members. A zeroed node is in no list; a head points to itself.
 */
#ifndef SIO_BASE_LIST_H
#define SIO_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

typedef struct sio_list {
  struct sio_list *prev, *next;
} sio_list;

/* The struct that a node is a member of. */
#define SIO_OF(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

static inline void sio_list_init(sio_list *head) {
  head->prev = head->next = head;
}

static inline bool sio_list_is_empty(const sio_list *head) {
  return head->next == head;
}

static inline bool sio_list_is_linked(const sio_list *node) {
  return node->next != NULL;
}

static inline void sio_list_push(sio_list *head, sio_list *node) { /* at the end */
  node->prev = head->prev;
  node->next = head;
  head->prev->next = node;
  head->prev = node;
}

static inline void sio_list_remove(sio_list *node) { /* harmless on a node in no list */
  if (node->next == NULL)
    return;
  node->prev->next = node->next;
  node->next->prev = node->prev;
  node->prev = node->next = NULL;
}

/* Takes the first node out, or NULL when the list is empty. */
static inline sio_list *sio_list_shift(sio_list *head) {
  if (sio_list_is_empty(head))
    return NULL;
  sio_list *node = head->next;
  sio_list_remove(node);
  return node;
}

/* Moves all nodes of from to the empty list to. */
static inline void sio_list_move(sio_list *to, sio_list *from) {
  sio_list_init(to);
  if (sio_list_is_empty(from))
    return;
  *to = *from;
  to->next->prev = to->prev->next = to;
  sio_list_init(from);
}

#endif
