// The examples `llm` and `upload`, as people use them: answers that survive F5 and a lost connection, files with progress.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DESKTOP, PHONE, usesBrowser, visit } from "../support/browser.js";
import { freePort, needsOwnServer, start } from "../support/server.js";

usesBrowser();

async function example(t, name, client) {
  const server = start(name, ["--port", "0", "--client", client]);
  t.after(() => server.stop());
  const [url] = await server.line(/http:\/\/[\d.]+:\d+/);
  return Object.assign(server, { url });
}

const sideways = (visitor) => visitor.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
const ANSWER = /That is a good question\. .*where it stands\.$/;

for (const client of ["own", "official"]) {
  test(`an answer survives F5 and a lost connection, and is seen elsewhere, ${client} client`, { skip: needsOwnServer }, async (t) => {
    const server = await example(t, "llm", client);
    const ana = await visit(server, { viewport: DESKTOP, losesServer: true });
    await ana.shows("#state", "connected");
    await ana.fill("Question", "Does it come back?");
    await ana.click("Ask");
    await ana.shows("#said .answer", /That is a good/);
    await ana.screenshot(`llm-${client}-desktop`);
    const bo = await visit(server, { viewport: PHONE, target: `/${new URL(ana.page.url()).hash}`, colorScheme: "dark" });
    await bo.shows("#said .answer", /That is a good/);
    await ana.page.reload();
    await ana.shows("#state", "connected");
    await ana.shows("#said .question", "Does it come back?");
    // The official client keeps events that arrive while it closes its own connection, but not their offsets. Over a WebSocket, there are none.
    await ana.page.waitForFunction(() => {
      const { engine } = socket.io;
      if (engine.upgrading || engine.transport?.name === "polling") return false;
      engine.close();
      return true;
    });
    await ana.shows("#state", "connected");
    await ana.shows("#said .answer", ANSWER);
    await bo.shows("#said .answer", ANSWER);
    assert.equal(await ana.$("#said .answer").textContent(), await bo.$("#said .answer").textContent());
    assert.equal(await sideways(bo), 0);
    await bo.screenshot(`llm-${client}-phone-dark`);
  });
}

test("an answer is stopped, and the next question is asked", { skip: needsOwnServer }, async (t) => {
  const server = await example(t, "llm", "own");
  const ana = await visit(server);
  await ana.shows("#state", "connected");
  await ana.fill("Question", "How long?");
  await ana.click("Ask");
  await ana.shows("#said .answer", /question/);
  await ana.click("Stop");
  await ana.$("#ask").waitFor({ state: "visible" });
  const stopped = await ana.$("#said .answer").textContent();
  assert.doesNotMatch(stopped, ANSWER);
  await ana.fill("Question", "And now?");
  await ana.click("Ask");
  await ana.shows("#said .answer >> nth=1", /question/);
  assert.equal(await ana.$("#said .answer").first().textContent(), stopped);
});

test("after a restart of the server, the page shows that events were missed", { skip: needsOwnServer }, async (t) => {
  const port = await freePort();
  const begin = async () => {
    const server = start("llm", ["--port", String(port), "--client", "official"]);
    t.after(() => server.stop());
    await server.line(/http:/);
    return Object.assign(server, { url: `http://127.0.0.1:${port}` });
  };
  const first = await begin();
  const ana = await visit(first, { losesServer: true });
  await ana.shows("#state", "connected");
  await ana.fill("Question", "Who knows?");
  await ana.click("Ask");
  await ana.shows("#said .answer", /question/);
  await first.stop();
  await ana.shows("#state", "reconnecting");
  await begin();
  await ana.shows("#state", "connected");
  await ana.shows("#notice", "The server was restarted: what was said meanwhile is lost.");
  await ana.shows("#said .question", "Who knows?");
  await ana.screenshot("llm-restarted");
});

for (const [client, viewport] of [["own", PHONE], ["official", DESKTOP]]) {
  test(`files are uploaded with progress, ${client} client`, { skip: needsOwnServer }, async (t) => {
    const server = await example(t, "upload", client);
    const ana = await visit(server, { viewport });
    await ana.shows("#state", "connected");
    const file = (name, bytes) => ({ name, mimeType: "application/octet-stream", buffer: Buffer.alloc(bytes, name) });
    await ana.page.setInputFiles("#pick", [file("holiday.jpg", 2_500_000), file("notes.txt", 300), file("empty", 0)]);
    await ana.shows("#files li >> nth=0", /holiday\.jpg ?2\.5 MB stored/);
    await ana.shows("#files li >> nth=1", /notes\.txt ?1 kB stored/);
    await ana.shows("#files li >> nth=2", /empty ?0 kB stored/);
    assert.equal(await sideways(ana), 0);
    await ana.screenshot(`upload-${client}`);
  });
}
