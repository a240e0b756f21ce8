// Plain HTTP: CORS, the client's files, errors, cookies, headers, compression.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { suite } from "./harness.mjs";

const open = "/socket.io/?EIO=4&transport=polling";

/** A Set-Cookie header as a set of lower-case attributes. */
function cookie(headers) {
  const [first, ...rest] = headers["set-cookie"][0].split("; ");
  return [first, ...rest.map((part) => part.toLowerCase()).sort()];
}

/** The status of a refused WebSocket handshake. */
async function refusedUpgrade(server, options) {
  try {
    await server.webSocket(options);
  } catch (error) {
    return error;
  }
  return assert.fail("the handshake was accepted");
}

suite("HTTP", "http", { args: ["plain"] }, (server) => {
  describe("client files", () => {
    const files = {
      "socket.io.js": "application/javascript",
      "socket.io.min.js": "application/javascript",
      "socket.io.esm.min.js": "application/javascript",
      "socket.io.msgpack.min.js": "application/javascript",
      "socket.io.js.map": "application/json",
      "socket.io.min.js.map": "application/json",
      "socket.io.esm.min.js.map": "application/json",
      "socket.io.msgpack.min.js.map": "application/json",
    };
    for (const [name, type] of Object.entries(files)) {
      test(name, async () => {
        const { status, headers, body } = await server.request(`/socket.io/${name}`);
        assert.equal(status, 200);
        assert.equal(headers["content-type"].split(";")[0], type);
        assert.match(headers.etag, /^(W\/)?"[^"]+"$/);
        assert.equal(headers["cache-control"], "public, max-age=0");
        if (name.endsWith(".map")) assert.equal(JSON.parse(body).version, 3);
        else assert.match(body, /Socket\.IO v4\./);
      });
    }

    test("are not sent again when they are known", async () => {
      const { etag } = (await server.request("/socket.io/socket.io.js")).headers;
      for (const known of [etag, `W/${etag.replace(/^W\//, "")}`]) {
        const answer = await server.request("/socket.io/socket.io.js", {
          headers: { "if-none-match": known },
        });
        assert.deepEqual([answer.status, answer.body], [304, ""]);
      }
      const other = await server.request("/socket.io/socket.io.js", {
        headers: { "if-none-match": '"other"' },
      });
      assert.equal(other.status, 200);
    });

    const encodings = [
      ["gzip", "gzip", gunzipSync],
      ["br", "br", brotliDecompressSync],
      ["gzip;q=0, br", "br", brotliDecompressSync],
      ["identity", undefined, (bytes) => bytes],
      ["unknown", undefined, (bytes) => bytes],
    ];
    for (const [accepted, encoding, decode] of encodings) {
      test(`are compressed as accepted: ${accepted}`, async () => {
        const path = "/socket.io/socket.io.min.js";
        const plain = await server.request(path);
        const { status, headers, body } = await server.request(path, {
          headers: { "accept-encoding": accepted },
          encoding: null,
        });
        assert.equal(status, 200);
        assert.equal(headers["content-encoding"], encoding);
        assert.equal(decode(body).toString(), plain.body);
      });
    }

    test("others are not there", async () => {
      for (const name of [
        "socket.io.css",
        "../package.json",
        "%2e%2e/package.json",
        "socket.io.js/x",
      ]) {
        const { status } = await server.request(`/socket.io/${name}`);
        assert.ok([400, 404].includes(status), `${name}: ${status}`);
      }
    });
  });

  describe("errors", () => {
    const cases = [
      ["no transport", "/socket.io/?EIO=4", {}, 0, "Transport unknown"],
      ["unknown transport", "/socket.io/?EIO=4&transport=pigeon", {}, 0, "Transport unknown"],
      ["inherited name", "/socket.io/?EIO=4&transport=constructor", {}, 0, "Transport unknown"],
      ["unknown session", `${open}&sid=nobody`, {}, 1, "Session ID unknown"],
      ["session called __proto__", `${open}&sid=__proto__`, {}, 1, "Session ID unknown"],
      ["handshake by POST", open, { method: "POST", body: "x" }, 2, "Bad handshake method"],
      ["WebSocket without upgrade", "/socket.io/?EIO=4&transport=websocket", {}, 3, "Bad request"],
      [
        "old protocol",
        "/socket.io/?EIO=3&transport=polling",
        {},
        5,
        "Unsupported protocol version",
      ],
      ["no protocol", "/socket.io/?transport=polling", {}, 5, "Unsupported protocol version"],
    ];
    for (const [name, path, options, code, message] of cases) {
      test(`${name}: code ${code}`, async () => {
        const { status, headers, body } = await server.request(path, options);
        assert.equal(status, 400);
        assert.match(headers["content-type"], /^application\/json/);
        assert.deepEqual(JSON.parse(body), { code, message });
        await server.report("connection error", code, message, path);
      });
    }

    test("a refused request: code 4, with the application's message", async () => {
      const headers = { "x-deny": "not today" };
      const { status, body } = await server.request(open, { headers });
      assert.equal(status, 403);
      assert.deepEqual(JSON.parse(body), { code: 4, message: "not today" });
      const { message } = await refusedUpgrade(server, { headers });
      assert.match(message, /Unexpected server response: 40[03]/);
    });

    test("a request that a middleware refuses: code 3", async () => {
      const headers = { "x-refuse": "no" };
      const { status, body } = await server.request(open, { headers });
      assert.equal(status, 400);
      assert.deepEqual(JSON.parse(body), { code: 3, message: "Bad request" });
      await refusedUpgrade(server, { headers });
    });

    test("a WebSocket to an unknown session", async () => {
      const query = "EIO=4&transport=websocket&sid=nobody";
      const { message } = await refusedUpgrade(server, { query });
      assert.match(message, /Unexpected server response: 400/);
    });

    test("another protocol version than the session's", async () => {
      const { handshake } = await server.rawPolling();
      const path = `/socket.io/?EIO=3&transport=polling&sid=${handshake.sid}`;
      const { status, body } = await server.request(path);
      assert.deepEqual([status, JSON.parse(body).code], [400, 3]);
    });

    test("other paths are not found", async () => {
      for (const path of ["/", "/socket.io", "/other/?EIO=4&transport=polling"]) {
        assert.equal((await server.request(path)).status, 404, path);
      }
    });
  });

  describe("headers", () => {
    test("of a handshake, a poll and a post", async () => {
      const first = await server.request(open);
      assert.equal(first.status, 200);
      assert.equal(first.headers["content-type"], "text/plain; charset=UTF-8");
      assert.equal(first.headers["cache-control"], "no-store");
      const path = `${open}&sid=${JSON.parse(first.body.slice(1)).sid}`;
      const post = await server.request(path, { method: "POST", body: "40" });
      assert.deepEqual(
        [post.status, post.headers["content-type"], post.body],
        [200, "text/html", "ok"],
      );
      const poll = await server.request(path);
      assert.match(poll.body, /^40\{"sid":"[\w-]{20}"\}$/);
      assert.deepEqual(
        [first, post, poll].map(({ headers }) => [headers["x-initial"], headers["x-every"]]),
        [
          ["once", "always"],
          [undefined, "always"],
          [undefined, "always"],
        ],
      );
      for (const { headers } of [first, post, poll]) {
        assert.equal(headers["x-middleware"], "seen");
        assert.equal(headers["access-control-allow-origin"], undefined);
      }
    });

    test("of a WebSocket handshake", async () => {
      const { headers } = (await server.webSocket()).upgrade;
      assert.equal(headers["x-initial"], "once");
      assert.equal(headers["x-every"], "always");
      assert.equal(headers["x-middleware"], "seen");
    });

    test("cookie: true sets the session's id, once", async () => {
      const { headers, body } = await server.request(open);
      const { sid } = JSON.parse(body.slice(1));
      assert.deepEqual(cookie(headers), [`io=${sid}`, "httponly", "path=/", "samesite=lax"]);
      const post = await server.request(`${open}&sid=${sid}`, { method: "POST", body: "40" });
      assert.equal(post.headers["set-cookie"], undefined);
    });
  });

  describe("compression of polls", () => {
    async function given(length, accepted) {
      const session = await server.rawPolling();
      await session.post(`42["give",${length}]`);
      const options = { headers: { "accept-encoding": accepted }, encoding: null };
      const { headers, body } = await session.get(options);
      const encoding = headers["content-encoding"];
      const text = (encoding === "gzip" ? gunzipSync(body) : body).toString();
      assert.equal(text, `42["given","${"g".repeat(length)}"]`);
      return encoding;
    }
    test("large ones, where accepted", async () => {
      assert.equal(await given(2000, "gzip, deflate"), "gzip");
      assert.equal(await given(2000, "identity"), undefined);
      assert.equal(await given(2000, "gzip;q=0"), undefined);
    });
    test("small ones are not", async () => {
      assert.equal(await given(100, "gzip"), undefined);
    });
  });
});

