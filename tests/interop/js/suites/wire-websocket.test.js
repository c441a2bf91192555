// Engine.IO over WebSocket, frame by frame: the direct connection and the upgrade.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, describe, test } from "node:test";
import { WebSocket } from "ws";
import { happened } from "../support/client.js";
import { beyondReference, conformance, needsOwnServer, ownConformance } from "../support/server.js";
import { Polling, Wire, status } from "../support/wire.js";

let server;
before(async () => { server = await conformance(); });
after(() => server?.stop());

describe("a direct connection", () => {
  test("begins with a handshake that offers no upgrade", async (t) => {
    const { handshake } = await Wire.open(t, server.url);
    assert.deepEqual(Object.keys(handshake).toSorted(), ["maxPayload", "pingInterval", "pingTimeout", "sid", "upgrades"]);
    assert.deepEqual(handshake.upgrades, []);
  });

  for (const [what, query] of [
    ["no version", "transport=websocket"], ["an old version", "EIO=3&transport=websocket"],
    ["no transport", "EIO=4"], ["an unknown transport", "EIO=4&transport=abc"],
    ["an unknown session", "EIO=4&transport=websocket&sid=abc"], ["a session named __proto__", "EIO=4&transport=websocket&sid=__proto__"],
  ]) {
    test(`is refused for ${what}`, async (t) => {
      const wire = Wire.start(t, server.url, "/engine.io/", query);
      assert.deepEqual(await wire.closed(), []);
      // The reference accepts some of these only to close them again.
      assert.ok([400, undefined].includes(wire.refusal), `${wire.refusal}`);
    });
  }

  test("sends messages back, text and bytes, empty ones too", async (t) => {
    const wire = await Wire.open(t, server.url);
    wire.send("4hello", "4", Buffer.from([1, 2, 3]), Buffer.alloc(0), "4größe");
    assert.equal(await wire.next(), "4hello");
    assert.equal(await wire.next(), "4");
    assert.deepEqual([...await wire.next()], [1, 2, 3]);
    assert.equal((await wire.next()).length, 0);
    assert.equal(await wire.next(), "4größe");
  });

  test("reads bytes as text", async (t) => {
    const wire = await Wire.open(t, server.url);
    wire.send("bAQID");
    assert.deepEqual([...await wire.next()], [1, 2, 3]);
  });

  test("accepts the first subprotocol that is offered", async (t) => {
    const address = `${server.url.replace(/^http/, "ws")}/engine.io/?EIO=4&transport=websocket`;
    const ws = new WebSocket(address, ["v2", "v1"]);
    t.after(() => ws.terminate());
    await happened(ws, "open");
    assert.equal(ws.protocol, "v2");
  });

  test("puts a fragmented message together", async (t) => {
    const wire = await Wire.open(t, server.url);
    wire.ws.send("4he", { fin: false });
    wire.ws.send("ll", { fin: false });
    wire.ws.send("o", { fin: true });
    assert.equal(await wire.next(), "4hello");
  });

  test("answers a ping of the WebSocket itself", async (t) => {
    const wire = await Wire.open(t, server.url);
    const pong = new Promise((resolve) => wire.ws.once("pong", resolve));
    wire.ws.ping("x");
    assert.equal((await pong).toString(), "x");
  });

  for (const [what, frame] of [
    ["no packet", "abc"], ["an unknown type", "7"], ["an empty frame", ""], ["a client's ping", "2"],
  ]) {
    test(`ends at ${what}`, async (t) => {
      const wire = await Wire.open(t, server.url);
      wire.send(frame);
      await wire.closed();
    });
  }

  test("ends at a close packet", { skip: beyondReference }, async (t) => {
    const wire = await Wire.open(t, server.url);
    wire.send("1");
    await wire.closed();
  });

  test("ends at a message above the limit", async (t) => {
    const wire = await Wire.open(t, server.url);
    wire.send(`4${"x".repeat(1_000_001)}`);
    await wire.closed();
  });

  test("takes a message of exactly the limit", async (t) => {
    const wire = await Wire.open(t, server.url);
    const message = `4${"x".repeat(999_999)}`;
    wire.send(message);
    assert.ok((await wire.next()) === message);
  });

  test("ends at text that is not UTF-8", async (t) => {
    const wire = await Wire.open(t, server.url);
    rawFrame(wire, 0x81, [0x34, 0xff, 0xfe]);
    await wire.closed();
    assert.equal(wire.code, 1007);
  });

  for (const [what, head] of [["reserved bits", 0xf1], ["an unknown opcode", 0x83], ["a continuation of nothing", 0x80]]) {
    test(`ends at a frame with ${what}, and the server goes on`, async (t) => {
      const wire = await Wire.open(t, server.url);
      rawFrame(wire, head, [0x34]);
      await wire.closed();
      await Wire.open(t, server.url);
    });
  }

  test("ends when its ping is not answered, on time", { skip: needsOwnServer }, async (t) => {
    const quick = await ownConformance({ "ping-interval": 300, "ping-timeout": 200 });
    t.after(() => quick.stop());
    const started = Date.now();
    const wire = await Wire.open(t, quick.url);
    await wire.closed(2_000);
    const lived = Date.now() - started;
    assert.ok(lived > 400 && lived < 1_000, `it lived for ${lived} ms`);
  });

  /** Writes a masked frame that `ws` itself would refuse to write. The mask is zero: the payload stays readable. */
  function rawFrame(wire, head, payload) {
    wire.ws._socket.write(Buffer.from([head, 0x80 | payload.length, 0, 0, 0, 0, ...payload]));
  }
});

