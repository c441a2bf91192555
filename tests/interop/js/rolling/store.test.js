// Sessions and histories in Redis Streams, with the stock client: they outlive nodes that are killed, and an outage of Redis is reported.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { io } from "socket.io-client";
import { Link } from "../support/link.js";
import { freePort, start } from "../support/server.js";
import { Site } from "./site.js";

function connect(t, port, user) {
  const socket = io(`http://127.0.0.1:${port}`, {
    auth: { user }, transports: ["websocket"], forceNew: true, reconnectionDelay: 50, reconnectionDelayMax: 200,
  });
  t.after(() => socket.disconnect());
  socket.ticks = [];
  socket.on("tick", (number) => socket.ticks.push(number));
  return new Promise((resolve) => socket.once("connect", () => resolve(socket)));
}

async function until(condition, what) {
  for (let attempt = 0; attempt < 1_500; attempt += 1) {
    if (await condition()) return;
    await sleep(10);
  }
  assert.fail(`in vain: ${what}`);
}

const ask = (socket, ...event) => socket.timeout(10_000).emitWithAck(...event);
const connected = (socket) => new Promise((resolve) => socket.once("connect", resolve));
/** Waits for so many events, and compares them: what is missing is shown. */
async function ticked(socket, last) {
  await until(() => socket.ticks.length >= last, "all events").catch(() => {});
  assert.deepEqual(socket.ticks, numbers(last));
}

const numbers = (last) => Array.from({ length: last }, (_, index) => index + 1);

async function site(t, nodes) {
  const started = await Site.start(nodes, ["--store"], { proxy: false });
  t.after(() => started.stop());
  return started;
}

describe("a node that is killed", () => {
  test("r3 a session is stored while it lives: its client recovers on the other node, with session, rooms, and every event once and in order", async (t) => {
    const nodes = await site(t, 2);
    const [ana, bo] = [await connect(t, nodes.ports[0], "ana"), await connect(t, nodes.ports[1], "bo")];
    await ask(ana, "join", "room", "a note");
    const { id } = ana;
    let back;
    for (let number = 1; number <= 200; number += 1) {
      await ask(bo, "emit", "room", number);
      if (number === 60) {
        // It reconnects to the other node.
        ana.io.uri = `http://127.0.0.1:${nodes.ports[1]}`;
        back = connected(ana);
        nodes.node(0).signal("SIGKILL");
      }
      await sleep(2);
    }
    await back;
    assert.equal(ana.recovered, true);
    assert.equal(ana.id, id);
    await ticked(ana, 200);
    assert.deepEqual(await ask(ana, "look"), [[id, "room"], "ana", "a note"]);
    // And back to the first node, without its having been killed.
    await nodes.startNode(0);
    ana.io.uri = `http://127.0.0.1:${nodes.ports[0]}`;
    back = connected(ana);
    ana.io.engine.close();
    for (let number = 201; number <= 250; number += 1) await ask(bo, "emit", "room", number);
    await back;
    assert.equal(ana.recovered, true);
    await ticked(ana, 250);
  });

  test("histories have the same positions on all nodes, and outlive them all", async (t) => {
    const nodes = await site(t, 2);
    const sockets = [await connect(t, nodes.ports[0], "ana"), await connect(t, nodes.ports[1], "bo")];
    for (let number = 1; number <= 20; number += 1) await ask(sockets[number % 2], "emit", "log:a", number);
    const pages = async (of) => Promise.all(of.map((socket) => ask(socket, "page", "log:a")));
    await until(async () => (await pages(sockets)).every((page) => page.events.length === 20), "all events on both nodes");
    const [one, two] = await pages(sockets);
    assert.deepEqual(one.events, two.events);
    assert.deepEqual(one.events.map((event) => event.args[0]), numbers(20));
    sockets.forEach((socket) => socket.disconnect());
    for (const index of [0, 1]) {
      nodes.node(index).signal("SIGKILL");
      await nodes.node(index).gone;
    }
    await nodes.startNode(0);
    const again = await connect(t, nodes.ports[0], "ana");
    const [three] = await pages([again]);
    assert.deepEqual(three.events, one.events);
    assert.equal(three.epoch, one.epoch);
  });
});

