// The client's files.
const names = ["socket.io", "socket.io.min", "socket.io.esm.min", "socket.io.msgpack.min"];
const file = "/socket.io/socket.io.min.js";

export const scenarios = (add) => {
  for (const name of names) {
    add(name, "plain", async (s) => {
      await s.request("GET", s.target("", `/socket.io/${name}.js`));
      await s.request("GET", s.target("", `/socket.io/${name}.js.map`));
    });
  }
  const encodings = [
    "gzip",
    "br",
    "deflate",
    "gzip, br",
    "br, gzip",
    "deflate, gzip, br",
    "gzip;q=0.5, br;q=0.9",
    "gzip;q=0, br",
    "gzip;q=0",
    "*",
    "*;q=0",
    "gzip, *;q=0",
    "identity",
    "identity;q=0",
    "identity, gzip;q=0.5",
    "unknown",
    "GZIP",
    "",
    "gzip;q=2",
    "x-gzip",
  ];
  for (const encoding of encodings) {
    add(`accepting "${encoding}"`, "plain", (s) =>
      s.request("GET", s.target("", file), { headers: [`Accept-Encoding: ${encoding}`] }),
    );
  }
  for (const tag of ['"4.8.4"', 'W/"4.8.4"', '"4.8.3"', '"none", "4.8.4"', "*", "4.8.4"]) {
    add(`when ${tag} is known`, "plain", (s) =>
      s.request("GET", s.target("", file), {
        headers: [`If-None-Match: ${tag}`, "Accept-Encoding: gzip"],
      }),
    );
  }
  for (const method of ["HEAD", "POST", "PUT", "DELETE", "OPTIONS"]) {
    add(`by ${method}`, "plain", (s) => s.request(method, s.target("", file)));
  }
  add("a range", "plain", (s) =>
    s.request("GET", s.target("", file), { headers: ["Range: bytes=0-9"] }),
  );
  for (const name of [
    "unknown.js",
    "socket.io.css",
    "",
    "socket.io.js/",
    "../package.json",
    "socket%2eio.js",
  ]) {
    add(`no file "${name}"`, "plain", (s) => s.request("GET", s.target("", `/socket.io/${name}`)));
  }
  add("beside the path", "plain", (s) => s.request("GET", s.target("", "/socket.ioXsocket.io.js")));
  add("of another path", "own path", async (s) => {
    await s.request("GET", s.target("", "/a/b/socket.io.js"));
    await s.request("GET", s.target("", file));
  });
  add("not served", "no files", (s) => s.request("GET", s.target("", file)));
  add("the file of an engine alone", "engine", (s) =>
    s.request("GET", s.target("", "/engine.io/engine.io.js")),
  );
};