describe("the upgrade", () => {
  const upgrading = (t, session) => Wire.start(t, server.url, "/engine.io/", `EIO=4&transport=websocket&sid=${session.sid}`);
  const opened = (wire) => new Promise((resolve) => wire.ws.once("open", resolve));

  /** A session that has moved to WebSocket. */
  async function upgraded(t) {
    const session = await Polling.open(server.url);
    const wire = upgrading(t, session);
    await opened(wire);
    wire.send("2probe");
    assert.equal(await wire.next(), "3probe");
    wire.send("5");
    wire.send("4moved");
    for (let frame; frame !== "4moved";) frame = await wire.next();
    return { session, wire };
  }

  test("a waiting poll is answered after 100 ms, so that the client can upgrade", async (t) => {
    const session = await Polling.open(server.url);
    const waiting = session.poll();
    const wire = upgrading(t, session);
    await opened(wire);
    wire.send("2probe");
    assert.equal(await wire.next(), "3probe");
    const began = Date.now();
    assert.deepEqual(await waiting, ["6"]);
    const took = Date.now() - began;
    assert.ok(took > 50 && took < 500, `${took} ms`);
    wire.send("5", "4hello");
    assert.equal(await wire.next(), "4hello");
  });

  test("a client may upgrade without a probe", async (t) => {
    const session = await Polling.open(server.url);
    await session.send("4posted");
    const wire = upgrading(t, session);
    await opened(wire);
    wire.send("5", "4hello");
    assert.equal(await wire.next(), "4posted");
    assert.equal(await wire.next(), "4hello");
  });

  test("a poll that comes after the probe is answered too", async (t) => {
    const session = await Polling.open(server.url);
    const wire = upgrading(t, session);
    await opened(wire);
    wire.send("2probe");
    assert.equal(await wire.next(), "3probe");
    assert.deepEqual(await session.poll(), ["6"]);
    wire.send("5", "4hello");
    assert.equal(await wire.next(), "4hello");
  });

  test("messages that were queued meanwhile follow in order, none of them twice", async (t) => {
    const session = await Polling.open(server.url);
    const wire = upgrading(t, session);
    await opened(wire);
    wire.send("2probe");
    assert.equal(await wire.next(), "3probe");
    assert.deepEqual(await session.poll(), ["6"]);
    await session.send("4one", "4two");
    await session.send("4three");
    wire.send("5", "4four");
    for (const expected of ["4one", "4two", "4three", "4four"]) assert.equal(await wire.next(), expected);
  });

  test("a large POST is answered during the upgrade, since the client waits for it before it switches", async (t) => {
    const session = await Polling.open(server.url);
    const wire = upgrading(t, session);
    await opened(wire);
    wire.send("2probe");
    assert.equal(await wire.next(), "3probe");
    assert.deepEqual(await session.poll(), ["6"]);
    const packets = Array.from({ length: 500 }, (_, i) => `4${i}`);
    await session.send(...packets);
    wire.send("5");
    for (const expected of packets) assert.equal(await wire.next(), expected);
  });

  test("the session is no longer polled afterwards", async (t) => {
    const { session, wire } = await upgraded(t);
    assert.equal(await status(session.get()), 400);
    wire.send("4hello");
    assert.equal(await wire.next(), "4hello");
  });

  test("a second WebSocket for the session is refused and the first stays open", async (t) => {
    const { session, wire } = await upgraded(t);
    const second = upgrading(t, session);
    await second.closed();
    wire.send("4hello");
    assert.equal(await wire.next(), "4hello");
  });

  for (const [what, frame] of [["anything but a probe", "4hello"], ["a probe that says something else", "2other"], ["bytes", Buffer.from([1])]]) {
    test(`${what} ends the attempt and leaves polling as it was`, async (t) => {
      const session = await Polling.open(server.url);
      const wire = upgrading(t, session);
      await opened(wire);
      wire.send(frame);
      await wire.closed();
      await session.send("4still polling");
      assert.deepEqual(await session.poll(), ["4still polling"]);
    });
  }

  test("a client that cancels the upgrade continues polling", async (t) => {
    const session = await Polling.open(server.url);
    const wire = upgrading(t, session);
    await opened(wire);
    wire.send("2probe");
    assert.equal(await wire.next(), "3probe");
    wire.ws.terminate();
    await sleep(50);
    await session.send("4still polling");
    const received = [];
    while (!received.includes("4still polling")) received.push(...await session.poll());
    assert.deepEqual(received.filter((packet) => packet !== "6"), ["4still polling"]);
  });

  test("a frame with reserved bits right after the upgrade ends only this session", async (t) => {
    const { wire } = await upgraded(t);
    wire.ws._socket.write(Buffer.from([0xf1, 0x81, 0, 0, 0, 0, 0x34]));
    await wire.closed();
    await Wire.open(t, server.url);
  });
});
