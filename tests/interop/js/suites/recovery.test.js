import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { TRANSPORTS, happened } from "../support/client.js";
import { OFFSET, numbers, stage } from "../support/recovery.js";
import { needsOwnServer } from "../support/server.js";
import { Wire } from "../support/wire.js";

describe("recovery", { skip: needsOwnServer }, () => {
  test("a client that reconnects gets the events that it has missed, and its id, rooms, user and sessions", async (t) => {
    const at = await stage(t);
    const client = await at.connect();
    await client.call("join", "room");
    await client.call("set name", "Ana");
    await client.call("log in", "ana");
    const before = client.id;
    assert.equal((await at.lose(client)).kept, true);
    await at.emit();
    await at.emit({ room: "room", first: 2 });
    await at.emit({ user: "ana", first: 3 });
    await at.emit({ room: before, first: 4 });
    await at.emit({ room: "other room", first: 5 });
    await at.emit({ except: "room", first: 6 });
    await at.emit({ skip: before, first: 7 });
    await at.emit({ namespace: "/other", first: 8 });
    assert.equal(await at.back(client), true);
    assert.equal(client.id, before);
    const [who] = await client.call("who am i");
    assert.deepEqual(who, { sid: before, rooms: [before, "room"], name: "Ana", shared: "Ana of all", recovered: true, user: "ana" });
    await at.emit({ first: 9 });
    await at.emit({ room: "room", first: 10 });
    await client.call("who am i");
    assert.deepEqual(numbers(client), [1, 2, 3, 4, 9, 10]);
  });

  for (const [name, transports] of Object.entries(TRANSPORTS)) {
    test(`a client recovers over ${name}, many times`, async (t) => {
      // The loss of a polling client is noticed by the missing pong only.
      const at = await stage(t, { "ping-interval": 500, "ping-timeout": 500 });
      const client = await at.connect({ transports });
      let first = 1;
      for (let round = 0; round < 5; round += 1) {
        await at.lose(client);
        await at.emit({ first, count: 20 });
        assert.equal(await at.back(client), true);
        first += 20;
        const live = first;
        // Not a call: a busy machine may miss a pong, and the acknowledgement would be lost with the connection.
        const arrived = new Promise((resolve) => client.socket.on("tick", (number) => number === live && resolve()));
        await at.emit({ first });
        await arrived;
        first += 1;
      }
      assert.deepEqual(numbers(client), Array.from({ length: first - 1 }, (_, index) => index + 1));
    });
  }

  test("r1 a pid without an offset recovers everything since the session began", async (t) => {
    const at = await stage(t);
    const witness = await at.connect();
    await at.emit({ first: 1 });
    const client = await at.connect({ query: { quiet: 1 } });
    await at.lose(client);
    await at.emit({ first: 2, count: 3 });
    assert.equal(client.socket._lastOffset, undefined);
    assert.equal(await at.back(client), true);
    assert.deepEqual(numbers(client), [2, 3, 4]);
    assert.ok(witness);
  });

  test("r2 every event without an ack id carries an offset, also behind a string and with binary data", async (t) => {
    const at = await stage(t);
    const client = await at.connect();
    client.emit("echo", "a string");
    assert.match((await client.next("echoed")).at(-1), OFFSET);
    client.emit("echo");
    assert.match((await client.next("echoed")).at(-1), OFFSET);
    await at.emit({ bytes: 3 });
    const [number, bytes, offset] = await client.next("tick");
    assert.deepEqual([number, [...bytes]], [1, [7, 7, 7]]);
    assert.match(offset, OFFSET);
    assert.equal(client.socket._lastOffset, offset);

    const question = new Promise((resolve) => client.socket.once("question", (...args) => { args.at(-1)("yes"); resolve(args); }));
    const asked = at.control.call("ask all");
    const args = await question;
    assert.equal(args.length, 2, "an event that asks for an acknowledgement carries no offset");
    assert.equal(args[0], "a string");
    assert.equal(client.socket._lastOffset, offset);
    assert.deepEqual(await asked, [1]);
  });

  test("r2 an event with binary data that was missed is sent with it", async (t) => {
    const at = await stage(t);
    const client = await at.connect();
    await at.lose(client);
    await at.emit({ bytes: 100_000 });
    assert.equal(await at.back(client), true);
    const [[, bytes, offset]] = client.ticks;
    assert.equal(bytes.length, 100_000);
    assert.match(offset, OFFSET);
  });

  test("r4 a client that returns too early takes over", async (t) => {
    const at = await stage(t);
    const client = await at.connect();
    await client.call("join", "room");
    const before = client.id;
    const again = new Promise((resolve) => client.socket.once("connect", resolve));
    at.link.isDown = true;
    at.link.cut({ unnoticed: true });
    await at.emit({ count: 3, room: "room" });
    assert.deepEqual((await at.lines()).filter((line) => line.disconnect), [], "the server has not noticed it");
    at.link.up();
    await again;
    assert.equal(client.socket.recovered, true);
    assert.equal(client.id, before);
    assert.deepEqual(numbers(client), [1, 2, 3]);
    const lines = await at.lines();
    assert.deepEqual(lines.map(Object.keys).map(([what]) => what), ["disconnect", "connect"], "in this order");
    assert.equal(lines[0].kept, true);
    assert.deepEqual((await at.control.call("sids"))[0], [before]);
  });

  test("r5 replayed events carry their own offsets", async (t) => {
    const at = await stage(t);
    const client = await at.connect();
    const witness = await at.connect({ query: { quiet: 1 } });
    // A client that is not behind the link.
    const other = await import("../support/client.js").then(({ connect }) => connect(t, at.url, { transports: ["websocket"] }));
    const live = [];
    other.socket.on("tick", (...args) => live.push(args));
    await at.lose(client);
    await at.emit({ count: 4 });
    assert.equal(await at.back(client), true);
    await other.call("who am i");
    assert.deepEqual(client.ticks, live);
    assert.equal(new Set(live.map((args) => args.at(-1))).size, 4);
    assert.ok(witness);
  });

  test("r5 a replay that is interrupted is continued, and no event is dispatched twice", async (t) => {
    const at = await stage(t);
    const client = await at.connect();
    for (const first of [1, 11]) {
      await at.lose(client);
      await at.emit({ first, count: 10 });
      at.link.cutBefore = `["tick",${first + 6},`;
      const last = new Promise((resolve) => client.socket.on("tick", (number) => number === first + 9 && resolve()));
      at.link.up();
      await last;
    }
    await at.emit({ first: 21 });
    await client.call("who am i");
    assert.equal(client.socket.recovered, true);
    assert.deepEqual(numbers(client), Array.from({ length: 21 }, (_, index) => index + 1));
  });

  test("r5 an event that is sent after an interrupted replay arrives with the next replay", async (t) => {
    const at = await stage(t);
    const client = await at.connect();
    await at.lose(client);
    await at.emit({ count: 5 });
    // All missed events arrive, but the CONNECT packet is lost.
    at.link.cutBefore = '40{"sid"';
    const cut = new Promise((resolve) => { at.link.onCut = () => { at.link.isDown = true; resolve(); }; });
    at.link.up();
    await cut;
    await at.line("disconnect");
    await at.emit({ first: 6, count: 3 });
    const last = new Promise((resolve) => client.socket.on("tick", (number) => number === 8 && resolve()));
    at.link.up();
    await last;
    await client.call("who am i");
    assert.equal(client.socket.recovered, true);
    assert.deepEqual(numbers(client), [1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test("r5 a replay that is interrupted several times is dispatched once", async (t) => {
    const at = await stage(t);
    const client = await at.connect();
    await at.lose(client);
    await at.emit({ count: 5 });
    // The connection is cut after three events. After that, the CONNECT packet is lost three times.
    let left = 3;
    at.link.onCut = () => { if (left > 0) at.link.cutBefore = '40{"sid"'; left -= 1; };
    at.link.cutBefore = '["tick",4,';
    const last = new Promise((resolve) => client.socket.on("tick", (number) => number === 5 && resolve()));
    at.link.up();
    await last;
    await at.emit({ first: 6 });
    await client.call("who am i");
    assert.equal(left, -1);
    assert.equal(client.socket.recovered, true);
    assert.deepEqual(numbers(client), [1, 2, 3, 4, 5, 6]);
  });

  test("r6 an incomplete replay is not a recovery", async (t) => {
    const at = await stage(t, { "max-bytes": 2_000 });
    const client = await at.connect();
    const { id, _pid: pid } = client.socket;
    await at.lose(client);
    await at.emit({ count: 100 });
    assert.equal(await at.back(client), false);
    assert.notEqual(client.id, id);
    assert.notEqual(client.socket._pid, pid);
    assert.deepEqual(client.ticks, []);
    assert.equal((await at.line("expired")).expired, id);
    const [who] = await client.call("who am i");
    assert.equal(who.recovered, false);
    assert.deepEqual(who.rooms, [client.id]);
  });

  test("r6 an offset of an earlier session counts as none", async (t) => {
    const at = await stage(t, { "max-bytes": 2_000 });
    const client = await at.connect({ query: { quiet: 1 } });
    await at.emit({ count: 1 });
    await client.call("who am i");
    const offset = client.socket._lastOffset;
    await at.lose(client);
    await at.emit({ count: 50 });
    assert.equal(await at.back(client), false);
    assert.equal(client.socket._lastOffset, offset, "the official client keeps it");
    await at.lose(client);
    await at.emit({ first: 99 });
    assert.equal(await at.back(client), true);
    assert.deepEqual(numbers(client), [1, 99]);
  });

  test("r7 a quiet client stays recoverable", async (t) => {
    const at = await stage(t, { "max-bytes": 2_000 });
    const client = await at.connect();
    const id = client.id;
    // All of this is for others, and the event with the client's offset is gone.
    await at.emit({ room: "others", count: 100 });
    await at.lose(client);
    assert.equal(await at.back(client), true);
    assert.equal(client.id, id);
    assert.deepEqual(client.ticks, []);
  });

  test("r8 keys of the user's auth overwrite those of the client: it is not recovered, and told so", async (t) => {
    const at = await stage(t);
    const client = await at.connect({ auth: { pid: "mine", offset: 5 } });
    const id = client.id;
    await at.lose(client);
    await at.emit();
    assert.equal(await at.back(client), false);
    assert.notEqual(client.id, id);
    assert.deepEqual(client.ticks, []);
  });

  test("r9 guards and connect run again, and nothing is replayed before they accept", async (t) => {
    const at = await stage(t);
    const client = await at.connect();
    await client.call("join", "room");
    await at.lose(client);
    await at.emit({ room: "room", count: 2 });
    await at.set("refusing", true);
    // An attempt while the network is down fails otherwise.
    const refused = new Promise((resolve) => client.socket.on("connect_error", ({ message }) => message === "not now" && resolve()));
    at.link.up();
    await refused;
    assert.deepEqual(client.ticks, []);
    const seen = await at.line("connect");
    assert.equal(seen.recovered, true);
    assert.deepEqual(seen.rooms, [seen.connect, "room"]);

    await at.set("refusing", false);
    client.socket.connect();
    await happened(client.socket, "connect");
    assert.equal(client.socket.recovered, true);
    assert.deepEqual(numbers(client), [1, 2]);
  });

  test("r9 the order is: connect, missed events, CONNECT, then what was deferred", async (t) => {
    const at = await stage(t);
    const headers = { "user-agent": "node" };
    const first = new Wire(`${at.url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`, { headers });
    await first.next();
    first.ws.send("40");
    const { pid, sid } = JSON.parse((await first.next()).slice(2));
    const [, , offset] = JSON.parse((await first.next()).slice(2));
    first.ws.terminate();
    await at.line("disconnect");
    await at.emit({ count: 2 });
    const second = new Wire(`${at.url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`, { headers });
    await second.next();
    second.ws.send(`40${JSON.stringify({ pid, offset })}`);
    const packets = [await second.next(), await second.next(), await second.next(), await second.next()];
    assert.match(packets[0], /^42\["tick",1,"[\w.-]+"\]$/);
    assert.match(packets[1], /^42\["tick",2,"[\w.-]+"\]$/);
    assert.equal(packets[2], `40${JSON.stringify({ sid, pid })}`);
    assert.match(packets[3], /^42\["welcome",true,"[\w.-]+"\]$/);
    second.ws.terminate();
  });

  test("r10 a session that expires runs a handler once", async (t) => {
    const at = await stage(t, { "max-disconnection": 200 });
    const client = await at.connect();
    const id = client.id;
    await client.call("join", "room");
    await client.call("set name", "Ana");
    await at.lose(client);
    assert.deepEqual(await at.line("expired"), { expired: id, rooms: ["room"], name: "Ana" });
    assert.equal(await at.back(client), false);
    assert.notEqual(client.id, id);
    await client.call("who am i");
    assert.deepEqual((await at.lines()).filter((line) => line.expired), []);
  });

  test("r10 the oldest session expires when too many are kept", async (t) => {
    const at = await stage(t, { "max-sessions": 2 });
    const clients = [];
    for (let count = 0; count < 3; count += 1) clients.push(await at.connect({ reconnection: false }));
    for (const client of clients) {
      const gone = client.disconnected();
      client.socket.io.engine.close();
      await gone;
      assert.equal((await at.line("disconnect")).kept, true);
    }
    const { expired } = await at.line("expired");
    const recovered = [];
    for (const client of clients) {
      client.socket.connect();
      await happened(client.socket, "connect");
      recovered.push(client.socket.recovered);
    }
    assert.deepEqual(recovered, [false, true, true]);
    assert.ok(expired);
  });
});
