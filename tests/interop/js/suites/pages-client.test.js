// The small client of the examples' pages, on the same servers as the official one.
import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { WebSocket } from "ws";
import { Client, happened, onEveryTransport } from "../support/client.js";
import { conformance, needsOwnServer, ownConformance } from "../support/server.js";

// Node has a WebSocket of its own since version 22 only.
globalThis.WebSocket ??= WebSocket;
await import("../../../../examples/page/client.js");
const { io } = globalThis;

const QUICK = { reconnectionDelay: 20, randomizationFactor: 0 };

function open(t, url, options = {}) {
  const socket = io(url, { forceNew: true, ...options });
  t.after(() => socket.io.options.reconnection = false);
  t.after(() => socket.io.engine.fail("test over"));
  return new Client(socket);
}

async function connect(t, url, options) {
  const client = open(t, url, options);
  await client.connected();
  return client;
}

let server;
before(async () => { server = await conformance(); });
after(() => server?.stop());

onEveryTransport("the pages' client", (transports, name) => {
  test("connects, and upgrades if it may", async (t) => {
    const client = await connect(t, server.url, { transports });
    if (name === "upgrade") await client.upgraded();
    assert.equal(client.socket.io.engine.transport.name, name === "polling" ? "polling" : "websocket");
    assert.match(client.id, /^[\w-]{20}$/);
    assert.deepEqual(await client.call("message-with-ack", 1, "zwei 👩‍🚀", { three: [null] }), [1, "zwei 👩‍🚀", { three: [null] }]);
    assert.equal(await client.socket.emitWithAck("message-with-ack", "first", "second"), "first");
  });

  test("keeps the order of many events, also across the upgrade", async (t) => {
    const client = open(t, server.url, { transports });
    const numbers = Array.from({ length: 300 }, (_, i) => i);
    for (const number of numbers) client.emit("message", number);
    for (const number of numbers) assert.deepEqual(await client.next("message-back"), [number]);
  });

  test("sends the data of `auth`, an object or a function", async (t) => {
    for (const auth of [{ token: "abc" }, (send) => setTimeout(send, 1, { token: "abc" })]) {
      const client = await connect(t, server.url, { transports, auth });
      assert.deepEqual(await client.next("auth"), [{ token: "abc" }]);
    }
  });

  test("sends and receives binary data, in events and acknowledgements", async (t) => {
    const client = await connect(t, server.url, { transports });
    const binary = Uint8Array.from({ length: 300 }, (_, i) => i % 256);
    const arrived = (value) => assert.deepEqual(new Uint8Array(value), binary);
    client.emit("message", "text", binary, { deep: [binary.buffer] });
    const [text, flat, { deep }] = await client.next("message-back");
    assert.equal(text, "text");
    arrived(flat);
    arrived(deep[0]);
    const answer = await client.call("message-with-ack", binary, binary.subarray(1, 3));
    arrived(answer[0]);
    assert.deepEqual(new Uint8Array(answer[1]), binary.slice(1, 3));
  });

  test("answers the questions of the server", async (t) => {
    const client = await connect(t, server.url, { transports });
    client.socket.on("question", (question, answer) => {
      answer(question, "two");
      assert.doesNotThrow(() => answer("again"));
    });
    const [question, answer] = await client.call("ask", "why?");
    assert.deepEqual([question, answer], ["why?", "why?"]);
  });

  test("is refused with a message and data, and does not try again", async (t) => {
    const client = open(t, `${server.url}/refused`, { transports, auth: { who: "ana" } });
    const error = await client.refused();
    assert.deepEqual([error.message, error.data], ["not today", { who: "ana" }]);
    assert.equal(client.socket.active, false);
  });

  test("shares a connection between namespaces", async (t) => {
    const main = await connect(t, server.url, { transports });
    const custom = main.socket.io.socket("/custom", { auth: { custom: true } });
    const [auth] = await happened(custom, "auth");
    assert.deepEqual(auth, { custom: true });
    const engine = main.socket.io.engine;
    main.socket.disconnect();
    assert.equal(engine.readyState, "open", "the other namespace needs it");
    custom.disconnect();
    assert.equal(engine.readyState, "closed");
    custom.connect();
    await happened(custom, "connect");
  });

  test("can be disconnected at any time", async (t) => {
    const client = open(t, server.url, { transports });
    client.socket.disconnect();
    client.socket.connect();
    await client.connected();
    // Perhaps in the middle of the upgrade.
    const end = client.disconnected();
    client.socket.disconnect();
    assert.equal(await end, "io client disconnect");
    assert.equal(client.socket.active, false);
    client.socket.connect();
    await happened(client.socket, "connect");
    assert.deepEqual(await client.call("message-with-ack", "back"), ["back"]);
  });

  test("notices a silent server", { skip: needsOwnServer }, async (t) => {
    const own = await ownConformance({ "ping-interval": 100, "ping-timeout": 300 });
    t.after(() => own.stop());
    const client = await connect(t, own.url, { transports });
    if (name === "upgrade") await client.upgraded();
    for (let pings = 0; pings < 3; pings += 1) await happened(client.socket.io.engine, "ping");
    const end = client.disconnected();
    await own.freeze();
    assert.equal(await end, "ping timeout");
    assert.ok(client.socket.active);
  });

  test("comes back to a server that was killed and started again", { skip: needsOwnServer }, async (t) => {
    let own = await ownConformance();
    t.after(() => own.stop());
    const client = await connect(t, own.url, { transports, ...QUICK });
    const { id } = client;
    const end = client.disconnected();
    await own.stop();
    assert.match(await end, /^transport (close|error)$/);
    assert.deepEqual([client.socket.connected, client.socket.active, client.id], [false, true, undefined]);
    client.emit("message", "while it was gone");
    const [error] = await happened(client.socket, "connect_error");
    assert.ok(error instanceof Error);
    assert.ok(client.socket.active, "lost, not refused");

    own = await ownConformance({ port: own.port });
    assert.deepEqual(await client.next("message-back"), ["while it was gone"]);
    assert.notEqual(client.id, id);
  });

  test("fails the acknowledgements that are lost with the connection", { skip: needsOwnServer }, async (t) => {
    const own = await ownConformance();
    t.after(() => own.stop());
    const client = await connect(t, own.url, { transports, ...QUICK });
    await own.freeze();
    const lost = assert.rejects(client.socket.emitWithAck("message-with-ack", 1), /lost/);
    await own.stop();
    await lost;
  });
});

