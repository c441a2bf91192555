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
  const text = async (client, tokens) => {
    let text = "";
    for (let i = 0; i < tokens; i += 1) text += (await client.next("token"))[0];
    return text;
  };

  test("the tokens come one by one, and the end is the acknowledgement", { skip: needsOwnServer }, async (t) => {
    const server = await example(t, "llm");
    const client = await connect(t, server.url, { transports });
    const [joined] = await client.call("open", "a", null);
    assert.equal(joined.recovered, true);
    const [end] = await client.call("ask", "a", "what?");
    assert.equal(end.position.epoch, joined.epoch);
    assert.equal(end.position.seq, joined.seq + 1 + end.items);
    const [prompt] = await client.next("asked");
    assert.equal(prompt, "what?");
    const answer = await text(client, end.items);
    assert.match(answer, /^That is a good question\. .*where it stands\.$/);
    assert.equal(client.untaken("token"), 0);

    // A client that joins later gets all tokens.
    const late = await connect(t, server.url, { transports });
    await late.call("open", "a", null);
    await late.next("asked");
    assert.equal(await text(late, end.items), answer);
  });

  test("a stream continues without its client, which resumes it at its position", { skip: needsOwnServer }, async (t) => {
    const server = await example(t, "llm");
    const [first, second] = [await connect(t, server.url, { transports }), await connect(t, server.url, { transports })];
    for (const client of [first, second]) await client.call("open", "b", null);
    first.emit("ask", "b", "who?");
    const [begun] = await first.next("token");
    const [, position] = await first.next("token");
    first.socket.disconnect();
    await text(second, 5);

    const back = await connect(t, server.url, { transports });
    const [joined] = await back.call("open", "b", position);
    assert.equal(joined.recovered, true);
    assert.notEqual(await text(back, 1), begun);
    assert.deepEqual(await back.call("stop", "b"), [1]);
    assert.deepEqual(await back.call("stop", "b"), [0]);

    // After a restart, a position is not known.
    const [forgotten] = await back.call("open", "c", `AAAAAAAA.${joined.seq}`);
    assert.equal(forgotten.recovered, false);
  });

  test("a client that has not opened a chat can't ask in it", { skip: needsOwnServer }, async (t) => {
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

  test("retries of the client do not repeat chunks", { skip: needsOwnServer }, async (t) => {
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
