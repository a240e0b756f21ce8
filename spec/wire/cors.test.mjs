// Which origins may come: the headers of CORS on the wire, and refusing by origin.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { upgradeRequest } from "./frames.mjs";
import { POLLING, REFERENCE, WEBSOCKET, serve } from "./harness.mjs";

const HERE = "https://a.example";
const THERE = "https://evil.example";
const from = (origin, ...headers) => ({ headers: [`Origin: ${origin}`, ...headers] });
const preflight = (origin, ...headers) =>
  from(origin, "Access-Control-Request-Method: POST", ...headers);
const allowed = (answer) => answer.headers["access-control-allow-origin"];
const vary = (answer) =>
  (answer.headers.vary ?? "")
    .toLowerCase()
    .split(/\s*,\s*/)
    .filter(Boolean);

/** Describes a server with these options; every test ends with the question whether it still serves. */
function server(title, options, body) {
  describe(title, () => {
    const target = serve(options);
    const check = (name, run) =>
      test(name, async () => {
        await run(target);
        await target.served();
      });
    body(check);
  });
}

async function handshake(target, options) {
  const conn = await target.connect();
  conn.send(upgradeRequest(WEBSOCKET, options));
  const answer = await conn.response();
  conn.destroy();
  return answer;
}

server("without the option", {}, (check) => {
  check("no origin is allowed", async (target) => {
    for (const origin of [HERE, "null", "http://127.0.0.1"]) {
      const answer = await target.fetch("GET", POLLING, from(origin));
      assert.equal(answer.status, 200);
      assert.equal(allowed(answer), undefined);
    }
  });

  check("a preflight is a bad handshake", async (target) => {
    const answer = await target.fetch("OPTIONS", POLLING, preflight(HERE));
    assert.equal(answer.status, 400);
    assert.equal(answer.text, '{"code":2,"message":"Bad handshake method"}');
    assert.equal(allowed(answer), undefined);
  });
});

server("any origin", { cors: { origin: "*" } }, (check) => {
  check("a star, and nothing varies", async (target) => {
    const answer = await target.fetch("GET", POLLING, from(HERE));
    assert.equal(allowed(answer), "*");
    assert.ok(!vary(answer).includes("origin"));
  });

  check("a preflight", async (target) => {
    const answer = await target.fetch(
      "OPTIONS",
      POLLING,
      preflight(HERE, "Access-Control-Request-Headers: X-A, x-b"),
    );
    assert.equal(answer.status, 204);
    assert.equal(allowed(answer), "*");
    assert.equal(answer.headers["access-control-allow-methods"], "GET,HEAD,PUT,PATCH,POST,DELETE");
    assert.equal(answer.headers["access-control-allow-headers"], "X-A, x-b");
    assert.ok(vary(answer).includes("access-control-request-headers"));
    assert.equal(answer.headers["content-length"], "0");
  });

  check("a preflight of a session does not touch it", async (target) => {
    const session = await target.polling();
    assert.equal((await target.fetch("OPTIONS", session.target, preflight(HERE))).status, 204);
    await session.join();
  });

  check("requested headers cannot inject one", async (target) => {
    const answer = await target.fetch(
      "OPTIONS",
      POLLING,
      preflight(HERE, "Access-Control-Request-Headers: a%0d%0aX-Evil: 1"),
    );
    assert.doesNotMatch(answer.head, /^x-evil/im);
  });
});

server("the origin of the request", { cors: { origin: true, credentials: true } }, (check) => {
  check("is given back, whatever it is", async (target) => {
    for (const origin of [HERE, THERE, "null", "moz-extension://a-b"]) {
      const answer = await target.fetch("GET", POLLING, from(origin));
      assert.equal(allowed(answer), origin);
      assert.equal(answer.headers["access-control-allow-credentials"], "true");
      assert.ok(vary(answer).includes("origin"));
    }
  });

  check("with refusals, and with WebSocket", async (target) => {
    assert.equal(allowed(await target.fetch("GET", "/socket.io/", from(HERE))), HERE);
    assert.equal(
      allowed(await target.fetch("POST", `${POLLING}&sid=x`, { ...from(HERE), body: "40" })),
      HERE,
    );
    const answer = await handshake(target, from(HERE));
    assert.equal(answer.status, 101);
    assert.equal(allowed(answer), HERE);
  });

  check("with every answer of a session", async (target) => {
    const session = await target.polling();
    assert.equal(allowed(await session.post("40", from(HERE))), HERE);
    assert.equal(allowed(await session.poll(from(HERE))), HERE);
  });
});

server(
  "one origin",
  {
    cors: {
      origin: HERE,
      methods: ["GET", "POST"],
      allowedHeaders: ["x-a", "x-b"],
      exposedHeaders: ["x-c"],
      maxAge: 600,
      optionsSuccessStatus: 200,
    },
  },
  (check) => {
    check("is named to everybody", async (target) => {
      for (const origin of [HERE, THERE]) {
        const answer = await target.fetch("GET", POLLING, from(origin));
        assert.equal(answer.status, 200);
        assert.equal(allowed(answer), HERE);
        assert.equal(answer.headers["access-control-expose-headers"], "x-c");
        assert.ok(vary(answer).includes("origin"));
      }
    });

    check("a preflight with every option", async (target) => {
      const answer = await target.fetch(
        "OPTIONS",
        POLLING,
        preflight(HERE, "Access-Control-Request-Headers: x-z"),
      );
      assert.equal(answer.status, 200);
      assert.equal(answer.headers["access-control-allow-methods"], "GET,POST");
      assert.equal(answer.headers["access-control-allow-headers"], "x-a,x-b");
      assert.equal(answer.headers["access-control-max-age"], "600");
    });
  },
);

server("a list of origins", { cors: { origin: [HERE, "https://b.example"] } }, (check) => {
  check("names the one that asks, if it is listed", async (target) => {
    for (const [origin, wanted] of [
      [HERE, HERE],
      ["https://b.example", "https://b.example"],
      [THERE, undefined],
      ["https://a.example.evil.example", undefined],
      ["https://a.exampl", undefined],
      ["http://a.example", undefined],
      ["null", undefined],
    ]) {
      const answer = await target.fetch("GET", POLLING, from(origin));
      assert.equal(answer.status, 200);
      assert.equal(allowed(answer), wanted, origin);
      assert.ok(vary(answer).includes("origin"));
    }
  });
});

describe("refusing by origin", { skip: REFERENCE && "it has no such option" }, () => {
  server("the option origins", { origins: [HERE] }, (check) => {
    const FORBIDDEN = '{"code":4,"message":"Forbidden"}';

    check("a listed origin, and a client without one, are let in", async (target) => {
      assert.equal((await target.fetch("GET", POLLING, from(HERE))).status, 200);
      assert.equal((await handshake(target, from(HERE))).status, 101);
      assert.equal((await target.fetch("GET", POLLING)).status, 200);
    });

    check("another is refused by polling", async (target) => {
      for (const origin of [THERE, "null", "https://a.example.evil.example"]) {
        const answer = await target.fetch("GET", POLLING, from(origin));
        assert.equal(answer.status, 403);
        assert.equal(answer.text, FORBIDDEN);
      }
    });

    check("and by WebSocket", async (target) => {
      const answer = await handshake(target, from(THERE));
      assert.equal(answer.status, 403);
    });
  });
});
