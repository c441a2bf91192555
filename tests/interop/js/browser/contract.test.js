// The page of the example `contract`: it shows the events, and emits them.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PHONE, usesBrowser, visit } from "../support/browser.js";
import { needsOwnServer, start } from "../support/server.js";

usesBrowser();

async function serve(t) {
  const server = start("contract", ["127.0.0.1:0"], { output: "stderr" });
  t.after(() => server.stop());
  const [, address] = await server.line(/listening addr=(\S+)/);
  return Object.assign(server, { url: `http://${address}` });
}

const open = (server, options) => visit(server, { target: "/socket.io-api/contract.html", ...options });

/** The part of the page for a namespace, and for an event in it. */
const namespace = (visitor, path) => visitor.$(`[id="namespace:${path}"]`);
const event = (visitor, path, name) => visitor.$(`[id="in:${path}:${name}"]`);

async function connect(part, auth) {
  if (auth) await part.getByLabel("auth").fill(auth);
  await part.getByRole("button", { name: "Connect" }).click();
  await part.locator('[data-state="connected"]').waitFor();
}

/** Fills the form of an event, emits it, and waits for what the page shows then. */
async function emit(part, fields, expected) {
  await part.getByText("Emit it").click();
  for (const [label, text] of Object.entries(fields)) await part.getByLabel(label).fill(text);
  await part.getByRole("button", { name: "Emit" }).click();
  await part.locator("output").filter({ hasText: expected }).waitFor();
}

describe("the page of a contract", { skip: needsOwnServer }, () => {
  test("shows namespaces, events, types and docs, and finds them", async (t) => {
    const page = await open(await serve(t));
    const post = event(page, "/chat", "post");
    const text = await post.textContent();
    for (const part of ["Posts a message to a room.", "NewMessage", "guard may_post", "examples/contract.rs:", "number, or if it fails: EventError"]) {
      assert.ok(text.includes(part), part);
    }
    assert.ok((await page.$("#types").textContent()).includes("export interface NewMessage {"));
    assert.ok((await namespace(page, "/chat").textContent()).includes("Accepts clients with a valid token."));
    await page.screenshot("contract");
    await page.fill("Filter events", "presence");
    assert.ok(!(await post.isVisible()));
    assert.ok(await page.$('[id="out:/chat:presence"]').isVisible());
    await page.fill("Filter events", "");
    await post.getByRole("link", { name: "NewMessage" }).click();
    assert.match(page.page.url(), /#type:NewMessage$/);
  });

  test("emits an event, and shows the acknowledgement and what comes back", async (t) => {
    const page = await open(await serve(t));
    const chat = namespace(page, "/chat");
    await connect(chat, '{"name": "ana", "token": "secret"}');
    await chat.locator(".connection .log").getByText("ana").waitFor();
    await emit(event(page, "/chat", "join"), { room: '"lobby"' }, "acknowledged: 1");
    const message = '{"room": "lobby", "text": "</script><b>hello", "picture": {"$base64": "AQIDBA=="}}';
    await emit(event(page, "/chat", "post"), { message }, "acknowledged: 4");
    await chat.locator(".connection .log li").filter({ hasText: "chat message" }).filter({ hasText: "</script><b>hello" }).waitFor();
    await event(page, "/chat", "post").locator(".since").getByText("</script><b>hello").waitFor();
    await page.screenshot("contract-emitted");

    await emit(event(page, "/", "sum"), { first: "1", "...others": "[2, 3.5]" }, /acknowledged: 6.5, 2.1/);
    await page.screenshot("contract-sum");
  });

  test("acknowledges an event that asks for it", async (t) => {
    const page = await open(await serve(t));
    const chat = namespace(page, "/chat");
    await connect(chat, '{"name": "ana", "token": "secret"}');
    const wake = event(page, "/chat", "wake");
    await wake.getByText("Emit it").click();
    await wake.getByRole("button", { name: "Emit" }).click();
    const question = chat.locator(".connection .log li").filter({ hasText: "still there?" });
    await question.getByLabel("acknowledgement").fill("[true]");
    await question.getByRole("button", { name: "Acknowledge" }).click();
    await wake.locator("output").filter({ hasText: "acknowledged: true" }).waitFor();
  });

  test("connects to a namespace with a parameter", async (t) => {
    const page = await open(await serve(t));
    const job = namespace(page, "/job/{id}");
    await job.getByLabel("namespace").fill("/job/7");
    await emit(event(page, "/job/{id}", "refresh"), {}, "acknowledged: (no value)");
    await job.locator(".connection .log li").filter({ hasText: '"state": "running"' }).waitFor();
    await emit(event(page, "/job/{id}", "parts"), { "depth": "2" }, "level 2");
  });

  test("says what is wrong: a refused client, an invalid field, a failed event", async (t) => {
    const page = await open(await serve(t));
    const chat = namespace(page, "/chat");
    await chat.getByLabel("auth").fill('{"name": "ana", "token": "wrong"}');
    await chat.getByRole("button", { name: "Connect" }).click();
    await chat.getByText("refused: wrong token").waitFor();
    const join = event(page, "/chat", "join");
    await emit(join, { room: "lobby" }, /^room: /);
    await join.getByLabel("room").fill("7");
    await chat.getByLabel("auth").fill('{"name": "ana", "token": "secret"}');
    await join.getByRole("button", { name: "Emit" }).click();
    await join.locator("output").filter({ hasText: /"error": "argument 1: / }).waitFor();
  });

  test("has room on a phone", async (t) => {
    const page = await open(await serve(t), { viewport: PHONE });
    const overflow = await page.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.equal(overflow, 0);
    await page.screenshot("contract-phone");
  });
});

describe("the page of a contract beside the HTTP API", { skip: needsOwnServer }, () => {
  test("asks for a token, and then shows the contract", async (t) => {
    const server = start("api", ["127.0.0.1:0"], { output: "stderr", env: { API_TOKEN: "0123456789abcdef0123456789abcdef" } });
    t.after(() => server.stop());
    const [, address] = await server.line(/listening addr=(\S+)/);
    // The browser reports the status 401 as an error.
    const page = await open(Object.assign(server, { url: `http://${address}` }), { losesServer: true, viewport: PHONE });
    await page.screenshot("contract-token");
    const form = page.$("form");
    await form.getByLabel("A token").fill("wrong");
    await form.getByRole("button").click();
    await page.$("[role=alert]").filter({ hasText: "This token is wrong." }).waitFor();
    await form.getByLabel("A token").fill("0123456789abcdef0123456789abcdef");
    await form.getByRole("button").click();
    const root = namespace(page, "/");
    await root.waitFor();
    await connect(root);
    await emit(event(page, "/", "chat message"), { text: '"hello"' }, "acknowledged: 5");
  });
});
