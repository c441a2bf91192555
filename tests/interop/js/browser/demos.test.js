// The pages of the other examples, with the own client and without internet.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CLIENTS, DESKTOP, SMALL_PHONE, enter, usesBrowser, visit } from "../support/browser.js";
import { needsOwnServer, start } from "../support/server.js";

usesBrowser();

/** One of the examples that print where they listen in the log. */
async function serve(t, example, client, address = "127.0.0.1:0") {
  const server = start(example, [address, "--client", client], { output: "stderr" });
  t.after(() => server.stop());
  const [, listening] = await server.line(/listening addr=(\S+)/);
  return Object.assign(server, { url: `http://${listening}`, address: listening });
}

for (const client of CLIENTS) {
  describe(`the examples' pages, with the ${client} client`, { skip: needsOwnServer }, () => {
    for (const example of ["functions", "class_based"]) {
      test(`${example}: what is sent comes back as replies`, async (t) => {
        const server = await serve(t, example, client);
        const [ada, bo] = [await enter(server), await enter(server, { viewport: SMALL_PHONE })];
        await ada.shows("#state", "connected by websocket");
        await ada.shows("#latency", /^\d+$/);
        await ada.$('[data-event="echo"] input').fill("hello");
        await ada.click("Echo");
        await ada.shows("#log", /hello/);
        await ada.$('[data-event="broadcast"] input').fill("all of you");
        await ada.click("Broadcast");
        await bo.shows("#log", /all of you/);
        assert.equal(await bo.page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
        await ada.screenshot(`${example}-${client}`);
        await ada.click("Disconnect");
        await ada.shows("#state", "disconnected");
        assert.ok(await ada.page.getByRole("button", { name: "Echo" }).isDisabled());
      });
    }

    test("sessions: a user who has logged in is greeted, and writes notes", async (t) => {
      const server = await serve(t, "sessions", client);
      const ada = await visit(server, { viewport: DESKTOP });
      await ada.shows("#state", /log in/);
      assert.ok(await ada.page.getByRole("button", { name: "Note", exact: true }).isDisabled());
      await ada.fill("name", "Ada");
      await ada.click("Log in");
      await ada.shows("#state", "Hello, Ada!");
      await ada.fill("note", "milk");
      await ada.click("Note");
      await ada.shows("#noted", /^1 note/);
      await ada.screenshot(`sessions-${client}`);
      await ada.click("Log out");
      await ada.shows("#state", /log in/);
    });

    test("exactly_once: an order whose connection is lost is made once, and the parcel is announced afterwards", async (t) => {
      const server = await serve(t, "exactly_once", client);
      const ada = await visit(server, { viewport: DESKTOP, losesServer: true });
      await ada.shows("#state", "connected");
      await ada.fill("what to order", "green tea");
      await ada.click("Order");
      await ada.shows("#pending", "green tea");
      await ada.click("Lose the connection for 5 seconds");
      await ada.shows("#state", "connection lost");
      await ada.shows("#state", "connected");
      await ada.shows("#receipts", "no. 1: green tea");
      await ada.shows("#parcels", "no. 1: green tea is there");
      await ada.shows("#book", "green tea for you");
      await ada.screenshot(`exactly_once-${client}`);
    });

    test("a page waits for a server that was killed", async (t) => {
      const first = await serve(t, "functions", client);
      const ada = await enter(first, { losesServer: true });
      await ada.shows("#state", "connected by websocket");
      await first.stop();
      await ada.shows("#state", "connecting");
      await serve(t, "functions", client, first.address);
      await ada.shows("#state", /^connected/);
    });
  });
}