describe("a node that can't reach Redis", () => {
  test("acknowledges a room that it can't store, and its client is not recovered elsewhere as if nothing had happened", async (t) => {
    const nodes = await site(t, 2);
    const link = await Link.to(t, nodes.redisPort);
    nodes.node(0).signal("SIGKILL");
    await nodes.node(0).gone;
    nodes.redis = `redis://127.0.0.1:${link.port}`;
    await nodes.startNode(0);
    const ana = await connect(t, nodes.ports[0], "ana");
    await ask(ana, "join", "first", "a note");
    link.down();
    await ask(ana, "join", "second", "another note");
    assert.deepEqual(ana.ticks, []);
    ana.io.uri = `http://127.0.0.1:${nodes.ports[1]}`;
    const back = connected(ana);
    ana.io.engine.close();
    await back;
    assert.equal(ana.recovered, false);
  });
});

describe("the example llm", () => {
  test("continues after its server was killed: no client misses a word, and new clients get all", async (t) => {
    const redis = await site(t, 0);
    const port = await freePort();
    const serve = async () => {
      const server = start("llm", ["--port", String(port), "--client", "own", "--redis", redis.redis]);
      await server.line(/http:/);
      t.after(() => server.stop());
      return server;
    };
    const words = (socket) => {
      const heard = [];
      socket.on("token", (word) => heard.push(word));
      return heard;
    };
    const server = await serve();
    const ana = await connect(t, port, "ana");
    const heard = words(ana);
    assert.equal((await ask(ana, "open", "chat", null)).recovered, true);
    ana.emit("ask", "chat", "What is a stream?");
    await until(() => heard.length > 10, "words");
    const back = connected(ana);
    server.signal("SIGKILL");
    await server.gone;
    await serve();
    await back;
    assert.equal(ana.recovered, true);
    const bo = await connect(t, port, "bo");
    const all = words(bo);
    await ask(bo, "open", "chat", null);
    assert.ok(all.length > 10);
    assert.deepEqual(heard, all);
  });
});

describe("Redis that is killed", () => {
  test("events go on, recovery is refused, and works again when Redis is back", async (t) => {
    const nodes = await site(t, 1);
    const [ana, bo] = [await connect(t, nodes.ports[0], "ana"), await connect(t, nodes.ports[0], "bo")];
    await ask(ana, "join", "room", "a note");
    assert.equal(await ask(bo, "health"), true);
    await nodes.stopRedis();
    for (let number = 1; number <= 5; number += 1) await ask(bo, "emit", "room", number);
    await until(() => ana.ticks.length === 5, "events without Redis");
    await until(async () => !(await ask(bo, "health")), "the store is said to be down");
    let back = connected(ana);
    ana.io.engine.close();
    await back;
    assert.equal(ana.recovered, false);
    await ask(ana, "join", "room", "a new note");
    // It has lost everything.
    await nodes.startRedis();
    await until(() => ask(bo, "health"), "the store is there again");
    ana.ticks.length = 0;
    // Its session was not stored: it gets a new one once more.
    back = connected(ana);
    ana.io.engine.close();
    await back;
    assert.equal(ana.recovered, false);
    await ask(ana, "join", "room", "a new note");
    back = connected(ana);
    ana.io.engine.close();
    await ask(bo, "emit", "room", 1);
    await back;
    assert.equal(ana.recovered, true);
    await ask(bo, "emit", "room", 2);
    await until(() => ana.ticks.length >= 2, "all events");
    assert.deepEqual(ana.ticks, [1, 2]);
  });

  test("and keeps its data: a client that missed nothing meanwhile is recovered", async (t) => {
    const nodes = await site(t, 1);
    await nodes.stopRedis();
    await nodes.startRedis({ persists: true });
    const bo = await connect(t, nodes.ports[0], "bo");
    await until(() => ask(bo, "health"), "the store is there again");
    const ana = await connect(t, nodes.ports[0], "ana");
    await ask(ana, "join", "room", "a note");
    for (let number = 1; number <= 5; number += 1) await ask(bo, "emit", "room", number);
    await until(() => ana.ticks.length === 5, "events");
    await nodes.stopRedis();
    await until(async () => !(await ask(bo, "health")), "the store is said to be down");
    await nodes.startRedis({ persists: true });
    await until(() => ask(bo, "health"), "the store is there again");
    const back = connected(ana);
    ana.io.engine.close();
    await ask(bo, "emit", "room", 6);
    await back;
    assert.equal(ana.recovered, true);
    await ticked(ana, 6);
  });
});
