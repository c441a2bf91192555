import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { numbers, stage } from "../support/recovery.js";
import { needsOwnServer } from "../support/server.js";
import { Wire } from "../support/wire.js";

/** A client without a library, which can present anything. */
class Impostor {
  static async connect(at, auth, namespace = "") {
    const client = new Impostor();
    client.wire = new Wire(`${at.url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`, { headers: { "user-agent": "node" } });
    at.t.after(() => client.wire.ws.terminate());
    await client.wire.next();
    client.wire.send(`40${namespace}${auth === undefined ? "" : JSON.stringify(auth)}`);
    return client;
  }

  /** Waits until it is connected; the events before that are `missed`. */
  async connected() {
    this.missed = [];
    for (;;) {
      const packet = await this.wire.next();
      const json = packet.replace(/^4\d(\/\w+,)?/, "");
      if (packet.startsWith("40")) return Object.assign(this, JSON.parse(json));
      assert.ok(packet.startsWith("42"), packet);
      this.missed.push(JSON.parse(json));
    }
  }

  /** Loses its connection, and waits until the server has noticed it. */
  async lose(at) {
    this.wire.ws.terminate();
    return at.line("disconnect");
  }
}

/** A client that has been welcomed and has lost its connection, with the offset of the welcome. */
async function lost(at, namespace = "") {
  const client = await (await Impostor.connect(at, undefined, namespace)).connected();
  const welcome = await client.wire.next();
  client.offset = JSON.parse(welcome.slice(welcome.indexOf("["))).at(-1);
  await client.lose(at);
  return client;
}

