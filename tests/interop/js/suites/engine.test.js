// Engine.IO alone, with its own official client, against a server that sends every message back.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Socket } from "engine.io-client";
import { happened, onEveryTransport } from "../support/client.js";
import { conformance } from "../support/server.js";

let server;
before(async () => { server = await conformance(); });
after(() => server?.stop());

onEveryTransport("engine.io", (transports, name) => {
  async function open(t, options = {}) {
    const socket = new Socket(server.url, { path: "/engine.io/", transports, ...options });
    t.after(() => socket.close());
    const received = [];
    socket.on("message", (message) => received.push(message));
    await happened(socket, "open");
    return {
      socket,
      /** Resolves with the messages once there are `count` of them. */
      async messages(count) {
        while (received.length < count) await happened(socket, "message");
        return received;
      },
    };
  }

  test("text comes back unchanged", async (t) => {
    const { socket, messages } = await open(t);
    const sent = ["hello", "grüße 日本語 👩‍🚀", "a\nb\u0000c", "4", "b64", "{\"json\":true}"];
    sent.forEach((message) => socket.send(message));
    assert.deepEqual(await messages(sent.length), sent);
  });

  test("bytes come back unchanged", async (t) => {
    const { socket, messages } = await open(t);
    const sent = [Buffer.from([1, 2, 3]), Buffer.alloc(0), Buffer.from("not \u001e text"), Buffer.alloc(70_000, 7)];
    sent.forEach((message) => socket.send(message));
    const received = await messages(sent.length);
    received.forEach((message, i) => assert.ok(Buffer.from(message).equals(sent[i]), `message ${i}`));
  });

  test("bytes may travel as text in both directions", async (t) => {
    const { socket, messages } = await open(t, { forceBase64: true });
    if (name === "upgrade") await happened(socket, "upgrade");
    const sent = [Buffer.from([1, 2, 3]), "text", Buffer.alloc(0), Buffer.alloc(70_000, 7)];
    sent.forEach((message) => socket.send(message));
    const received = await messages(sent.length);
    received.forEach((message, i) => assert.ok(Buffer.from(message).equals(Buffer.from(sent[i])), `message ${i}`));
  });

  test("messages are not lost, repeated or reordered, also during an upgrade", async (t) => {
    const { socket, messages } = await open(t);
    let sent = 0;
    const burst = () => { for (let i = 0; i < 100; i += 1) socket.send(`${sent++}`); };
    burst();
    if (name === "upgrade") {
      socket.once("upgrading", burst);
      socket.once("upgrade", burst);
      await happened(socket, "upgrade");
    }
    burst();
    const received = await messages(sent);
    assert.deepEqual(received.slice(0, sent), Array.from({ length: sent }, (_, i) => `${i}`));
    assert.equal(received.length, sent);
  });

  test("a client that closes is closed", async (t) => {
    const { socket } = await open(t);
    const end = happened(socket, "close");
    socket.close();
    assert.equal((await end)[0], "forced close");
  });
});
