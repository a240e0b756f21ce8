// The servers that are compared: how each is made ready and started. A command is followed by a port.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { bench, compile } from "./load.mjs";

const at = (...path) => join(bench, "servers", ...path);

function install(folder, module) {
  if (!existsSync(join(folder, "node_modules", module)))
    execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: folder, stdio: "inherit" });
}

/** The environment in which Lua finds the module as installed in `prefix`; without one, where it is by itself. */
export function luaEnvironment(prefix) {
  if (!prefix) return process.env;
  const share = join(prefix, "share/lua/5.4");
  const lib = join(prefix, "lib/lua/5.4");
  return {
    ...process.env,
    LUA_PATH_5_4: `${share}/?.lua;${share}/?/init.lua;;`,
    LUA_CPATH_5_4: `${lib}/?.so;;`,
  };
}

export const luaServer = (prefix) => ({ command: ["lua5.4", at("app.lua")], env: luaEnvironment(prefix) });

function uws() {
  install(at("uws"), "socket.io");
  try {
    execFileSync(process.execPath, ["-e", 'require("@btc-vision/uwebsockets.js")'], { cwd: at("uws"), stdio: "pipe" });
  } catch (error) {
    const why = /^.*(GLIBC|\.node|\.so).*$/m.exec(String(error.stderr))?.[0] ?? error.message;
    console.error(`uws is left out, its binary does not run here: ${why.trim()}`);
    return null;
  }
  return { title: "Node + uWS.js", command: [process.execPath, at("uws/server.js")] };
}

const KINDS = {
  lua: (options) => ({ title: "socketio", ...luaServer(options.prefix) }),
  floor: () => ({ title: "floor", command: [compile("servers/floor.c")] }),
  node() {
    install(bench, "socket.io");
    return { title: "Node + ws", command: [process.execPath, at("node-ws.js")] };
  },
  bun() {
    install(at("bun"), "@oven/bun-linux-x64");
    const bun = at("bun/node_modules/@oven/bun-linux-x64/bin/bun");
    return { title: "Bun", command: [bun, at("bun/server.mjs")] };
  },
  uws,
};

/** Those of the names that run here, ready. `options.prefix`: where this library is installed. */
export function servers(names, options) {
  const unknown = names.find((name) => !KINDS[name]);
  if (unknown) throw new Error(`no server ${unknown}: ${Object.keys(KINDS).join(", ")}`);
  const ready = names.map((name) => ({ name, ...KINDS[name](options) }));
  return ready.filter((server) => server.command);
}
