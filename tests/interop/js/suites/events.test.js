import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connect, onEveryTransport } from "../support/client.js";
import { conformance } from "../support/server.js";

let server;
before(async () => { server = await conformance(); });
after(() => server?.stop());

const bytes = (length, seed = 0) => Buffer.from(Array.from({ length }, (_, i) => (i * 31 + seed) % 256));
// Clients hand binary back as a Buffer; typed arrays and array buffers go in as such.
const same = (received, sent) => assert.ok(Buffer.from(received).equals(Buffer.from(sent)), "the bytes differ");

const SHAPES = {
  "no argument": [],
  "one argument": ["hello"],
  "several arguments": [1, "2", { 3: [true] }],
  "null, false, zero and the empty string": [null, false, 0, ""],
  "empty containers": [[], {}, [[]], [{}]],
  "numbers of every kind": [0, -1, 1.5, -2.25e-7, 1e21, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
  "text in many scripts": ["grüße", "日本語", "עברית", "👩‍👩‍👧‍👦", "a\u0000b", "\u2028\u2029", '"\\/\b\f\n\r\t'],
  "text that looks like a packet": ["42[\"message\"]", "\u001e", "451-[]", "b64"],
  "keys of every kind": [{ "": 1, " ": 2, "größe": 3, "a.b": 4, __proto__x: 5, _placeholder: false, num: 0 }],
  // A hundred levels: the server takes 128.
  "a deep structure": [Array.from({ length: 50 }).reduce((inner) => ({ inner: [inner] }), "core")],
};

onEveryTransport("events", (transports) => {
  for (const [shape, args] of Object.entries(SHAPES)) {
    test(`${shape} go there and back`, async (t) => {
      const client = await connect(t, server.url, { transports });
      client.emit("message", ...args);
      assert.deepEqual(await client.next("message-back"), args);
    });
  }

  test("binary goes there and back", async (t) => {
    const client = await connect(t, server.url, { transports });
    const sent = bytes(1024);
    client.emit("message", sent);
    const [received] = await client.next("message-back");
    assert.ok(Buffer.isBuffer(received));
    same(received, sent);
  });

  test("every kind of byte container a client knows is binary", async (t) => {
    const client = await connect(t, server.url, { transports });
    const buffer = bytes(5);
    const array = new Uint8Array([0, 127, 128, 255]);
    client.emit("message", buffer, array, array.buffer, new Uint8Array(0));
    const received = await client.next("message-back");
    same(received[0], buffer);
    same(received[1], array);
    same(received[2], array);
    same(received[3], Buffer.alloc(0));
  });

  test("binary keeps its place deep inside a structure", async (t) => {
    const client = await connect(t, server.url, { transports });
    const [first, second, third] = [bytes(3, 1), bytes(300, 2), bytes(1, 3)];
    client.emit("message", { list: [first, { deep: [null, [second]] }], name: "x" }, "between", third);
    const [structure, between, last] = await client.next("message-back");
    same(structure.list[0], first);
    same(structure.list[1].deep[1][0], second);
    assert.equal(structure.list[1].deep[0], null);
    assert.equal(structure.name, "x");
    assert.equal(between, "between");
    same(last, third);
  });

  test("text and binary events arrive in the order in which they were sent", async (t) => {
    const client = await connect(t, server.url, { transports });
    for (let i = 0; i < 100; i += 1) client.emit("message", i, i % 2 ? bytes(i, i) : "text");
    for (let i = 0; i < 100; i += 1) {
      const [number, payload] = await client.next("message-back");
      assert.equal(number, i);
      if (i % 2) same(payload, bytes(i, i));
      else assert.equal(payload, "text");
    }
  });

  test("ten attachments are as many as an event may have", async (t) => {
    const client = await connect(t, server.url, { transports });
    const sent = Array.from({ length: 10 }, (_, i) => bytes(i + 1, i));
    client.emit("message", sent);
    const [received] = await client.next("message-back");
    assert.equal(received.length, 10);
    received.forEach((part, i) => same(part, sent[i]));
  });

  test("a thousand messages come back complete and in order", async (t) => {
    const client = await connect(t, server.url, { transports });
    for (let i = 0; i < 1000; i += 1) client.emit("message", i);
    for (let i = 0; i < 1000; i += 1) assert.deepEqual(await client.next("message-back"), [i]);
  });

  test("a text of 900 kB goes there and back", async (t) => {
    const client = await connect(t, server.url, { transports });
    const text = "0123456789".repeat(90_000);
    client.emit("message", text);
    const [received] = await client.next("message-back");
    assert.ok(received === text, "the text differs");
  });

  test("600 kB of binary go there and back", async (t) => {
    const client = await connect(t, server.url, { transports });
    const sent = bytes(600_000);
    client.emit("message", sent);
    const [received] = await client.next("message-back");
    same(received, sent);
  });

  test("a message above the limit ends only the connection of its sender", async (t) => {
    const sender = await connect(t, server.url, { transports });
    const other = await connect(t, server.url, { transports });
    // Before an upgrade has settled, either transport may be the one that meets the limit.
    const end = sender.disconnected();
    sender.emit("message", "x".repeat(1_100_000));
    assert.match(await end, /^transport (close|error)$/);
    assert.deepEqual(await other.call("message-with-ack", "fine"), ["fine"]);
  });

  test("an event without a handler has no effect, whatever its name", async (t) => {
    const client = await connect(t, server.url, { transports });
    for (const name of ["größe", "日本語", "👋", "with space", "", "error", "constructor", "__proto__", "*", "x".repeat(500)]) {
      client.emit(name, "payload");
    }
    assert.deepEqual(await client.call("message-with-ack", "alive"), ["alive"]);
    assert.ok(client.socket.connected);
  });

  test("an event with an unusual name goes to no other handler", async (t) => {
    const client = await connect(t, server.url, { transports });
    for (const name of ["Message", "message ", "message\u0000", "messagе"]) client.emit(name, "wrong");
    client.emit("message", "right");
    assert.deepEqual(await client.next("message-back"), ["right"]);
    assert.equal(client.untaken("message-back"), 0);
  });
});