suite("CORS for all", "http", { args: ["star"] }, (server) => {
  const origin = "http://anywhere.example";

  test("every answer allows every origin", async () => {
    const session = await server.rawPolling();
    const answers = [
      await server.request(open, { headers: { origin } }),
      await session.post('42["give",1]', { headers: { origin } }),
      await session.get({ headers: { origin } }),
      await server.request(`${open}&sid=nobody`, { headers: { origin } }),
      await server.request("/socket.io/socket.io.js", { headers: { origin } }),
    ];
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200, 400, 200],
    );
    for (const { headers } of answers) {
      assert.equal(headers["access-control-allow-origin"], "*");
      assert.equal(headers["access-control-allow-credentials"], undefined);
    }
  });

  test("so does a WebSocket handshake", async () => {
    const { upgrade } = await server.webSocket({ headers: { origin } });
    assert.equal(upgrade.headers["access-control-allow-origin"], "*");
  });

  test("a preflight request", async () => {
    const { status, headers, body } = await server.request(open, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type, x-token",
      },
    });
    assert.deepEqual([status, body], [204, ""]);
    assert.equal(headers["access-control-allow-origin"], "*");
    assert.equal(headers["access-control-allow-methods"], "GET,HEAD,PUT,PATCH,POST,DELETE");
    assert.equal(headers["access-control-allow-headers"], "content-type, x-token");
    assert.match(headers.vary, /access-control-request-headers/i);
  });

  test("a cookie with attributes", async () => {
    const { headers, body } = await server.request(open);
    const { sid } = JSON.parse(body.slice(1));
    const attributes = ["max-age=86400", "path=/x", "samesite=strict"];
    assert.deepEqual(cookie(headers), [`my=${sid}`, ...attributes]);
  });
});