describe("the pages' client", () => {
  test("splits data that is too large for one request", { skip: needsOwnServer }, async (t) => {
    const own = await ownConformance({ "max-payload": 1000 });
    t.after(() => own.stop());
    const client = open(t, own.url, { transports: ["polling"] });
    for (let i = 0; i < 20; i += 1) client.emit("message", `${i} ${"ü".repeat(150)}`);
    for (let i = 0; i < 20; i += 1) assert.match((await client.next("message-back"))[0], new RegExp(`^${i} ü{150}$`));
  });

  test("waits longer after each failure, up to a limit", async (t) => {
    const refuser = createServer((_, response) => response.writeHead(503).end()).listen(0, "127.0.0.1");
    t.after(() => refuser.close());
    await once(refuser, "listening");
    const url = `http://127.0.0.1:${refuser.address().port}`;
    const client = open(t, url, { ...QUICK, reconnectionDelayMax: 80 });
    const waits = [];
    for (let i = 0; i < 4; i += 1) {
      await happened(client.socket, "connect_error");
      const began = performance.now();
      await happened(client.socket.io, "reconnect_attempt");
      waits.push(performance.now() - began);
    }
    // A timer may fire up to a millisecond early.
    [20, 40, 80, 80].forEach((least, i) => assert.ok(waits[i] >= least - 1, `${waits}`));
    client.socket.disconnect();
  });

  test("stays with long-polling if WebSocket is blocked", async (t) => {
    const { WebSocket } = globalThis;
    t.after(() => { globalThis.WebSocket = WebSocket; });
    const failed = new EventEmitter();
    globalThis.WebSocket = class {
      constructor() {
        setImmediate(() => {
          this.onerror();
          failed.emit("failed");
        });
      }
      close() {}
    };
    const failure = happened(failed, "failed");
    const client = await connect(t, server.url);
    await failure;
    assert.deepEqual(await client.call("message-with-ack", 1), [1]);
    assert.equal(client.socket.io.engine.transport.name, "polling");
  });

  test("survives a listener that throws", async (t) => {
    const client = await connect(t, server.url, { transports: ["polling"] });
    // The test runner listens for uncaught exceptions itself.
    const others = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    t.after(() => others.forEach((listener) => process.on("uncaughtException", listener)));
    const uncaught = happened(process, "uncaughtException");
    client.socket.on("message-back", () => { throw new Error("a mistake of the page"); });
    client.emit("message", 1);
    assert.match((await uncaught)[0].message, /mistake of the page/);
    assert.deepEqual(await client.call("message-with-ack", 2), [2]);
  });
});
