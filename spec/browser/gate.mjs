// A way to a server that can be cut and mended.

import { once } from "node:events";
import net from "node:net";

/** A gate at `url`, before the server on that port. */
export async function gateTo(port) {
  const ends = new Set();
  let isCut = false;
  const server = net.createServer((near) => {
    if (isCut) return near.destroy();
    const far = net.connect(port, "127.0.0.1");
    for (const [end, other] of [[near, far], [far, near]]) {
      ends.add(end);
      end.on("error", () => {}).on("close", () => ends.delete(end) && other.destroy());
      end.pipe(other);
    }
  });
  const cut = () => {
    isCut = true;
    for (const end of ends) end.destroy();
  };
  const mend = () => (isCut = false);
  const close = () => {
    server.close();
    cut();
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${server.address().port}`, cut, mend, close };
}
