// Bare pages with an official client in them: what it is told to do there, and what it tells.

import { fileURLToPath } from "node:url";
import { within } from "./harness.mjs";

const bundleOf = (client, file) =>
  fileURLToPath(new URL(`dist/${file}`, import.meta.resolve(`${client}/package.json`)));

/** Where the browser gets the client of each generation: today's from the server itself. */
export const bundles = {
  2.5: { path: bundleOf("socket.io-client-2", "socket.io.js") },
  3.1: { path: bundleOf("socket.io-client-3", "socket.io.min.js") },
  4.8: { url: "/socket.io/socket.io.min.js" },
};

/** The same page at the same server, of another site to the browser. */
export const elsewhere = (url) => url.replace("127.0.0.1", "localhost");

/** A page that has the client of a generation. */
export async function pageWith(browser, url, { generation = "4.8", bundle, ...options } = {}) {
  const page = await browser.openPage(url, options);
  await page.addScriptTag(bundle ?? bundles[generation]);
  return page;
}

// In the page: connects, asks for an echo, and tells what came back. With `upgrade` it asks when
// it has moved to WebSocket; with `requests` it also asks what its requests have carried.
async function echo({ url, upgrade, requests, ...options }) {
  const socket = window.io(url, { forceNew: true, reconnection: false, ...options });
  const ask = (...args) => {
    return new Promise((resolve) => socket.emit(...args, (...answer) => resolve(answer)));
  };
  try {
    await new Promise((resolve, reject) => {
      socket.on("connect_error", (error) => reject(error));
      socket.on("connect", resolve);
    });
    const { engine } = socket.io;
    if (upgrade && engine.transport.name === "polling") {
      await new Promise((resolve) => engine.on("upgrade", resolve));
    }
    const bytes = new Uint8Array([0, 1, 254, 255]).buffer;
    const [value, told] = await ask("echo", { text: "grüße 🙂\n\\n", bytes });
    value.bytes = [...new Uint8Array(value.bytes)];
    const id = engine.id;
    if (!requests) return { value, id, ...told };
    return { value, id, ...told, requests: (await ask("requests"))[0] };
  } finally {
    socket.disconnect();
  }
}

/** What comes back of an echo that the page asks for. */
export const ask = (page, options = {}) => within(page.evaluate(echo, options), "echo");

/** What `ask` gives as `value` if all is well. */
export const echoed = { text: "grüße 🙂\n\\n", bytes: [0, 1, 254, 255] };
