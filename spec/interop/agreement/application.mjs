// Starts app.mjs or app.lua with all servers, and hears what they tell.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { environment, timeLimit } from "../harness.mjs";
import { Conn, fetch } from "../../wire/raw.mjs";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

function luaLiteral(value) {
  if (Array.isArray(value)) return `{${value.map(luaLiteral).join(",")}}`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return `{${Object.entries(value).map(([key, v]) => `[${JSON.stringify(key)}]=${luaLiteral(v)}`)}}`;
}

function commandLine(target, servers) {
  if (target === "reference") return [process.execPath, here("app.mjs"), JSON.stringify(servers)];
  const interpreter = (process.env.SIO_LUA ?? "lua5.4").split(" ");
  return [...interpreter, here("app.lua"), luaLiteral(servers)];
}

export class Application {
  #waiting = new Set();
  ports = {};
  logs = new Map();
  stderr = "";

  /** `target`: "lua" or "reference". */
  static async start(target, servers) {
    const self = new Application();
    const [command, ...args] = commandLine(target, servers);
    self.child = spawn(command, args, { env: environment(), stdio: ["ignore", "pipe", "pipe"] });
    self.exit = new Promise((resolve) => {
      self.child.on("error", (error) => resolve(error.message));
      self.child.on("close", (code, signal) => resolve(signal ?? code));
    });
    self.exit.then((how) => (self.ended = how));
    self.exit.then(() => self.#wake());
    self.child.stderr.setEncoding("utf8").on("data", (text) => (self.stderr += text));
    createInterface({ input: self.child.stdout }).on("line", (line) => self.#receive(line));
    const names = [...Object.keys(servers), "control"];
    try {
      await self.until("all servers", () => names.every((name) => self.ports[name]) || undefined);
    } catch (error) {
      self.child.kill("SIGKILL");
      throw error;
    }
    return self;
  }

  #receive(line) {
    const [tag, text] = line.split(/\t(.*)/s);
    if (tag === "listening") {
      const [, name, port] = /^(.+) (\d+)$/.exec(text);
      this.ports[name] = Number(port);
    } else {
      if (!this.logs.has(tag)) this.logs.set(tag, []);
      this.logs.get(tag).push(text);
    }
    this.#wake();
  }

  #wake() {
    for (const look of [...this.#waiting]) look();
  }

  /** Waits until `ready()`, asked anew whenever something was told, gives something. */
  until(what, ready) {
    return new Promise((resolve, reject) => {
      const settle = (how, value) => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        how(value);
      };
      const look = () => {
        const value = ready();
        if (value !== undefined) settle(resolve, value);
        else if (this.ended !== undefined) {
          settle(reject, new Error(`ended (${this.ended}) before ${what}\n${this.stderr}`));
        }
      };
      const timer = setTimeout(
        () => settle(reject, new Error(`never heard of ${what}\n${this.stderr}`)),
        timeLimit,
      );
      this.#waiting.add(look);
      look();
    });
  }

  /** Has the application do what commands of app.mjs do; gives what it answers. */
  async command(name, query = {}) {
    const target = `/${name}?${new URLSearchParams(query)}`;
    return (await fetch(this.ports.control, "GET", target)).text;
  }

  /** What was told of the scenario `tag` until now. */
  async told(tag) {
    await this.command("mark", { tag });
    await this.until(`the end of ${tag}`, () => this.logs.get(tag)?.includes("mark") || undefined);
    const lines = this.logs.get(tag);
    this.logs.delete(tag);
    return lines.slice(0, lines.indexOf("mark"));
  }

  /** Waits until a line of `tag` begins with `start`. */
  hears(tag, start) {
    const found = () => this.logs.get(tag)?.some((line) => line.startsWith(start)) || undefined;
    return this.until(`"${start}" in ${tag}`, found);
  }

  /** Ends it, and holds it to a clean end. */
  async stop() {
    for (const port of Object.values(this.ports)) Conn.destroyAll(port);
    if (this.ended === undefined) await this.command("quit");
    const timer = setTimeout(() => this.child.kill("SIGKILL"), timeLimit);
    const how = await this.exit;
    clearTimeout(timer);
    assert.equal(this.stderr, "", "unexpected output on stderr");
    assert.equal(how, 0);
  }
}
