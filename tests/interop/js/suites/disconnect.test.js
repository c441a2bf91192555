import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, describe, test } from "node:test";
import { connect, happened, onEveryTransport } from "../support/client.js";
import { chat, conformance, needsChat } from "../support/server.js";
import { Polling } from "../support/wire.js";

let server;
before(async () => { server = await conformance(); });
after(() => server?.stop());

onEveryTransport("disconnecting", (transports) => {
  test("a client that disconnects gets the reason", async (t) => {
    const client = await connect(t, server.url, { transports });
    const end = client.disconnected();
    client.socket.disconnect();
    assert.equal(await end, "io client disconnect");
  });

  test("leaving the main namespace leaves the others alone", async (t) => {
    const main = await connect(t, server.url, { transports });
    const custom = main.socket.io.socket("/custom");
    await happened(custom, "auth");
    const engine = custom.io.engine;
    main.socket.disconnect();
    await sleep(100);

    // Coming back over the same connection shows that it was never closed.
    main.socket.connect();
    await happened(main.socket, "connect");
    assert.equal(custom.io.engine, engine);
    assert.ok(custom.connected);
    assert.deepEqual(await main.call("message-with-ack", "back"), ["back"]);
  });
});

onEveryTransport("being closed", (transports) => {
  test("a client whose connection the server closes gets the reason once", async (t) => {
    const client = await connect(t, server.url, { transports });
    const goodbye = client.socket.io.socket("/goodbye");
    await happened(goodbye, "connect");
    const reasons = [];
    for (const socket of [client.socket, goodbye]) socket.on("disconnect", (reason) => reasons.push(reason));
    goodbye.emit("close");
    await happened(client.socket, "disconnect");
    await sleep(300);
    assert.deepEqual(reasons, ["io server disconnect", "io server disconnect"]);
  });
});

describe("what the server learns", { skip: needsChat }, () => {
  let room;
  before(async () => { room = await chat(); });
  after(() => room?.stop());

  async function whyLeft(witness, id) {
    for (;;) {
      const [sid, reason] = await witness.next("left");
      if (sid === id) return reason;
    }
  }

  test("a polling client disappears without a close", async (t) => {
    const witness = await connect(t, room.url, { transports: ["websocket"] });
    const session = await Polling.open(room.url, "/socket.io/");
    await session.send("40");
    const confirmation = (await session.poll()).find((packet) => packet.startsWith("40"));
    const { sid } = JSON.parse(confirmation.slice(2));

    // A waiting GET is all that the server can see of a polling client; it takes a moment to get there.
    const gone = new AbortController();
    const polls = (async () => { for (;;) await (await session.get({ signal: gone.signal })).text(); })();
    await sleep(100);
    gone.abort();
    await assert.rejects(polls);
    assert.match(await whyLeft(witness, sid), /^transport (close|error)$/);
  });

  onEveryTransport("reasons", (transports) => {
    /** A client that disconnects, and another that the disconnect handler notifies. */
    async function pair(t) {
      const leaver = await connect(t, room.url, { transports });
      const witness = await connect(t, room.url, { transports: ["websocket"] });
      return { leaver, witness, id: leaver.id };
    }

    test("the server disconnects a client", async (t) => {
      const { leaver, witness, id } = await pair(t);
      const end = leaver.disconnected();
      leaver.emit("disconnect request");
      assert.equal(await end, "io server disconnect");
      assert.equal(leaver.untaken("goodbye"), 1, "what was emitted before the disconnect arrives");
      assert.match(await whyLeft(witness, id), /^server( namespace)? disconnect$/);
    });

    test("a client that the server has disconnected does not reconnect by itself, but may", async (t) => {
      const client = await connect(t, room.url, { transports, reconnection: true, reconnectionDelay: 10 });
      const end = client.disconnected();
      client.emit("disconnect request");
      await end;
      assert.equal(client.socket.active, false);
      client.socket.connect();
      await happened(client.socket, "connect");
      assert.deepEqual(await client.call("ping time"), []);
    });

    test("a client disconnects", async (t) => {
      const { leaver, witness, id } = await pair(t);
      leaver.socket.disconnect();
      assert.match(await whyLeft(witness, id), /^client( namespace)? disconnect$/);
    });

    test("a client closes its connection", async (t) => {
      const { leaver, witness, id } = await pair(t);
      leaver.socket.io.engine.close();
      assert.match(await whyLeft(witness, id), /^(transport close|client disconnect)$/);
    });

    if (transports.includes("websocket")) {
      test("a client disappears without a close", async (t) => {
        const { leaver, witness, id } = await pair(t);
        await leaver.upgraded();
        leaver.socket.io.engine.transport.ws.terminate();
        assert.match(await whyLeft(witness, id), /^transport (close|error)$/);
      });
    }

    test("the disconnect handler runs once for each namespace of a lost connection", async (t) => {
      const { leaver, witness, id } = await pair(t);
      const notes = leaver.socket.io.socket("/notes", { auth: { name: "ada" } });
      await happened(notes, "notes");
      leaver.socket.io.engine.close();
      await whyLeft(witness, id);
      await witness.call("ping time");
      assert.equal(witness.untaken("left"), 0);
    });
  });
});
