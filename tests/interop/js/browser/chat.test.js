// The chat page in a real browser: what it shows after each button, on a desk and on a phone.
//
// CHROMIUM         the browser's executable (default: /usr/bin/chromium)
// SCREENSHOTS      a directory for pictures of the page (default: none are taken)
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { chromium } from "playwright-core";
import { chat, needsOwnServer, ownChat } from "../support/server.js";

const SIZES = { desktop: { width: 1280, height: 860 }, phone: { width: 375, height: 740 } };
const SCHEMES = ["light", "dark"];
const DEADLINE = 10_000;

let browser;
before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    // Chromium's sandbox refuses to be started by root.
    args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
  });
});
after(() => browser?.close());

for (const [size, viewport] of Object.entries(SIZES)) {
  describe(`the chat page on a ${size}`, () => {
    let server;
    let page;
    let complaints;

    before(async () => { server = await chat(); });
    after(() => server?.stop());

    beforeEach(async () => {
      complaints = [];
      page = await enter();
    });
    afterEach(async () => {
      await page.context().close();
      assert.deepEqual(complaints, [], "the page complained");
    });

    /** A page of its own, connected. */
    async function enter(options = {}) {
      const context = await browser.newContext({ viewport, ...options });
      context.setDefaultTimeout(DEADLINE);
      const page = await context.newPage();
      page.on("pageerror", (error) => complaints.push(error.message));
      page.on("console", (message) => { if (message.type() === "error") complaints.push(message.text()); });
      await page.goto(server.url);
      await shows("#state", "connected", page);
      return page;
    }

    const click = (name, on = page) => on.getByRole("button", { name, exact: true }).click();
    const fill = (label, text, on = page) => on.getByLabel(label, { exact: true }).fill(text);

    /** Waits until the element shows the text, or something that fits. */
    async function shows(selector, expected, on = page) {
      const fits = (text) => (expected instanceof RegExp ? expected.test(text) : text === expected);
      const end = Date.now() + DEADLINE;
      for (let text; !fits(text = (await on.locator(selector).innerText()).trim());) {
        if (Date.now() > end) assert.fail(`${selector} shows ${JSON.stringify(text)} instead of ${expected}`);
        await on.waitForTimeout(20);
      }
    }

    /** Waits for a row of the log of that kind whose text fits. */
    async function logs(kind, pattern, on = page) {
      await on.locator(`#log [data-kind="${kind}"]`).filter({ hasText: pattern }).first().waitFor();
    }

    const logged = (kind, pattern, on = page) => on.locator(`#log [data-kind="${kind}"]`).filter({ hasText: pattern }).count();

    test("it connects, upgrades, measures and counts", async () => {
      await shows("#transport", "websocket");
      await logs("state", /upgraded/);
      await shows("#round-trip", /^\d+\.\d ms$/);
      await shows("#online", /^\d+$/);
      if (size === "desktop") await shows("#sid", /^[\w-]{20}$/);
      const first = Number(await tick());
      await shows("#tick", new RegExp(`^${first + 1}$`));
      assert.equal(await logged("received", /tick/), 0, "the counter stays out of the log");
    });

    async function tick() {
      await shows("#tick", /^\d+$/);
      return page.locator("#tick").innerText();
    }

    test("it does not scroll sideways", async () => {
      await fill("Text", "x".repeat(300));
      await click("Echo");
      await logs("received", /echo/);
      const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.equal(content, window);
    });

    test("an echo comes back, and is acknowledged", async () => {
      await fill("Text", "grüße <b>&amp; 👩‍🚀");
      await click("Echo");
      await logs("sent", 'echo "grüße <b>&amp; 👩‍🚀"');
      await logs("received", 'echo "grüße <b>&amp; 👩‍🚀"');
      await logs("answer", /echo/);
    });

    test("a broadcast reaches the other page and this one", async () => {
      const other = await enter();
      await fill("Text", "everyone");
      await click("Broadcast");
      await logs("received", /broadcast .*everyone/);
      await logs("received", /broadcast .*everyone/, other);
      await other.context().close();
    });

    test("a wave reaches the other page only", async () => {
      const other = await enter();
      await page.locator("#wave").click();
      await logs("received", /👋/, other);
      await logs("answer", /wave/);
      assert.equal(await logged("received", /👋/), 0);
      await other.context().close();
    });

    test("the server's question is answered", async () => {
      await click("Let the server ask me");
      await page.locator("#question").waitFor();
      await page.locator("#answer").fill("green");
      await click("Answer");
      await logs("answer", /ask me .*green/);
      assert.equal(await page.locator("#question").isVisible(), false);
    });

    test("rooms are joined, spoken in, left and closed", async () => {
      const other = await enter();
      for (const someone of [page, other]) {
        await fill("Room", "kitchen", someone);
        await click("Join", someone);
        await shows("#rooms", "kitchen", someone);
      }
      await fill("Message to that room", "coffee?");
      await click("Send");
      await logs("received", /room message .*coffee\?/);
      await logs("received", /room message .*coffee\?/, other);

      await click("Leave", other);
      await shows("#rooms", "", other);
      await fill("Message to that room", "tea?");
      await click("Send");
      await logs("received", /tea\?/);
      assert.equal(await logged("received", /tea\?/, other), 0);

      await click("Close");
      await logs("received", /room closed "kitchen"/);
      await shows("#rooms", "");
      await other.context().close();
    });

    test("notes are for those who have a name", async () => {
      const entry = page.locator("#enter-button");
      await entry.click();
      await shows("#refusal", "a name is needed");
      assert.equal(await page.evaluate(() => document.activeElement.id), "name");

      await fill("Your name", "Ada");
      await entry.click();
      await shows("#enter-button", "Leave");
      assert.equal(await page.locator("#refusal").isVisible(), false);
      await click("Clear all");
      await logs("received", /\/notes cleared "Ada"/);
      await fill("Note", "buy milk");
      await click("Add");
      await shows("#notes", /^buy milk\s*Ada$/);
      await logs("answer", /\/notes add \d+/);

      const other = await enter();
      await fill("Your name", "Bo", other);
      await other.locator("#enter-button").click();
      await shows("#notes", /buy milk/, other);
      await click("Clear all", other);
      await shows("#notes", "");

      await entry.click();
      await shows("#enter-button", "Enter");
      await shows("#state", "connected");
      await other.context().close();
    });

    test("the server's disconnect is shown and can be undone", async () => {
      await click("Ask the server to disconnect");
      await shows("#state", "disconnected");
      await logs("received", /goodbye/);
      await logs("state", /io server disconnect/);
      assert.ok(await page.getByRole("button", { name: "Echo" }).isDisabled());
      await click("Connect");
      await shows("#state", "connected");
      await click("Echo");
      await logs("received", /echo/);
    });

    test("one's own disconnect is shown and can be undone", async () => {
      const other = await enter();
      await click("Disconnect");
      await shows("#state", "disconnected");
      await logs("state", /io client disconnect/);
      await logs("received", /left .*client/, other);
      await click("Connect");
      await shows("#state", "connected");
      await other.context().close();
    });

    test("everything can be reached and named without a mouse", async () => {
      const unnamed = await page.evaluate(() =>
        [...document.querySelectorAll("button, input")]
          .filter((control) => !control.closest("[hidden]") && !(control.textContent.trim() || control.labels?.[0]?.textContent.trim()))
          .map((control) => control.id || control.outerHTML));
      assert.deepEqual(unnamed, []);
      await page.locator("#text").focus();
      await page.keyboard.press("Enter");
      await logs("received", /echo/);
      await page.keyboard.press("Tab");
      assert.equal(await page.evaluate(() => document.activeElement.value), "echo");
      const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
      assert.equal(outline, "solid");
    });

    for (const colorScheme of SCHEMES) {
      test(`it can be read in the ${colorScheme}`, async () => {
        const picture = await enter({ colorScheme });
        await click("Echo", picture);
        await click("Join", picture);
        await shows("#rooms", "lobby", picture);
        await click("Let the server ask me", picture);
        await picture.locator("#question").waitFor();
        assert.ok((await contrast(picture)) >= 4.5, "text and background are too alike");
        if (process.env.SCREENSHOTS) {
          await mkdir(process.env.SCREENSHOTS, { recursive: true });
          await picture.screenshot({ path: path.join(process.env.SCREENSHOTS, `chat-${size}-${colorScheme}.png`) });
        }
        await picture.context().close();
      });
    }
  });
}