describe("recovery: invalid pids and offsets", { skip: needsOwnServer }, () => {
  test("a forged pid is not recovered, whatever it is", async (t) => {
    const at = await stage(t);
    const before = await lost(at);
    await at.emit();
    const { pid, offset } = before;
    const forged = [
      "", "x", `${pid}x`, pid.slice(1), pid.toUpperCase(), before.sid, "x".repeat(100_000), 17, true, null, [pid], { pid }, [[[]]],
    ];
    for (const pid of forged) {
      const client = await (await Impostor.connect(at, { pid, offset })).connected();
      assert.notEqual(client.sid, before.sid);
      assert.notEqual(client.pid, before.pid);
      assert.deepEqual(client.missed, []);
    }
    // The client that it belongs to is not affected.
    const back = await (await Impostor.connect(at, { pid, offset })).connected();
    assert.equal(back.sid, before.sid);
    assert.deepEqual(back.missed.map(([, number]) => number), [1]);
  });

  test("a pid of another namespace is not recovered", async (t) => {
    const at = await stage(t);
    const before = await lost(at, "/other,");
    const thief = await (await Impostor.connect(at, { pid: before.pid, offset: before.offset })).connected();
    assert.notEqual(thief.sid, before.sid);
    const back = await (await Impostor.connect(at, { pid: before.pid, offset: before.offset }, "/other,")).connected();
    assert.equal(back.sid, before.sid);
  });

  test("an offset that is malformed or was not reached yet is not recovered, and the session ends", async (t) => {
    const at = await stage(t);
    for (const change of [() => 5, () => ({}), () => [], () => "", () => "x", (it) => `${it}x`, (it) => it.replace(/\d+$/, "99999")]) {
      const before = await lost(at);
      await at.emit();
      const client = await (await Impostor.connect(at, { pid: before.pid, offset: change(before.offset) })).connected();
      assert.notEqual(client.sid, before.sid);
      assert.notEqual(client.pid, before.pid);
      assert.deepEqual(client.missed, []);
      assert.equal((await at.line("expired")).expired, before.sid);
    }
  });

  test("an offset of another log counts as none", async (t) => {
    const at = await stage(t);
    const before = await lost(at);
    await at.emit();
    const client = await (await Impostor.connect(at, { pid: before.pid, offset: `AAAAAAAA.${7}` })).connected();
    assert.equal(client.sid, before.sid);
    assert.deepEqual(client.missed.map(([name, number]) => [name, number]), [["welcome", false], ["tick", 1]]);
  });

  test("an offset before the session began shows nothing of what was sent before", async (t) => {
    const at = await stage(t);
    const witness = await at.connect();
    await at.emit({ count: 5 });
    const before = await lost(at);
    const offset = before.offset.replace(/\d+$/, "0");
    const client = await (await Impostor.connect(at, { pid: before.pid, offset })).connected();
    assert.equal(client.sid, before.sid);
    assert.deepEqual(client.missed.map(([name]) => name), ["welcome"]);
    // Its acknowledgement comes behind the events.
    await witness.call("who am i");
    assert.equal(witness.ticks.length, 5);
  });

  test("a pid that is used twice at once belongs to the client that came last", async (t) => {
    const at = await stage(t);
    const before = await lost(at);
    const { pid, offset } = before;
    await at.emit({ count: 2 });
    await at.set("holding", true);
    const first = await Impostor.connect(at, { pid, offset });
    // Its `connect` handler has begun when a later client of the same server is answered.
    await at.control.call("sids");
    const second = await Impostor.connect(at, { pid, offset });
    await at.control.call("sids");
    await at.set("holding", false);
    await second.connected();
    assert.equal(second.sid, before.sid);
    assert.deepEqual(second.missed.map(([, number]) => number), [1, 2]);
    assert.deepEqual(await first.wire.closed(), [], "nothing is sent to the first");
    assert.deepEqual((await at.control.call("sids"))[0], [before.sid]);
  });

  test("events sent to a room before the client joined it, or after it left, are not replayed", async (t) => {
    const at = await stage(t);
    const client = await at.connect({ query: { quiet: 1 } });
    await at.emit({ room: "room", first: 1 });
    await client.call("join", "room");
    await at.emit({ room: "room", first: 2 });
    await at.control.call("remove", client.id, "room");
    await at.emit({ room: "room", first: 3 });
    await client.call("join", "room");
    client.ticks.length = 0;
    client.socket._lastOffset = undefined;
    await at.lose(client);
    await at.emit({ room: "room", first: 4 });
    assert.equal(await at.back(client), true);
    assert.deepEqual(numbers(client), [2, 4]);
  });

  test("a room that connect leaves is left before anything is replayed", async (t) => {
    const at = await stage(t);
    const client = await at.connect();
    await client.call("join", "room");
    await client.call("join", "forbidden");
    await at.lose(client);
    await at.emit({ room: "forbidden", first: 1 });
    await at.emit({ room: "room", first: 2 });
    await at.set("forbidden", "forbidden");
    assert.equal(await at.back(client), true);
    assert.deepEqual(numbers(client), [2]);
    await at.emit({ room: "forbidden", first: 3 });
    await at.emit({ room: "room", first: 4 });
    const [who] = await client.call("who am i");
    assert.deepEqual(who.rooms, [client.id, "room"]);
    assert.deepEqual(numbers(client), [2, 4]);
  });

  test("a client that has left or was disconnected has no session to come back to", async (t) => {
    const at = await stage(t);
    const client = await at.connect();
    const id = client.id;
    const gone = client.disconnected();
    await at.control.call("remove", id);
    await gone;
    assert.equal((await at.line("disconnect")).kept, false);
    const again = new Promise((resolve) => client.socket.once("connect", resolve));
    client.socket.connect();
    await again;
    assert.equal(client.socket.recovered, false);
    assert.notEqual(client.id, id);
    client.socket.disconnect();
    const { reason, kept } = await at.line("disconnect");
    assert.deepEqual([reason, kept], ["client namespace disconnect", false]);
  });

  test("a client that can't handle offsets gets neither offsets nor a pid", async (t) => {
    const at = await stage(t);
    const client = await at.connect({ query: { recovery: 0 } });
    assert.equal(client.socket._pid, undefined);
    await at.emit();
    await client.call("who am i");
    assert.deepEqual(client.ticks, [[1]]);
  });
});
