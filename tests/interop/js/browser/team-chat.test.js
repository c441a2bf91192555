// The example `team_chat`: accounts, channels with history and presence, in two browsers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DESKTOP, SMALL_PHONE, usesBrowser, visit } from "../support/browser.js";
import { freePort, needsOwnServer, start } from "../support/server.js";

usesBrowser();

async function register(server, name, options) {
  const visitor = await visit(server, options);
  await visitor.shows("#state", "not logged in");
  await visitor.fill("Name", name);
  await visitor.fill("Password", "correct horse");
  await visitor.click("Register");
  await visitor.shows("#state", "connected");
  return visitor;
}

test("a team talks, is shown who is online, and logs out", { skip: needsOwnServer }, async (t) => {
  const address = `127.0.0.1:${await freePort()}`;
  const server = start("../team-chat", [address, "sqlite::memory:"]);
  t.after(() => server.stop());
  await server.line(/^http:/);
  server.url = `http://${address}`;

  const ada = await register(server, "ada", { viewport: DESKTOP });
  await ada.fill("Message", "hello <b>team</b>");
  await ada.click("Send");
  await ada.shows("#messages", /ada ?hello <b>team<\/b>/);

  const bo = await register(server, "bo", { viewport: SMALL_PHONE });
  await bo.shows("#messages", /hello <b>team<\/b>/);
  await ada.shows("#online", "online: ada, bo");
  await bo.fill("Message", "hi ada");
  await ada.shows("#typing", "bo is typing");
  await bo.click("Send");
  await ada.shows("#messages", /hi ada/);
  assert.equal(await bo.page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
  await ada.screenshot("team-chat-desktop");
  await bo.screenshot("team-chat-small-phone");

  await bo.page.reload();
  await bo.shows("#state", "connected");
  await bo.click("Log out");
  await bo.shows("#state", "not connected");
  await ada.shows("#online", "online: ada");
});
