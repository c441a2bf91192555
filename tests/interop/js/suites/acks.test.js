import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { connect, onEveryTransport } from "../support/client.js";
import { chat, conformance, needsChat, needsOwnServer, ownConformance } from "../support/server.js";

let server;
before(async () => { server = await conformance(); });
after(() => server?.stop());

onEveryTransport("acknowledgements", (transports) => {
  for (const args of [[], ["one"], [1, "two", { three: [3] }], [null], [[]], [[1, 2]]]) {
    test(`an answer of ${JSON.stringify(args)} arrives as such`, async (t) => {
      const client = await connect(t, server.url, { transports });
      assert.deepEqual(await client.call("message-with-ack", ...args), args);
    });
  }

  test("emitWithAck resolves with the first value", async (t) => {
    const client = await connect(t, server.url, { transports });
    assert.equal(await client.socket.emitWithAck("message-with-ack", "value"), "value");
    assert.equal(await client.socket.timeout(5000).emitWithAck("message-with-ack", 7), 7);
  });

  test("an answer may be binary, at any depth", async (t) => {
    const client = await connect(t, server.url, { transports });
    const sent = Buffer.from([1, 2, 3]);
    const [plain, nested] = await client.call("message-with-ack", sent, { deep: [Buffer.from([4])] });
    assert.deepEqual([...plain], [1, 2, 3]);
    assert.deepEqual([...nested.deep[0]], [4]);
  });

  test("each of two hundred concurrent calls gets its own acknowledgement", async (t) => {
    const client = await connect(t, server.url, { transports });
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) => client.call("message-with-ack", i, i % 5 ? "text" : Buffer.from([i]))),
    );
    answers.forEach(([number, payload], i) => {
      assert.equal(number, i);
      assert.deepEqual(i % 5 ? payload : payload[0], i % 5 ? "text" : i);
    });
  });

  test("answers and events keep their order", async (t) => {
    const client = await connect(t, server.url, { transports });
    const seen = [];
    const note = (value) => seen.push(value);
    client.socket.on("message-back", note);
    client.emit("message", 1);
    client.emit("message-with-ack", 2, note);
    client.emit("message", 3);
    await client.call("message-with-ack", 4).then(([value]) => note(value));
    assert.deepEqual(seen, [1, 2, 3, 4]);
  });

  test("a call that the server answers too late fails alone", { skip: needsOwnServer }, async (t) => {
    const sleepy = await ownConformance();
    t.after(() => sleepy.stop());
    const client = await connect(t, sleepy.url, { transports });
    if (transports.length > 1) await client.upgraded();

    await sleepy.freeze();
    await assert.rejects(client.socket.timeout(200).emitWithAck("message-with-ack", "late"), /timed out/);
    sleepy.signal("SIGCONT");
    // The late answer to the first call arrives before this one's and must not be taken for it.
    assert.deepEqual(await client.call("message-with-ack", "in time"), ["in time"]);
  });
});

describe("the server's own questions", { skip: needsChat }, () => {
  let room;
  before(async () => { room = await chat(); });
  after(() => room?.stop());

  onEveryTransport("calls by the server", (transports) => {
    test("the client's answer reaches the handler that asked", async (t) => {
      const client = await connect(t, room.url, { transports });
      client.socket.on("question", (text, answer) => {
        assert.equal(typeof text, "string");
        answer("green");
      });
      const [reply] = await client.call("ask me");
      assert.match(reply, /green/);
    });

    test("a second acknowledgement of a client is ignored", async (t) => {
      const client = await connect(t, room.url, { transports });
      client.socket.on("question", (_, answer) => {
        answer("first");
        // The official client refuses a second answer, so it is written by hand; the id of the first call is 0 or 1.
        for (const ack of [0, 1]) client.socket.io._packet({ type: 3, nsp: "/", id: ack, data: ["second"] });
      });
      const [reply] = await client.call("ask me");
      assert.match(reply, /first/);
      assert.deepEqual(await client.call("ping time"), []);
    });
  });
});
