// People talk to each other in the chat example.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { Program, recorded, useBrowser, within } from "./harness.mjs";
import { person, visitor } from "./people.mjs";

describe("the chat", () => {
  const browser = useBrowser();
  let server;
  const enter = (nick, options) => person(browser, server.url, nick, options);

  beforeEach(async () => {
    server = await Program.start("../../examples/chat/server.lua", "127.0.0.1:0");
  });
  afterEach(() => server.stop());

  it("refuses a nickname that is taken, in whatever case, or empty", async () => {
    await enter("Ann");
    const bob = await visitor(browser, server.url);
    await bob.enter("aNN");
    await bob.page.getByText("aNN is taken.").waitFor();
    await bob.enter("   ");
    await bob.page.getByText("A nickname has 1 to 20 letters.").waitFor();
    await bob.enter("  Bob ");
    await bob.isIn("#lobby");
    assert.equal(await bob.page.locator("#me bdi").textContent(), "Bob");
  });

  it("carries messages both ways, in order", async () => {
    const [ann, bob] = [await enter("Ann"), await enter("Bob")];
    await ann.say("one");
    await bob.sees("one");
    await bob.say("two\nlines");
    await ann.sees("two\nlines");
    await ann.say("three");
    await bob.sees("three");
    for (const each of [ann, bob]) {
      assert.deepEqual(await each.said(), ["one", "two\nlines", "three"]);
      assert.deepEqual(await each.log.locator(".author").allTextContents(), [
        ...(each === ann ? ["You", "Bob", "You"] : ["Ann", "You", "Ann"]),
      ]);
    }
  });

  it("shows who comes after what was said before", async () => {
    const ann = await enter("Ann");
    for (let i = 1; i <= 55; i += 1) await ann.write(`message ${i}`);
    await ann.sees("message 55");
    const bob = await enter("Bob");
    await bob.sees("message 55");
    const said = await bob.said();
    assert.equal(said.length, 50);
    assert.equal(said[0], "message 6");
  });

  it("keeps rooms apart and marks what is unread", async () => {
    const [ann, bob, cleo] = [await enter("Ann"), await enter("Bob"), await enter("Cleo")];
    await ann.go("#music");
    await bob.go("#music");
    await bob.go("#lobby");
    await ann.say("only for #music");
    await ann.go("#lobby");
    await ann.say("for all");
    await bob.sees("for all");
    await cleo.sees("for all");
    assert.deepEqual(await cleo.said(), ["for all"]);
    await bob.conversation("#music").locator(".badge").getByText("1").waitFor();
    assert.match(await bob.page.title(), /^\(1\) #lobby/);
    await bob.go("#music");
    await bob.sees("only for #music");
    assert.equal(await bob.conversation("#music").locator(".badge").count(), 0);
    assert.match(await bob.page.title(), /^#music/);
  });

  it("says who is here, who comes and who goes", async () => {
    const ann = await enter("Ann");
    await ann.seesPeople("Ann");
    const bob = await enter("Bob");
    await ann.notes("Bob joined");
    await ann.seesPeople("Ann", "Bob");
    await bob.seesPeople("Ann", "Bob");
    await ann.go("#games");
    await ann.seesPeople("Ann");
    await bob.go("#games");
    await ann.notes("Bob joined");
    await bob.conversation("#games").locator(".count").getByText("2").waitFor();
    await bob.page.click("#leave");
    await bob.isIn("#lobby");
    await ann.notes("Bob left");
    await ann.seesPeople("Ann");
    await ann.go("#lobby");
    await bob.page.close();
    await ann.notes("Bob left");
    await ann.seesPeople("Ann");
  });

  it("shows who is typing, for a while", async () => {
    const [ann, bob] = [await enter("Ann"), await enter("Bob")];
    await bob.page.locator("#text").pressSequentially("Hm");
    const seen = await recorded(ann.page, /^Bob is typing…$/);
    const vanished = await recorded(ann.page, /^$/, seen);
    await bob.say("Hm, now I know.");
    await ann.sees("Hm, now I know.");
    await bob.page.locator("#text").pressSequentially("And");
    await recorded(ann.page, /^Bob is typing…$/, vanished);
    assert.equal(await bob.page.locator("#typing").textContent(), "");
  });

  it("shows a private message to its receiver alone", async () => {
    const [ann, bob, cleo] = [await enter("Ann"), await enter("Bob"), await enter("Cleo")];
    await ann.people.getByRole("button", { name: "Bob" }).click();
    await ann.isIn("Bob");
    await ann.say("psst");
    await bob.conversation("Ann").locator(".badge").getByText("1").waitFor();
    await ann.go("#lobby");
    await ann.say("for all");
    await cleo.sees("for all");
    assert.deepEqual(await cleo.said(), ["for all"]);
    await bob.go("Ann");
    await bob.sees("psst");
    await bob.say("heard");
    await ann.go("Bob");
    await ann.sees("heard");
    await bob.page.close();
    await ann.page.getByText("private, not online").waitFor();
    await ann.write("still there?");
    await ann.page.getByText("This cannot be delivered.").waitFor();
    assert.equal(await ann.page.inputValue("#text"), "still there?");
  });

  it("lets text be text", async () => {
    const nick = "<b onclick=x>Eve</b>";
    const text = '<img src=x onerror="hurt = 1"><script>hurt = 1</script>&amp;';
    const [ann, eve] = [await enter("Ann"), await enter(nick)];
    await eve.say(text);
    await ann.sees(text);
    await ann.seesPeople(nick, "Ann");
    await ann.people.getByRole("button", { name: nick }).click();
    await ann.isIn(nick);
    for (const { page } of [ann, eve]) {
      assert.equal(await page.locator(".log img, .log script, #app b").count(), 0);
      assert.equal(await page.evaluate(() => "hurt" in window), false);
    }
  });

  it("keeps nickname, rooms and messages over a reload", async () => {
    const [ann, bob] = [await enter("Ann"), await enter("Bob")];
    await ann.go("#lua");
    await ann.go("#lobby");
    await bob.say("before");
    await ann.sees("before");
    await ann.page.reload();
    await ann.isIn("#lobby");
    await ann.sees("before");
    assert.equal(await ann.page.locator("#me bdi").textContent(), "Ann");
    assert.equal(await ann.page.locator("#enter").isVisible(), false);
    await ann.page.locator("#rooms .name:not(.not-joined)").getByText("#lua").waitFor();
    await bob.seesPeople("Ann", "Bob");
  });

  it("works with the keyboard alone", async () => {
    const [ann, bob] = [await enter("Ann"), await enter("Bob")];
    await ann.page.locator("#text:focus").waitFor();
    await ann.page.keyboard.type("first line");
    await ann.page.keyboard.press("Shift+Enter");
    await ann.page.keyboard.type("second line");
    await ann.page.keyboard.press("Enter");
    await bob.sees("first line\nsecond line");
    await ann.people.getByRole("button", { name: "Bob" }).focus();
    await ann.page.keyboard.press("Enter");
    await ann.isIn("Bob");
    await ann.page.locator("#text:focus").waitFor();
  });

  it("fits a phone", async () => {
    const viewport = { width: 360, height: 640 };
    const [ann, bob] = [await enter("Ann", { viewport }), await enter("Bob")];
    const rooms = ann.page.getByRole("button", { name: "Conversations" });
    assert.equal(await ann.conversation("#lua").isVisible(), false);
    await rooms.click();
    await ann.go("#lua");
    await ann.conversation("#lua").waitFor({ state: "hidden" });
    await bob.go("#lua");
    await ann.page.getByRole("button", { name: "People" }).click();
    await ann.people.getByRole("button", { name: "Bob" }).click();
    await ann.isIn("Bob");
    await ann.say("x".repeat(500));
    const overflow = () => document.documentElement.scrollWidth - window.innerWidth;
    assert.equal(await ann.page.evaluate(overflow), 0);
  });

  it("survives whatever a client sends, and answers it", async () => {
    const ann = await enter("Ann");
    await within(ann.page.evaluate(sendRubbish), "answers to rubbish");
    await ann.say("still here");
    const all = await ann.page.locator("#people bdi").allTextContents();
    assert.ok(all.includes("Ann"));
  });
});

// In the page: sends events with wrong arguments, from somebody who has not entered and somebody
// who has, with and without asking for an acknowledgement. One that is asked for must come.
async function sendRubbish() {
  const { io } = await import("/socket.io/socket.io.esm.min.js");
  const values = [
    null, true, 0, -1.5, "", " ", "x".repeat(3000), "\ud800", "\0", "#lobby", "#nowhere", "@ann",
    [], {}, [[]], { a: null }, "__proto__", new Uint8Array(3),
  ];
  for (const nick of [null, "Rubbish"]) {
    const socket = io({ forceNew: true });
    const ask = (...args) => socket.timeout(20_000).emitWithAck(...args);
    if (nick) await ask("enter", nick, "key");
    for (const event of ["enter", "leave", "typing", "message", "join"]) {
      socket.emit(event);
      await ask(event);
      for (const value of values) {
        socket.emit(event, value);
        socket.emit(event, "#lobby", value);
        await Promise.all([ask(event, value), ask(event, value, value, value)]);
      }
    }
    socket.disconnect();
  }
}
