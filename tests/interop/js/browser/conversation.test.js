// The chat as its users see it: messages, people and rooms, on a desk and on a phone, with either client.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { VARIANTS, enter, usesBrowser } from "../support/browser.js";
import { chat } from "../support/server.js";

usesBrowser();

for (const { client, size, viewport } of VARIANTS) {
  describe(`the conversation, on a ${size}, with the ${client} client`, () => {
    let server;
    before(async () => { server = await chat({ client }); });
    after(() => server?.stop());

    const come = () => enter(server, { viewport });

    test("a message is shown to everybody, with who wrote it and when", async () => {
      const [ada, bo] = [await come(), await come()];
      await ada.rename("Ada");
      await ada.say("grüße <b>&amp; 👩‍🚀");
      await ada.reads("grüße <b>&amp; 👩‍🚀");
      await bo.shows(".message b", "Ada");
      await bo.shows(".message time", /^\d\d:\d\d/);
      await bo.shows(".message p", "grüße <b>&amp; 👩‍🚀");
      assert.equal(await bo.$(".message.own").count(), 0);
      assert.equal(await ada.$(".message.own").count(), 1);
      assert.equal(await ada.$("#text").inputValue(), "");
    });

    test("people are listed and counted, and their arrivals and departures are shown", async () => {
      const ada = await come();
      await ada.rename("Ada");
      await ada.shows("#online", "1");
      const bo = await come();
      await ada.shows("#online", "2");
      await ada.reads(/^Guest \S{4} has come/);
      await bo.shows("#people", /Ada/);
      await bo.rename("Bo");
      await ada.shows("#people", /Bo/);
      await bo.close();
      await ada.reads(/^Bo has left/);
      await ada.shows("#online", "1");
    });

    test("a name that was chosen is kept when the page is loaded again", async () => {
      const ada = await come();
      await ada.rename("Ada");
      await ada.page.reload();
      await ada.shows("#people .self", /^Ada/);
    });

    test("a wave reaches everybody else", async () => {
      const [ada, bo] = [await come(), await come()];
      await ada.$("#wave").click();
      await ada.reads(/^You wave/);
      await bo.reads(/waves/);
      assert.equal(await ada.logged("received", /👋/), 0);
    });

    test("a room is a conversation of its members, with their names and number", async () => {
      const [ada, bo] = [await come(), await come()];
      await ada.join("kitchen");
      await ada.shows("#members", "only you");
      await bo.join("kitchen");
      for (const someone of [ada, bo]) await someone.shows("#members", "2 people");
      await ada.say("coffee?");
      await bo.reads("coffee?");

      await bo.click("Leave");
      await bo.shows("#channel-title", "Everybody");
      await ada.shows("#members", "only you");
      await ada.say("tea?");
      await ada.reads("tea?");
      // What is said to everybody comes after it.
      await ada.click("Everybody");
      await ada.say("hello");
      await bo.reads("hello");
      assert.equal(await bo.logged("received", /tea\?/), 0);
    });

    test("messages in another room are counted at its name", async () => {
      const [ada, bo] = [await come(), await come()];
      for (const someone of [ada, bo]) await someone.join("kitchen");
      await bo.click("Everybody");
      await ada.say("coffee?");
      await bo.shows("#channels .unread", "1");
      await bo.$("#channels button").filter({ hasText: "kitchen" }).click();
      await bo.reads("coffee?");
      assert.equal(await bo.$("#channels .unread").count(), 0);
    });

    test("a room is closed for everybody, as the button says", async () => {
      const [ada, bo] = [await come(), await come()];
      for (const someone of [ada, bo]) await someone.join("kitchen");
      await ada.click("Close for everybody");
      for (const someone of [ada, bo]) {
        await someone.shows("#channel-title", "Everybody");
        await someone.reads(/^The room kitchen was closed/);
      }
    });
  });
}
