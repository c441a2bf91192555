// How the chat looks: it fits, can be read, and can be used without a mouse.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { DESKTOP, PHONE, SMALL_PHONE, enter, usesBrowser } from "../support/browser.js";
import { chat } from "../support/server.js";

usesBrowser();

let server;
before(async () => { server = await chat({ client: "own" }); });
after(() => server?.stop());

for (const [size, viewport] of Object.entries({ desktop: DESKTOP, phone: PHONE, "small phone": SMALL_PHONE })) {
  describe(`the look of the chat on a ${size}`, () => {
    const come = (options) => enter(server, { viewport, ...options });
    const box = (someone, selector) => someone.$(selector).boundingBox();

    test("it does not scroll sideways, whatever is written", async () => {
      const ada = await come();
      const sideways = () => ada.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      await ada.join("r".repeat(60));
      await ada.say("x".repeat(300));
      await ada.reads(/x{300}/);
      assert.equal(await sideways(), 0);
      await ada.view("Developer");
      assert.equal(await sideways(), 0);
    });

    test("the composer stays at the bottom, below a transcript that has most of the screen", async () => {
      const ada = await come();
      for (let i = 0; i < 30; i += 1) await ada.say(`line ${i}`);
      await ada.reads("line 29");
      const [composer, transcript] = [await box(ada, "#composer"), await box(ada, "#transcript")];
      assert.equal(Math.round(composer.y + composer.height), viewport.height);
      assert.ok(transcript.height > viewport.height * 0.6, `${transcript.height}`);
      const last = await ada.$("#transcript li").last().boundingBox();
      assert.ok(last.y + last.height <= composer.y, "the newest message is in sight");
    });

    test("everything can be reached and named without a mouse", async () => {
      const ada = await come();
      const unnamed = await ada.page.evaluate(() =>
        [...document.querySelectorAll("button, input")]
          .filter((control) => !control.closest("[hidden]") && !(control.textContent.trim() || control.labels?.[0]?.textContent.trim()))
          .map((control) => control.id || control.outerHTML));
      assert.deepEqual(unnamed, []);
      await ada.$("#text").focus();
      await ada.page.keyboard.type("typed");
      await ada.page.keyboard.press("Enter");
      await ada.reads("typed");
      await ada.page.keyboard.press("Tab");
      assert.equal(await ada.page.evaluate(() => document.activeElement.id), "wave");
      assert.equal(await ada.page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), "solid");
    });

    for (const colorScheme of ["light", "dark"]) {
      test(`it can be read in the ${colorScheme}`, async () => {
        const [ada, bo] = [await come({ colorScheme }), await enter(server)];
        const name = `chat-${size.replace(" ", "-")}-${colorScheme}`;
        await bo.say("Hello!");
        await ada.reads("Hello!");
        await ada.say("Good morning.");
        await ada.reads("Good morning.");
        await readable(ada, [
          "#state", "#channels button", "#members", ".message b", ".message time", ".message p", ".message.own p", ".event", "#composer .primary",
        ]);
        await ada.screenshot(name);
        await ada.join("kitchen");
        await readable(ada, ["#leave", "#close"]);
        await ada.view("Developer");
        await ada.click("Let the server ask me");
        await ada.$("#question").waitFor();
        await ada.$("#enter-button").click();
        await ada.$("#refusal").waitFor();
        await readable(ada, [
          "dt", "dd", ".developer .hint", ".developer label", "#refusal", "#question .primary", "#question-text",
          ...["sent", "received", "answer", "state"].map((kind) => `#log [data-kind="${kind}"] b`), "#log time",
        ]);
        await ada.screenshot(`${name}-developer`);
      });
    }
  });
}

/** Fails when the contrast of text and background, as WCAG computes it, is too low. */
async function readable(visitor, selectors) {
  const contrasts = await visitor.page.evaluate((selectors) => {
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
    return selectors.map((selector) => {
      const element = document.querySelector(selector);
      if (!element) return [selector, 0];
      const [dark, light] = [getComputedStyle(element).color, background(element)].map(luminance).sort((a, b) => a - b);
      return [selector, (light + 0.05) / (dark + 0.05)];
    });
  }, selectors);
  assert.deepEqual(contrasts.filter(([, contrast]) => contrast < 4.5), []);
}
