// Streams and uploads with the official client, against the examples `llm` and `upload`.
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { connect, onEveryTransport } from "../support/client.js";
import { needsOwnServer, start } from "../support/server.js";

async function example(t, name) {
  const server = start(name, ["--port", "0"]);
  t.after(() => server.stop());
  const [url] = await server.line(/http:\/\/[\d.]+:\d+/);
  return Object.assign(server, { url });
}

onEveryTransport("streams", (transports) => {
  test("the tokens come one by one, and the end is the acknowledgement", { skip: needsOwnServer }, async (t) => {
    const server = await example(t, "llm");
    const client = await connect(t, server.url, { transports });
    assert.deepEqual(await client.call("open", "a"), [[]]);
    const [end] = await client.call("ask", "a", "what?");
    assert.deepEqual(await client.next("asked"), [0, "what?"]);
    let text = "";
    for (let i = 0; i < end.items; i += 1) {
      const [token] = await client.next("token");
      assert.equal(token.at, [...text].length);
      text += token.text;
    }
    assert.match(text, /^That is a good question\. .*where it stands\.$/);
    assert.equal(client.untaken("token"), 0);
    assert.deepEqual(await client.call("open", "a"), [["what?", text]]);
  });

  test("a stream goes on without its client, and is stopped by another one", { skip: needsOwnServer }, async (t) => {
    const server = await example(t, "llm");
    const [first, second] = [await connect(t, server.url, { transports }), await connect(t, server.url, { transports })];
    for (const client of [first, second]) await client.call("open", "b");
    first.emit("ask", "b", "who?");
    await first.next("token");
    first.socket.disconnect();
    const [begun] = await second.next("token");
    assert.equal(begun.at, 0);
    await second.next("token");
    await second.next("token");
    assert.deepEqual(await second.call("stop", "b"), [1]);
    assert.deepEqual(await second.call("stop", "b"), [0]);
    const [[, stopped]] = await second.call("open", "b");
    const [[, later]] = await second.call("open", "b");
    assert.equal(later, stopped);
  });

  test("one that has not opened a chat can't ask in it", { skip: needsOwnServer }, async (t) => {
    const server = await example(t, "llm");
    const client = await connect(t, server.url, { transports });
    assert.deepEqual(await client.call("ask", "c", "why?"), [{ error: "open the chat first" }]);
  });
});

onEveryTransport("uploads", (transports) => {
  const head = (id, offset, total) => ({ id, offset, total, name: "a.bin" });

  test("slices are acknowledged, and the last with what was stored", { skip: needsOwnServer }, async (t) => {
    const server = await example(t, "upload");
    const client = await connect(t, server.url, { transports });
    const file = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251));
    const size = 65_536;
    for (let offset = 0; offset < file.length; offset += size) {
      const [answer] = await client.call("upload", head("1", offset, file.length), file.subarray(offset, offset + size));
      if (offset + size < file.length) assert.deepEqual(answer, { received: offset + size });
      else assert.deepEqual(answer, { name: "a.bin", bytes: file.length, sum: file.reduce((sum, byte) => sum + byte, 0) });
    }
  });

  test("retries of the client pass nothing on twice", { skip: needsOwnServer }, async (t) => {
    const server = await example(t, "upload");
    const client = await connect(t, server.url, { transports, retries: 3, ackTimeout: 5_000 });
    const send = (offset, ...bytes) => client.socket.emitWithAck("upload", head("1", offset, 4), Buffer.from(bytes));
    assert.deepEqual(await send(0, 1, 2), { received: 2 });
    assert.deepEqual(await send(0, 1, 2), { received: 2 });
    assert.deepEqual(await send(2, 3, 4), { name: "a.bin", bytes: 4, sum: 10 });
    assert.deepEqual(await send(2, 3, 4), { name: "a.bin", bytes: 4, sum: 10 });
  });

  test("an upload that is not finished leaves no file behind", { skip: needsOwnServer }, async (t) => {
    const server = await example(t, "upload");
    const client = await connect(t, server.url, { transports });
    await client.call("upload", head("1", 0, 100), Buffer.alloc(10));
    const directories = (await readdir(tmpdir())).filter((name) => name === `socketio-upload-${server.pid}`);
    assert.equal(directories.length, 1);
    const files = () => readdir(path.join(tmpdir(), directories[0]));
    assert.equal((await files()).length, 1);
    client.socket.disconnect();
    for (const deadline = Date.now() + 10_000; (await files()).length > 0;) assert.ok(Date.now() < deadline, "it is still there");
  });
});
