#include "http/accept.h"

static const struct {
  const char *name;
  enum sio_coding coding;
} codings[] = {{"br", SIO_CODING_BR}, /* the best first */
               {"gzip", SIO_CODING_GZIP},
               {"deflate", SIO_CODING_DEFLATE},
               {"identity", SIO_CODING_IDENTITY}};

enum { COUNT = sizeof(codings) / sizeof(codings[0]) };

typedef struct choice { /* what the client says of one coding */
  int weight;           /* thousandths; -1: does not name it */
  unsigned position;
} choice;

static bool is_space(char c) {
  return c == ' ' || c == '\t';
}

static sio_bytes trim(sio_bytes text) {
  while (text.len > 0 && is_space(text.base[0]))
    text = sio_bytes_of(text.base + 1, text.len - 1);
  while (text.len > 0 && is_space(text.base[text.len - 1]))
    text.len--;
  return text;
}

/* Cuts text up to the separator off the front of rest, without space around it. */
static sio_bytes cut(sio_bytes *rest, char separator) {
  const char *end = memchr(rest->base, separator, rest->len);
  size_t len = end != NULL ? (size_t)(end - rest->base) : rest->len;
  sio_bytes text = trim(sio_bytes_of(rest->base, len));
  size_t used = end != NULL ? len + 1 : len;
  *rest = sio_bytes_of(rest->base + used, rest->len - used);
  return text;
}

/* "0.85" in thousandths; what is no weight (RFC 9110, 12.4.2) refuses the coding. */
static int parse_weight(sio_bytes text) {
  int weight = 0, unit = 1000;
  if (text.len == 0 || text.len > 5 || (text.base[0] != '0' && text.base[0] != '1') ||
      (text.len > 1 && text.base[1] != '.'))
    return 0;
  for (size_t i = 0; i < text.len; i++) {
    if (i == 1)
      continue;
    if (text.base[i] < '0' || text.base[i] > '9')
      return 0;
    weight += (text.base[i] - '0') * unit;
    unit /= 10;
  }
  return weight <= 1000 ? weight : 0;
}

/* One element: "gzip;q=0.5". */
static sio_bytes parse_element(sio_bytes element, int *weight) {
  sio_bytes name = cut(&element, ';');
  *weight = 1000;
  while (element.len > 0) {
    sio_bytes parameter = cut(&element, ';');
    sio_bytes key = cut(&parameter, '=');
    if (sio_bytes_ieq(key, SIO_BYTES("q")))
      *weight = parse_weight(trim(parameter));
  }
  return name;
}

/* What the client says of each coding, by its place in codings; others: of those it does not name.
 */
static void read_choices(sio_bytes accept_encoding, choice choices[COUNT], choice *others) {
  *others = (choice){0, 0};
  for (int i = 0; i < COUNT; i++)
    choices[i].weight = -1;
  for (unsigned position = 0; accept_encoding.len > 0; position++) {
    int weight;
    sio_bytes name = parse_element(cut(&accept_encoding, ','), &weight);
    if (sio_bytes_eq(name, SIO_BYTES("*")))
      *others = (choice){weight, position};
    for (int i = 0; i < COUNT; i++)
      if (sio_bytes_ieq(name, sio_bytes_str(codings[i].name)) && choices[i].weight < 0)
        choices[i] = (choice){weight, position};
  }
}

static bool is_better(choice a, choice than) {
  return a.weight > 0 &&
         (a.weight > than.weight || (a.weight == than.weight && a.position < than.position));
}

/* Of equal weights the one that comes first: in codings, or in what the client says. */
static enum sio_coding choose(sio_bytes accept_encoding, unsigned offered, bool in_our_order) {
  choice choices[COUNT], others, best = {0, 0};
  enum sio_coding coding = SIO_CODING_IDENTITY;
  read_choices(accept_encoding, choices, &others);
  for (int i = 0; i < COUNT; i++) {
    choice mine = choices[i].weight < 0 ? others : choices[i];
    bool is_identity = codings[i].coding == SIO_CODING_IDENTITY;
    bool is_offered = is_identity || (offered & 1u << codings[i].coding) != 0;
    if (is_identity && choices[i].weight < 0) /* as good as nothing else, unless it is named */
      continue;
    if (in_our_order)
      mine.position = (unsigned)i;
    if (is_offered && is_better(mine, best)) {
      best = mine;
      coding = codings[i].coding;
    }
  }
  return coding;
}

enum sio_coding sio_accept_coding(sio_bytes accept_encoding, unsigned offered) {
  return choose(accept_encoding, offered, false);
}

enum sio_coding sio_accept_smallest(sio_bytes accept_encoding, unsigned offered) {
  return choose(accept_encoding, offered, true);
}

sio_bytes sio_coding_name(enum sio_coding coding) {
  for (int i = 0; i < COUNT; i++)
    if (codings[i].coding == coding && coding != SIO_CODING_IDENTITY)
      return sio_bytes_str(codings[i].name);
  return (sio_bytes){0};
}