test("the page says when the server is gone, and returns when it is back", { skip: needsOwnServer }, async (t) => {
  const first = await ownChat();
  t.after(() => first.stop());
  const page = await browser.newPage();
  t.after(() => page.close());
  await page.goto(first.url);
  await page.locator('#state[data-state="connected"]').waitFor();
  await first.stop();
  await page.locator('#state[data-state="connecting"]').waitFor();
  const second = await ownChat({ port: first.port });
  t.after(() => second.stop());
  await page.locator('#state[data-state="connected"]').waitFor();
});

/** The lowest contrast between the text and the background of the page's quieter parts, as WCAG computes it. */
function contrast(page) {
  return page.evaluate(() => {
    const luminance = (color) => {
      const [r, g, b] = color.match(/[\d.]+/g).slice(0, 3)
        .map((channel) => channel / 255)
        .map((channel) => (channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const background = (element) => {
      for (; element; element = element.parentElement) {
        const color = getComputedStyle(element).backgroundColor;
        if (!/, 0\)$|transparent/.test(color)) return color;
      }
      return "rgb(255, 255, 255)";
    };
    return Math.min(...["h1", "#state", "dt", ".hint", "label", "button.primary:enabled", "#log b", "#log time", "#rooms li"].map((selector) => {
      const element = document.querySelector(selector);
      const [light, dark] = [getComputedStyle(element).color, background(element)].map(luminance).sort((a, b) => b - a);
      return (light + 0.05) / (dark + 0.05);
    }));
  });
}
