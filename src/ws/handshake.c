#include "ws/handshake.h"

#define OPENSSL_SUPPRESS_DEPRECATED /* of SHA1_Init and its like */
#include <openssl/sha.h>

#include "base/base64.h"
#include "http/token.h"

enum { KEY_LEN = 24 }; /* 16 bytes in base64 */

static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/* --- the accept value --- */

/* SHA1() would have OpenSSL 3 load its providers: megabytes for 20 bytes, and a search each time.
 */
void sio_ws_accept(char out[SIO_WS_ACCEPT_LEN], sio_bytes key) {
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA_CTX sha;
  SHA1_Init(&sha);
  SHA1_Update(&sha, key.base, key.len < KEY_LEN ? key.len : KEY_LEN);
  SHA1_Update(&sha, guid, sizeof(guid) - 1);
  SHA1_Final(digest, &sha);
  sio_base64_encode(out, sio_bytes_of((const char *)digest, sizeof(digest)));
}

/* --- the request --- */

static bool is_key(sio_bytes key) {
  char bytes[KEY_LEN / 4 * 3];
  return key.len == KEY_LEN && sio_base64_decode(bytes, key) == 16;
}

static sio_bytes trimmed(sio_bytes text) {
  while (text.len > 0 && (*text.base == ' ' || *text.base == '\t'))
    text.base++, text.len--;
  while (text.len > 0 && (text.base[text.len - 1] == ' ' || text.base[text.len - 1] == '\t'))
    text.len--;
  return text;
}

/* The item of a comma-separated list that begins at *at, which moves behind its comma. */
static sio_bytes next_item(sio_bytes list, size_t *at) {
  const char *from = list.base + *at;
  const char *comma = memchr(from, ',', list.len - *at);
  size_t len = comma != NULL ? (size_t)(comma - from) : list.len - *at;
  *at += len + 1;
  return trimmed(sio_bytes_of(from, len));
}

static bool is_token_list(sio_bytes list) {
  for (size_t at = 0; at <= list.len;)
    if (!sio_token_is_valid(next_item(list, &at)))
      return false;
  return true;
}

const char *sio_ws_check(const sio_request *request, int *status) {
  *status = 405;
  if (!sio_bytes_eq(request->method, SIO_BYTES("GET")))
    return "Invalid HTTP method";
  *status = 400;
  if (!sio_bytes_ieq(sio_request_header(request, "upgrade"), SIO_BYTES("websocket")))
    return "Invalid Upgrade header";
  if (!is_key(sio_request_header(request, "sec-websocket-key")))
    return "Missing or invalid Sec-WebSocket-Key header";
  sio_bytes protocols = sio_request_header(request, "sec-websocket-protocol");
  if (protocols.base != NULL && !is_token_list(protocols))
    return "Invalid Sec-WebSocket-Protocol header";
  *status = 426;
  if (!sio_bytes_eq(sio_request_header(request, "sec-websocket-version"), SIO_BYTES("13")))
    return "Missing or invalid Sec-WebSocket-Version header";
  return NULL;
}

/* --- the answer --- */

static int put_protocol(const sio_request *request, sio_buf *out) {
  sio_bytes protocols = sio_request_header(request, "sec-websocket-protocol");
  if (protocols.len == 0)
    return 0;
  size_t at = 0;
  sio_bytes first = next_item(protocols, &at);
  int err = sio_buf_str(out, "Sec-WebSocket-Protocol: ");
  err = err != 0 ? err : sio_buf_add(out, first);
  return err != 0 ? err : sio_buf_str(out, "\r\n");
}

int sio_ws_answer(const sio_request *request, const sio_deflate_params *agreed,
                  sio_bytes extra_headers, sio_buf *out) {
  char accept[SIO_WS_ACCEPT_LEN];
  sio_ws_accept(accept, sio_request_header(request, "sec-websocket-key"));
  int err = sio_buf_str(out, "HTTP/1.1 101 Switching Protocols\r\n"
                             "Upgrade: websocket\r\n"
                             "Connection: Upgrade\r\n"
                             "Sec-WebSocket-Accept: ");
  err = err != 0 ? err : sio_buf_append(out, accept, sizeof(accept));
  err = err != 0 ? err : sio_buf_str(out, "\r\n");
  err = err != 0 ? err : put_protocol(request, out);
  err = err != 0 || agreed == NULL ? err : sio_deflate_put_params(agreed, out);
  err = err != 0 ? err : sio_buf_add(out, extra_headers);
  return err != 0 ? err : sio_buf_str(out, "\r\n");
}
