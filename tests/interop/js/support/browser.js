// A real browser without internet, and people who use the pages of the examples in it.
//
// CHROMIUM         the browser's executable (default: /usr/bin/chromium)
// SCREENSHOTS      a directory for pictures of the pages (default: none are taken)
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { after, afterEach, before } from "node:test";
import { chromium } from "playwright-core";

export const DESKTOP = { width: 1280, height: 860 };
export const PHONE = { width: 390, height: 844 };
export const SMALL_PHONE = { width: 320, height: 568 };

export const CLIENTS = ["own", "official"];

/** Each client, and each size of the screen: what a page does depends on one or the other, not on both. */
export const VARIANTS = [
  { client: "own", size: "desktop", viewport: DESKTOP },
  { client: "own", size: "phone", viewport: PHONE },
  { client: "official", size: "desktop", viewport: DESKTOP },
];

const DEADLINE = 10_000;

let browser;
let visitors = [];

/** Starts the browser before the tests of a file. After each test, its pages are closed; none may have logged an error. */
export function usesBrowser() {
  before(async () => {
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [
        // No name can be resolved: what a page needs must come from the example itself.
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        // Chromium's sandbox refuses to be started by root.
        ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
      ],
    });
  });
  after(() => browser?.close());
  afterEach(async () => {
    const [closing, complaints] = [visitors, visitors.flatMap((visitor) => visitor.complaints)];
    visitors = [];
    await Promise.all(closing.map((visitor) => visitor.close()));
    assert.deepEqual(complaints, []);
  });
}

/** A visitor who opens a page of the server. With `losesServer`, requests may fail; `without` WebSocket, only polling is left. */
export async function visit(server, { losesServer = false, withoutWebSocket = false, prepare, target = "/", ...options } = {}) {
  const context = await browser.newContext({ viewport: DESKTOP, ...options });
  context.setDefaultTimeout(DEADLINE);
  if (withoutWebSocket) await context.routeWebSocket(/.*/, (socket) => socket.close());
  const visitor = new Visitor(await context.newPage(), server.url, losesServer);
  visitors.push(visitor);
  await prepare?.(visitor.page);
  await visitor.page.goto(server.url + target);
  return visitor;
}

/** A visitor who is connected. */
export async function enter(server, options) {
  const visitor = await visit(server, options);
  await visitor.shows("#state", /^connected/);
  return visitor;
}

class Visitor {
  complaints = [];

  constructor(page, origin, losesServer) {
    this.page = page;
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error" && !losesServer) this.complaints.push(message.text());
    });
    page.on("request", (request) => {
      if (!/^data:/.test(request.url()) && new URL(request.url()).origin !== origin) this.complaints.push(`loads ${request.url()}`);
    });
  }

  close() {
    return this.page.context().close();
  }

  $(selector) {
    return this.page.locator(selector);
  }

  click(name) {
    return this.page.getByRole("button", { name, exact: true }).click();
  }

  fill(label, text) {
    return this.page.getByLabel(label, { exact: true }).fill(text);
  }

  /** Waits until the element shows the text, or something that fits; hidden or not. */
  async shows(selector, expected) {
    const fits = (text) => (expected instanceof RegExp ? expected.test(text) : text === expected);
    const end = Date.now() + DEADLINE;
    for (let text; !fits(text = (await this.$(selector).textContent()).trim().replace(/\s+/g, " "));) {
      if (Date.now() > end) assert.fail(`${selector} shows ${JSON.stringify(text)} instead of ${expected}`);
      await this.page.waitForTimeout(20);
    }
  }

  isVisible(selector) {
    return this.$(selector).isVisible();
  }

  // The chat

  #logged(kind, pattern) {
    return this.$(`#log [data-kind="${kind}"]`).filter({ hasText: pattern });
  }

  /** Waits for a row of the log of that kind whose text fits. */
  async logs(kind, pattern) {
    await this.#logged(kind, pattern).first().waitFor({ state: "attached" });
  }

  logged(kind, pattern) {
    return this.#logged(kind, pattern).count();
  }

  /** Shows the chat or, on a narrow screen in place of it, what is for developers. */
  async view(name) {
    if (await this.isVisible(".views")) await this.click(name);
  }

  /** Opens the panel that is folded on a phone: rooms, people, the visitor's name. */
  async inPanel(action) {
    const summary = this.$("#people-panel summary");
    const isFolded = (await summary.isVisible()) && !(await this.isVisible("#room"));
    if (isFolded) await summary.click();
    await action();
    if (isFolded && (await this.isVisible("#room"))) await summary.click();
  }

  rename(name) {
    return this.inPanel(async () => {
      await this.fill("Your name", name);
      await this.click("Change");
      await this.shows("#people .self", new RegExp(`^${name}`));
    });
  }

  async join(room) {
    await this.inPanel(async () => {
      await this.fill("Another room", room);
      await this.click("Join");
      await this.shows("#channel-title", room);
    });
  }

  async say(text) {
    await this.fill("Message", text);
    await this.click("Send");
  }

  /** Waits for a message or a line of the conversation that is shown. */
  async reads(pattern) {
    await this.$("#transcript li").filter({ hasText: pattern }).first().waitFor();
  }

  read(pattern) {
    return this.$("#transcript li").filter({ hasText: pattern }).count();
  }

  async screenshot(name) {
    if (!process.env.SCREENSHOTS) return;
    await mkdir(process.env.SCREENSHOTS, { recursive: true });
    await this.page.screenshot({ path: path.join(process.env.SCREENSHOTS, `${name}.png`) });
  }
}
