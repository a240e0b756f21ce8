// Pages of one origin and servers of another: whom the server lets in, and what the browser makes
// of its CORS headers.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Program, useBrowser, within } from "./harness.mjs";
import { ask, echoed, elsewhere, pageWith } from "./pages.mjs";

describe("other origins", () => {
  const browser = useBrowser();
  let at, server;

  before(async () => {
    server = await Program.start("apps/origins.lua");
    at = server.at;
  });
  after(() => server?.stop());

  const byPolling = { transports: ["polling"] };
  const byWebSocket = { transports: ["websocket"] };

  /** What the console says of answers that the browser keeps from a page. */
  const complaints = /CORS policy|ERR_FAILED|WebSocket connection to .* failed|403/;

  const isRefused = (page, options, reason = /xhr poll error/) =>
    assert.rejects(ask(page, options), reason, JSON.stringify(options));

  it("those that are let in", async () => {
    const page = await pageWith(browser, at.home);
    for (const [name, withCredentials] of [
      ["any", false],
      ["reflecting", false],
      ["reflecting", true],
      ["lending", true],
      ["listed", false],
      ["choosing", false],
      ["guarded", false],
    ]) {
      const answer = await ask(page, { url: at[name], upgrade: true, withCredentials });
      assert.deepEqual(answer.value, echoed, name);
      assert.deepEqual([answer.transport, answer.origin], ["websocket", at.home], name);
    }
  });

  it("clients of former generations, which send credentials", async () => {
    for (const [generation, options] of [["2.5", {}], ["3.1", { withCredentials: true }]]) {
      const page = await pageWith(browser, elsewhere(at.home), { generation });
      for (const name of ["reflecting", "lending"]) {
        const answer = await ask(page, { url: at[name], upgrade: true, ...options });
        assert.deepEqual(answer.value, echoed, name);
        const { transport, origin } = answer;
        assert.deepEqual([transport, origin], ["websocket", elsewhere(at.home)], name);
      }
      await isRefused(page, { url: at.any, ...byPolling, ...options });
    }
    await browser.closePages(complaints);
  });

  it("those that are not", async () => {
    const page = await pageWith(browser, elsewhere(at.home));
    for (const name of ["closed", "listed", "choosing", "guarded"]) {
      await isRefused(page, { url: at[name], ...byPolling });
    }
    await browser.closePages(complaints);
  });

  it("credentials are not for all", async () => {
    const page = await pageWith(browser, at.home);
    await isRefused(page, { url: at.any, withCredentials: true, ...byPolling });
    await browser.closePages(complaints);
  });

  it("CORS does not keep WebSockets away", async () => {
    const page = await pageWith(browser, elsewhere(at.home));
    for (const name of ["closed", "listed", "choosing"]) {
      const answer = await ask(page, { url: at[name], ...byWebSocket });
      assert.deepEqual([answer.value, answer.origin], [echoed, elsewhere(at.home)]);
    }
  });

  it("origins does, and lets in those that it names", async () => {
    const home = await pageWith(browser, at.home);
    assert.equal((await ask(home, { url: at.guarded, ...byWebSocket })).origin, at.home);
    const stranger = await pageWith(browser, elsewhere(at.home));
    await isRefused(stranger, { url: at.guarded, ...byWebSocket }, /websocket error/);
    await browser.closePages(complaints);
  });

  describe("preflight requests", () => {
    const extraHeaders = { "X-Token": "known" };
    const withHeaders = { ...byPolling, extraHeaders };

    it("a header that is allowed", async () => {
      const page = await pageWith(browser, at.home);
      for (const name of ["any", "reflecting", "listed"]) {
        const answer = await ask(page, { url: at[name], ...withHeaders });
        assert.deepEqual([answer.value, answer.token], [echoed, "known"], name);
      }
    });

    it("a header that is not", async () => {
      const page = await pageWith(browser, at.home);
      const extraHeaders = { "X-Other": "no" };
      await isRefused(page, { url: at.listed, ...byPolling, extraHeaders });
      await browser.closePages(complaints);
    });

    it("an origin that is not", async () => {
      const page = await pageWith(browser, elsewhere(at.home));
      await isRefused(page, { url: at.choosing, ...withHeaders });
      await browser.closePages(complaints);
    });

    // In the page: what it can read of the answer to a request with that method.
    async function answerTo(page, method, url) {
      const request = async ([method, url]) => {
        const { status, headers } = await fetch(url, { method });
        return [status, headers.get("x-exposed"), headers.get("x-hidden")];
      };
      const target = `${url}/socket.io/?EIO=4&transport=polling`;
      return within(page.evaluate(request, [method, target]), `answer to ${method}`);
    }

    it("methods, where all are allowed and where some are", async () => {
      const page = await pageWith(browser, at.home);
      assert.equal((await answerTo(page, "PUT", at.any))[0], 400);
      await assert.rejects(answerTo(page, "PUT", at.listed), /Failed to fetch/);
      await browser.closePages(/CORS policy|ERR_FAILED|400/);
    });

    it("headers that the page may read", async () => {
      const page = await pageWith(browser, at.home);
      assert.deepEqual(await answerTo(page, "GET", at.home), [200, "seen", "not seen"]);
      assert.deepEqual(await answerTo(page, "GET", at.any), [200, null, null]);
      assert.deepEqual(await answerTo(page, "GET", at.listed), [200, "seen", null]);
    });
  });
});