suite("CORS for some", "http", { args: ["list"] }, (server) => {
  test("those of the list are named", async () => {
    for (const origin of ["http://a.example", "https://x.b.example"]) {
      const { status, headers } = await server.request(open, { headers: { origin } });
      assert.equal(status, 200);
      assert.equal(headers["access-control-allow-origin"], origin);
      assert.equal(headers["access-control-allow-credentials"], "true");
      assert.equal(headers["access-control-expose-headers"], "X-Exposed");
      assert.match(headers.vary, /origin/i);
    }
  });

  test("others are not", async () => {
    for (const origin of ["http://evil.example", "http://a.example.evil", "null"]) {
      const { headers } = await server.request(open, { headers: { origin } });
      assert.equal(headers["access-control-allow-origin"], undefined, origin);
      assert.match(headers.vary, /origin/i);
    }
  });

  test("a preflight request", async () => {
    const headers = { origin: "http://a.example", "access-control-request-method": "POST" };
    const answer = await server.request(open, { method: "OPTIONS", headers });
    assert.equal(answer.status, 204);
    assert.equal(answer.headers["access-control-allow-origin"], "http://a.example");
    assert.equal(answer.headers["access-control-allow-methods"], "GET,POST");
    assert.equal(answer.headers["access-control-allow-headers"], "X-Token,X-Other");
    assert.equal(answer.headers["access-control-allow-credentials"], "true");
    assert.equal(answer.headers["access-control-max-age"], "600");
  });

  test("without serveClient the client's files are not there", async () => {
    const { status } = await server.request("/socket.io/socket.io.js");
    assert.ok([400, 404].includes(status), `${status}`);
  });
});

