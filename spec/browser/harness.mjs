// Starts Lua programs that serve pages, and a browser that looks at them. Whatever must happen is
// awaited, within the time limit and for as long as the program lives; what a page complains about
// on its console fails the test.
//
// Environment, as in ../interop/harness.mjs:
//   SIO_PREFIX      where the module is installed (share/lua/5.4, lib/lua/5.4 below it)
//   SIO_LUA         the interpreter with its arguments, default "lua5.4"
//   SIO_LD_PRELOAD  preloaded into the interpreter alone, for a sanitizer's runtime
//   SIO_TIME_LIMIT  milliseconds to wait for anything that must happen, default 30000
// and also:
//   CHROMIUM        the browser, default /usr/bin/chromium

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after, afterEach, before } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const timeLimit = Number(process.env.SIO_TIME_LIMIT ?? 30_000);
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const quiet = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-proxy-server",
];

const running = new Set();

// At the end of all: what tests that failed have left running.
after(() => running.forEach((program) => program.process.kill("SIGKILL")));

/** What `promise` gives, unless the time limit passes or a program dies first. */
export async function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    const error = new Error(`no ${what} within ${timeLimit} ms`);
    timer = setTimeout(() => reject(error), timeLimit);
  });
  try {
    return await Promise.race([promise, late, ...[...running].map((program) => program.death)]);
  } finally {
    clearTimeout(timer);
  }
}

function environment() {
  const { LUA_PATH_5_4, LUA_CPATH_5_4, SIO_PREFIX, SIO_LD_PRELOAD, ...env } = process.env;
  const path = [LUA_PATH_5_4 ?? env.LUA_PATH ?? ";"];
  const cpath = [LUA_CPATH_5_4 ?? env.LUA_CPATH ?? ";"];
  if (SIO_PREFIX) {
    path.unshift(`${SIO_PREFIX}/share/lua/5.4/?.lua`, `${SIO_PREFIX}/share/lua/5.4/?/init.lua`);
    cpath.unshift(`${SIO_PREFIX}/lib/lua/5.4/?.so`);
  }
  env.LUA_PATH = path.join(";");
  env.LUA_CPATH = cpath.join(";");
  if (SIO_LD_PRELOAD) env.LD_PRELOAD = SIO_LD_PRELOAD;
  return env;
}

/** A Lua program, its file named relative to this folder, that says where it listens. */
export class Program {
  stderr = "";

  static async start(file, ...args) {
    const self = new Program();
    const [command, ...options] = (process.env.SIO_LUA ?? "lua5.4").split(" ");
    const path = fileURLToPath(new URL(file, import.meta.url));
    self.process = spawn(command, [...options, path, ...args], {
      env: environment(),
      stdio: ["ignore", "pipe", "pipe"],
    });
    self.exit = new Promise((resolve) => {
      self.process.on("error", (error) => resolve({ error }));
      self.process.on("close", (code, signal) => resolve({ code, signal }));
    });
    self.death = self.exit.then(({ error, code, signal }) => {
      running.delete(self);
      if (self.stopping) return new Promise(() => {});
      throw new Error(`${file} ended (${error?.message ?? signal ?? code})\n${self.stderr}`);
    });
    self.death.catch(() => {});
    running.add(self);
    self.process.stderr.setEncoding("utf8").on("data", (text) => (self.stderr += text));
    const lines = createInterface({ input: self.process.stdout });
    const listening = new Promise((resolve) => {
      lines.on("line", (line) => line.startsWith("listening ") && resolve(line));
    });
    const line = await within(listening, `"listening" from ${file}`);
    self.ports = line.match(/\b\d{2,5}\b/g);
    self.port = Number(self.ports[0]);
    // Where each of several servers with names listens.
    self.at = {};
    for (const [, name, port] of line.matchAll(/(\w+)=(\d+)/g)) {
      self.at[name] = `http://127.0.0.1:${port}`;
    }
    return self;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Ends the program; it must have kept silent. */
  async stop() {
    assert.ok(running.has(this), `the program has died\n${this.stderr}`);
    this.stopping = true;
    this.process.kill("SIGTERM");
    try {
      const { signal } = await within(this.exit, "end of the program");
      assert.equal(signal, "SIGTERM");
    } finally {
      this.process.kill("SIGKILL");
    }
    assert.equal(this.stderr, "", "unexpected output on stderr");
  }
}

/** A browser for the tests of a file. It ends with them, each test's pages end with the test. */
export function useBrowser() {
  let browser;
  const pages = new Map(); // page to its complaints

  before(async () => {
    const timeout = timeLimit;
    browser = await chromium.launch({ executablePath, args: quiet, timeout });
  });

  after(() => browser?.close());

  // Closes the pages. They must not have complained, unless `expected` matches it.
  async function closePages(expected) {
    const complaints = [...pages.values()].flat().filter((text) => !expected?.test(text));
    const contexts = [...pages.keys()].map((page) => page.context());
    pages.clear();
    await Promise.all(contexts.map((context) => context.close()));
    assert.deepEqual(complaints, [], "complaints on the consoles of pages");
  }

  afterEach(() => closePages());

  /** A page in a browser context of its own. `watched` are elements whose texts are recorded. */
  async function openPage(url, { watched = [], ...options } = {}) {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(timeLimit);
    const page = await context.newPage();
    const complaints = [];
    pages.set(page, complaints);
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.addInitScript(recordTexts, watched);
    await within(page.goto(url), url);
    return page;
  }

  return { openPage, closePages };
}

// In the page: keeps in `recorded` the texts that elements have had, in order.
function recordTexts(watched) {
  window.recorded = [];
  const last = new Map();
  const look = () => {
    for (const selector of watched) {
      const text = document.querySelector(selector)?.textContent;
      if (text === undefined || text === last.get(selector)) continue;
      last.set(selector, text);
      window.recorded.push(text);
    }
  };
  new MutationObserver(look).observe(document, {
    subtree: true,
    childList: true,
    characterData: true,
  });
}

/**
 * Waits until a watched element of the page has had a text that matches `pattern`, after the first
 * `from` texts; returns how many there had been then.
 */
export function recorded(page, pattern, from = 0) {
  const find = ([pattern, from]) => {
    const index = window.recorded.findIndex((text, i) => i >= from && pattern.test(text));
    return index + 1;
  };
  return within(
    page.waitForFunction(find, [pattern, from]).then((handle) => handle.jsonValue()),
    `${pattern} in the page`,
  );
}
