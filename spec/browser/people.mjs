// People in the chat example, as the tests see them: what they do on the page and what it shows.

import { recorded, within } from "./harness.mjs";

/** Somebody at the chat's page, who has not chosen a nickname yet. */
export async function visitor(browser, url, options) {
  const page = await browser.openPage(url, { watched: ["#connection", "#typing"], ...options });
  await page.locator("#enter[open]").waitFor();
  return new Person(page);
}

/** Somebody in the lobby; connected by WebSocket unless `transport` says otherwise. */
export async function person(browser, url, nick, { transport = "websocket", ...options } = {}) {
  const someone = await visitor(browser, url, options);
  await someone.enter(nick);
  await someone.isIn("#lobby");
  await recorded(someone.page, new RegExp(`^connected via ${transport}$`));
  return someone;
}

class Person {
  constructor(page) {
    this.page = page;
    this.log = page.locator(".log:not([hidden])");
    this.messages = this.log.locator(".text");
    this.notices = this.log.locator(".notice");
    this.people = page.locator("#people li");
    this.connection = page.locator("#connection");
  }

  async enter(nick) {
    await this.page.fill("#nick", nick);
    await this.page.press("#nick", "Enter");
  }

  /** Waits until that room or person is shown. */
  async isIn(name) {
    await this.page.locator("#title").getByText(name, { exact: true }).waitFor();
  }

  /** An entry of the rooms or of the private conversations. */
  conversation(name) {
    const entries = this.page.locator("#rooms button, #privates button");
    return entries.filter({ has: this.page.getByText(name, { exact: true }) });
  }

  async go(name) {
    await this.conversation(name).click();
    await this.isIn(name);
  }

  async write(text) {
    await this.page.fill("#text", text);
    await this.page.press("#text", "Enter");
  }

  /** Writes, and waits until it has come back from the server. */
  async say(text) {
    await this.write(text);
    await this.sees(text);
  }

  /** Waits for a message in the conversation that is shown. */
  async sees(text) {
    await this.messages.getByText(text, { exact: true }).waitFor();
  }

  /** Waits for a notice, such as "Ann joined", in the conversation that is shown. */
  async notes(text) {
    await this.notices.filter({ hasText: text }).last().waitFor();
  }

  /** Waits until exactly these are shown as being here. */
  async seesPeople(...names) {
    const shown = ([names]) => {
      const all = [...document.querySelectorAll("#people bdi")].map((name) => name.textContent);
      return JSON.stringify(all) === JSON.stringify(names);
    };
    await within(this.page.waitForFunction(shown, [names]), `people ${names}`);
  }

  /** Everything that has been said to this page, in whatever conversation. */
  said() {
    return this.page.locator(".log .text").allTextContents();
  }
}