suite("CORS by a function", "http", { args: ["function"], path: "/elsewhere" }, (server) => {
  const path = "/elsewhere/?EIO=4&transport=polling";

  test("the function decides", async () => {
    const chosen = await server.request(path, { headers: { origin: "http://chosen.example" } });
    assert.equal(chosen.headers["access-control-allow-origin"], "http://chosen.example");
    const other = await server.request(path, { headers: { origin: "http://other.example" } });
    assert.equal(other.headers["access-control-allow-origin"], undefined);
  });

  test("a preflight request has the status that was asked for", async () => {
    const headers = {
      origin: "http://chosen.example",
      "access-control-request-method": "GET",
    };
    const { status } = await server.request(path, { method: "OPTIONS", headers });
    assert.equal(status, 200);
  });

  test("the path is another one", async () => {
    assert.equal((await server.request(open)).status, 404);
    const client = await server.connect("/", { path: "/elsewhere" });
    assert.equal(client.connected, true);
    assert.equal((await server.request("/elsewhere/socket.io.js")).status, 200);
  });
});

suite("options that are asked for", "http", { args: ["asked"] }, (server) => {
  const from = (origin) => ({ headers: { origin } });

  for (const path of [open, "/socket.io/socket.io.js"]) {
    test(`CORS of ${path}`, async () => {
      const { status, headers } = await server.request(path, from("http://a.example"));
      assert.equal(status, 200);
      assert.equal(headers["access-control-allow-origin"], "http://a.example");
      assert.equal(headers["access-control-allow-credentials"], "true");
      assert.match(headers.vary, /origin/i);
      const other = await server.request(path, from("http://b.example"));
      assert.equal(other.headers["access-control-allow-origin"], undefined);
      assert.equal(other.headers["access-control-allow-credentials"], undefined);
    });

    test(`no CORS of ${path}`, async () => {
      const { status, headers } = await server.request(path, from("http://none.example"));
      assert.equal(status, 200);
      assert.equal(headers["access-control-allow-origin"], undefined);
      assert.doesNotMatch(headers.vary ?? "", /origin/i);
    });
  }

  test("a preflight", async () => {
    const options = { method: "OPTIONS", ...from("http://a.example") };
    const { status, headers } = await server.request(open, options);
    assert.equal(status, 204);
    assert.equal(headers["access-control-allow-origin"], "http://a.example");
    const none = await server.request(open, { ...options, ...from("http://none.example") });
    assert.deepEqual([none.status, JSON.parse(none.body).code], [400, 2]);
  });

  test("an error refuses the request", async () => {
    const { status, body } = await server.request(open, from("http://broken.example"));
    assert.deepEqual([status, JSON.parse(body).code], [400, 3]);
  });

  test("a WebSocket handshake", async () => {
    const { upgrade } = await server.webSocket(from("http://a.example"));
    assert.equal(upgrade.headers["access-control-allow-origin"], "http://a.example");
  });

  test("a cookie whose value is made", async () => {
    const { headers } = await server.request(open);
    assert.equal(
      headers["set-cookie"][0],
      "io=id20; Domain=a.example; Path=/; HttpOnly; Secure; Partitioned; Priority=Low; SameSite=None",
    );
  });

  test("compression as it is told", async () => {
    const options = { headers: { "accept-encoding": "gzip" }, encoding: null };
    const { headers, body } = await server.request(open, options);
    assert.equal(headers["content-encoding"], "gzip");
    assert.match(gunzipSync(body).toString(), /^0\{"sid":/);
  });
});
