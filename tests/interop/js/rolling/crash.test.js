// A crash between an effect and the stored response, and events for users who are away, across nodes.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { io } from "socket.io-client";
import { Site } from "./site.js";

function connect(port, user, options = {}) {
  const socket = io(`http://127.0.0.1:${port}`, { auth: { user }, transports: ["websocket"], forceNew: true, reconnection: false, ...options });
  return new Promise((resolve, reject) => {
    socket.once("connect", () => resolve(socket));
    socket.once("connect_error", reject);
  });
}

describe("a node that is killed after the effect, before the response is stored", () => {
  for (const [name, options, times] of [
    // At least once: the lease of the dead node ends, and the retry runs the handler again.
    ["once alone runs again", [], 2],
    // The effect and the response are in one transaction, which was not committed: nothing had happened.
    ["once with a transaction is exactly once", ["--transaction"], 1],
  ]) {
    test(name, async (t) => {
      const site = await Site.start(2, ["--lease", "1500", ...options]);
      t.after(() => site.stop());
      await site.endNode(0);
      await site.startNode(0, ["--crash-before-ack", "order-1"]);
      const first = await connect(site.ports[0], "ana");
      first.emit("order", "order-1");
      await site.node(0).gone;
      first.disconnect();
      const second = await connect(site.ports[1], "ana");
      const response = await second.timeout(10_000).emitWithAck("order", "order-1");
      assert.equal(response, "order-1");
      assert.equal((await site.effects()).get("order-1"), times);
      assert.equal(await second.timeout(10_000).emitWithAck("order", "order-1"), "order-1");
      assert.equal((await site.effects()).get("order-1"), times);
      second.disconnect();
    });
  }
});

describe("two nodes with one store", () => {
  test("a retry on the other node waits for the first run, and gets its response", async (t) => {
    const site = await Site.start(2, []);
    t.after(() => site.stop());
    const [one, other] = [await connect(site.ports[0], "ana"), await connect(site.ports[1], "ana")];
    const both = [one, other].map((socket) => socket.timeout(10_000).emitWithAck("order", "order-1"));
    assert.deepEqual(await Promise.all(both), ["order-1", "order-1"]);
    assert.equal((await site.effects()).get("order-1"), 1);
    const bo = await connect(site.ports[1], "bo");
    assert.equal(await bo.timeout(10_000).emitWithAck("order", "order-1"), "order-1");
    assert.equal((await site.effects()).get("order-1"), 2);
    [one, other, bo].forEach((socket) => socket.disconnect());
  });

  test("an event for a user who is away arrives at the node where the user connects, once", async (t) => {
    const site = await Site.start(2, []);
    t.after(() => site.stop());
    const sender = await connect(site.ports[0], "shop");
    for (const parcel of ["one", "two"]) await sender.timeout(10_000).emitWithAck("deliver", "ana", parcel);
    // The node that took them is killed: they are in Redis.
    await site.node(0).stop();
    const parcels = [];
    const receive = (socket, enough) =>
      new Promise((resolve) => {
        socket.on("parcel", (text, acknowledge) => {
          parcels.push(text);
          acknowledge();
          if (parcels.length === enough) resolve();
        });
      });
    const ana = io(`http://127.0.0.1:${site.ports[1]}`, { auth: { user: "ana" }, transports: ["websocket"], forceNew: true });
    await receive(ana, 2);
    assert.deepEqual(parcels, ["one", "two"]);
    // One that is sent on another node while the user is connected here.
    await site.startNode(0);
    const again = await connect(site.ports[0], "shop");
    const third = new Promise((resolve) => ana.on("parcel", (text) => text === "three" && resolve()));
    await again.timeout(10_000).emitWithAck("deliver", "ana", "three");
    await third;
    assert.deepEqual(parcels, ["one", "two", "three"]);
    [ana, again].forEach((socket) => socket.disconnect());
  });

  test("while Redis is down orders fail, and happen once when it is back", async (t) => {
    const site = await Site.start(1, []);
    t.after(() => site.stop());
    const ana = await connect(site.ports[0], "ana");
    await site.stopRedis();
    const failed = await ana.timeout(30_000).emitWithAck("order", "order-1");
    assert.deepEqual(failed, { error: "internal error" });
    assert.equal((await site.effects()).get("order-1"), undefined);
    await site.startRedis();
    let response;
    for (let attempt = 0; attempt < 20 && response !== "order-1"; attempt += 1) {
      response = await ana.timeout(30_000).emitWithAck("order", "order-1");
    }
    assert.equal(response, "order-1");
    assert.equal((await site.effects()).get("order-1"), 1);
    ana.disconnect();
  });
});
