// The chat as developers see it: the connection, acknowledgements, a struct on a namespace, the log of events.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { VARIANTS, enter, usesBrowser } from "../support/browser.js";
import { chat } from "../support/server.js";

usesBrowser();

for (const { client, size, viewport } of VARIANTS) {
  describe(`the developer's view, on a ${size}, with the ${client} client`, () => {
    let server;
    before(async () => { server = await chat({ client }); });
    after(() => server?.stop());

    const come = async (options) => {
      const visitor = await enter(server, { viewport, ...options });
      await visitor.view("Developer");
      return visitor;
    };

    test("it connects, upgrades, measures and counts", async () => {
      const ada = await come();
      await ada.shows("#transport", "websocket");
      await ada.logs("state", /upgraded/);
      const states = await ada.$('#log [data-kind="state"] b').allInnerTexts();
      assert.deepEqual(states.slice(0, 2), ["connected", "upgraded"]);
      await ada.shows("#round-trip", /^\d+\.\d ms$/);
      await ada.shows("#sid", /^[\w-]{20}$/);
      await ada.shows("#tick", /^\d+$/);
      const first = Number(await ada.$("#tick").innerText());
      await ada.shows("#tick", new RegExp(`^${first + 1}$`));
      assert.equal(await ada.logged("received", /tick/), 0, "the counter stays out of the log");
      if (!process.env.SOCKETIO_CHAT_URL) {
        await ada.shows("#client", client === "own" ? "examples/page/client.js" : "socket.io-client");
      }
    });

    test("it stays with long-polling if WebSocket is blocked", async () => {
      const ada = await come({ withoutWebSocket: true, losesServer: true });
      await ada.click("Echo");
      await ada.logs("received", /echo/);
      await ada.shows("#transport", "polling");
    });

    test("it works with WebSocket alone", async () => {
      const ada = await come();
      const transport = await ada.page.evaluate(async () => {
        const socket = globalThis.io({ forceNew: true, transports: ["websocket"] });
        await new Promise((answered) => socket.emit("ping time", answered));
        return socket.io.engine.transport.name;
      });
      assert.equal(transport, "websocket");
    });

    test("an echo comes back, and is acknowledged", async () => {
      const ada = await come();
      await ada.fill("Text", "grüße <b>&amp; 👩‍🚀");
      await ada.click("Echo");
      await ada.logs("sent", 'echo "grüße <b>&amp; 👩‍🚀"');
      await ada.logs("received", 'echo "grüße <b>&amp; 👩‍🚀"');
      await ada.logs("answer", /echo/);
    });

    test("the server's question is answered", async () => {
      const ada = await come();
      await ada.click("Let the server ask me");
      await ada.$("#answer").fill("green");
      await ada.click("Answer");
      await ada.logs("answer", /ask me .*green/);
      assert.equal(await ada.isVisible("#question"), false);
    });

    test("notes are for those who have a name", async () => {
      const ada = await come();
      await ada.$("#enter-button").click();
      await ada.shows("#refusal", "a name is needed");
      assert.equal(await ada.page.evaluate(() => document.activeElement.id), "author");

      await ada.fill("Author", "Ada");
      await ada.$("#enter-button").click();
      await ada.shows("#enter-button", "Leave");
      assert.equal(await ada.isVisible("#refusal"), false);
      await ada.click("Clear all");
      await ada.logs("received", /\/notes cleared "Ada"/);
      await ada.fill("Note", "buy milk");
      await ada.click("Add");
      await ada.shows("#notes", /^buy milk\s*Ada$/);
      await ada.logs("answer", /\/notes add \d+/);

      const bo = await come();
      await bo.fill("Author", "Bo");
      await bo.$("#enter-button").click();
      await bo.shows("#notes", /buy milk/);
      await bo.click("Clear all");
      await ada.shows("#notes", "");

      await ada.$("#enter-button").click();
      await ada.shows("#enter-button", "Enter");
      await ada.shows("#state", "connected");
    });

    test("the log is folded away and cleared", async () => {
      const ada = await come();
      await ada.click("Echo");
      await ada.logs("received", /echo/);
      await ada.$("#log-panel summary").click();
      assert.equal(await ada.isVisible("#log"), false);
      await ada.$("#log-panel summary").click();
      await ada.click("Clear");
      assert.equal(await ada.logged("received", /echo/), 0);
    });

    test("the server's disconnect is shown and can be undone", async () => {
      const ada = await come();
      await ada.click("Ask the server to disconnect");
      await ada.shows("#state", "disconnected");
      await ada.shows("#trouble-text", "The server has disconnected you.");
      await ada.logs("received", /goodbye/);
      await ada.logs("state", /io server disconnect/);
      assert.ok(await ada.page.getByRole("button", { name: "Echo" }).isDisabled());
      await ada.click("Connect");
      await ada.shows("#state", "connected");
      assert.equal(await ada.isVisible("#trouble"), false);
      await ada.click("Echo");
      await ada.logs("received", /echo/);
    });

    test("one's own disconnect is shown and can be undone", async () => {
      const [ada, bo] = [await come(), await come()];
      await ada.click("Disconnect");
      await ada.shows("#state", "disconnected");
      await ada.logs("state", /io client disconnect/);
      await bo.logs("received", /left .*client/);
      await ada.click("Connect");
      await ada.shows("#state", "connected");
    });
  });
}
