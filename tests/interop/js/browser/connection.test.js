// The chat while the server can't be reached, and afterwards.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CLIENTS, PHONE, enter, usesBrowser, visit } from "../support/browser.js";
import { needsOwnServer, ownChat } from "../support/server.js";

usesBrowser();

for (const client of CLIENTS) {
  describe(`a server that comes and goes, with the ${client} client`, { skip: needsOwnServer }, () => {
    async function serve(t, options) {
      const server = await ownChat({ client, ...options });
      t.after(() => server.stop());
      return server;
    }

    test("when a killed server is back, the page and its rooms are as before", async (t) => {
      const first = await serve(t);
      const ada = await enter(first, { losesServer: true });
      await ada.shows("#transport", "websocket");
      await ada.rename("Ada");
      await ada.join("kitchen");
      await ada.fill("Author", "Ada");
      await ada.$("#enter-button").click();
      await ada.shows("#enter-button", "Leave");

      await first.stop();
      await ada.shows("#state", "connecting");
      await ada.shows("#trouble-text", "Connection lost, trying again …");
      await ada.logs("state", /connection lost/);
      await ada.screenshot(`lost-${client}`);
      assert.equal(await ada.isVisible("#refusal"), false);
      assert.equal(await ada.logged("state", /refused/), 0);
      for (const name of ["Send", "Join", "Echo"]) assert.ok(await ada.page.getByRole("button", { name, exact: true }).isDisabled());

      const second = await serve(t, { port: first.port });
      await ada.shows("#state", "connected");
      assert.equal(await ada.isVisible("#trouble"), false);
      await ada.reads(/^Connected again, and back in this room/);
      await ada.shows("#people .self", /^Ada/);
      await ada.shows("#enter-button", "Leave");
      const bo = await enter(second);
      await bo.join("kitchen");
      await bo.say("still here?");
      await ada.reads("still here?");
    });

    test("a refusal disappears when its form is used again or the client is accepted", async (t) => {
      const ada = await enter(await serve(t));
      await ada.$("#enter-button").click();
      await ada.shows("#refusal", "a name is needed");
      await ada.fill("Author", "Ada");
      await ada.$("#enter-button").click();
      await ada.logs("state", /\/notes entered/);
      assert.equal(await ada.isVisible("#refusal"), false);
    });

    test("a server that shuts down is waited for, too", async (t) => {
      const first = await serve(t);
      const ada = await enter(first, { losesServer: true, viewport: PHONE });
      // Seen once without waiting for this: the official client had not noticed ten seconds after the process was gone.
      await ada.shows("#transport", "websocket");
      first.signal("SIGTERM");
      await first.gone;
      await ada.shows("#trouble-text", "Connection lost, trying again …");
      await serve(t, { port: first.port });
      await ada.shows("#state", "connected");
      await ada.say("back");
      await ada.reads("back");
    });

    test("nothing can be pressed before there is a connection", async (t) => {
      const server = await serve(t);
      // The server's first answer never comes.
      const ada = await visit(server, { prepare: (page) => page.route(/EIO=4/, () => {}) });
      await ada.shows("#client", /./);
      await ada.shows("#state", "connecting");
      const enabled = await ada.$("main :is(button, input):enabled").evaluateAll((all) => all.map((each) => each.id || each.textContent));
      // Only these need no connection.
      assert.deepEqual(enabled, ["Everybody", "clear-log"]);
      const colors = await ada.page.evaluate(() => {
        const state = document.getElementById("state");
        const color = getComputedStyle(state).color;
        state.dataset.state = "disconnected";
        return [color, getComputedStyle(state).color];
      });
      assert.notEqual(colors[0], colors[1], "connecting is not shown as an alarm");
    });

    test("a page without its scripts can't be used by mistake", async (t) => {
      const server = await serve(t);
      const ada = await visit(server, { losesServer: true, prepare: (page) => page.route(/\.js$/, (route) => route.abort()) });
      const enabled = await ada.$("main fieldset :is(button, input):enabled").count();
      assert.equal(enabled, 0);
    });
  });
}
