// Behaviours that only show over time or with many clients: heartbeats, a server that stops, many clients at once.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { connect, happened, onEveryTransport } from "../support/client.js";
import { chat, conformance, needsChat, needsOwnServer, ownChat, ownConformance } from "../support/server.js";

const QUICK = { "ping-interval": 300, "ping-timeout": 500 };

onEveryTransport("heartbeats", (transports) => {
  test("a client that answers pings stays connected for many intervals", { skip: needsOwnServer }, async (t) => {
    const server = await ownConformance(QUICK);
    t.after(() => server.stop());
    const client = await connect(t, server.url, { transports });
    for (let pings = 0; pings < 5; pings += 1) await happened(client.socket.io.engine, "ping");
    assert.deepEqual(await client.call("message-with-ack", "alive"), ["alive"]);
  });

  test("a client notices a silent server", { skip: needsOwnServer }, async (t) => {
    const server = await ownConformance(QUICK);
    t.after(() => server.stop());
    const client = await connect(t, server.url, { transports });
    if (transports.length > 1) await client.upgraded();

    const end = client.disconnected();
    await server.freeze();
    assert.equal(await end, "ping timeout");
  });

  test("a busy client is not mistaken for a dead one", { skip: needsOwnServer }, async (t) => {
    const server = await ownConformance(QUICK);
    t.after(() => server.stop());
    const client = await connect(t, server.url, { transports });
    for (const started = Date.now(); Date.now() - started < 1_500;) {
      await client.call("message-with-ack", "x".repeat(10_000));
    }
    assert.ok(client.socket.connected);
  });
});

onEveryTransport("the server's end", (transports) => {
  test("clients notice a killed server, and reconnect when it is back", { skip: needsOwnServer }, async (t) => {
    const server = await ownConformance();
    t.after(() => server.stop());
    const client = await connect(t, server.url, { transports, reconnection: true, reconnectionDelay: 50, randomizationFactor: 0 });
    if (transports.length > 1) await client.upgraded();
    const first = client.id;

    const end = client.disconnected();
    await server.stop();
    assert.match(await end, /^transport (close|error)$/);

    const back = happened(client.socket, "connect");
    const again = await ownConformance({ port: server.port });
    t.after(() => again.stop());
    await back;
    assert.notEqual(client.id, first);
    assert.deepEqual(await client.call("message-with-ack", "again"), ["again"]);
  });

  for (const signal of ["SIGINT", "SIGTERM"]) {
    test(`${signal} lets the clients go so that they come back`, { skip: needsOwnServer }, async (t) => {
      const server = await ownChat();
      t.after(() => server.stop());
      const client = await connect(t, server.url, { transports, reconnection: true, reconnectionDelay: 50 });
      if (transports.length > 1) await client.upgraded();

      const end = client.disconnected();
      server.signal(signal);
      // "io server disconnect" would tell the client to stay away.
      assert.match(await end, /^transport (close|error)$/);
      assert.ok(client.socket.active, "the client will try to come back");
      assert.deepEqual(await server.gone, { code: 0, signal: null });
    });
  }
});

onEveryTransport("a crowd", (transports) => {
  const crowd = (t, url) => Promise.all(Array.from({ length: 100 }, () => connect(t, url, { transports })));

  test("each of a hundred clients gets its own acknowledgement", async (t) => {
    const server = await conformance();
    t.after(() => server.stop());
    const clients = await crowd(t, server.url);
    const answers = await Promise.all(clients.map((client, i) => client.call("message-with-ack", i, client.id)));
    assert.deepEqual(answers, clients.map((client, i) => [i, client.id]));
  });

  test("each of a hundred clients receives ten broadcasts in order", { skip: needsChat }, async (t) => {
    const server = await chat();
    t.after(() => server.stop());
    const clients = await crowd(t, server.url);
    for (let i = 0; i < 10; i += 1) clients[0].emit("broadcast", `${i}`);
    await Promise.all(clients.map(async (client) => {
      for (let i = 0; i < 10; i += 1) {
        const [{ text }] = await client.next("broadcast");
        assert.equal(text, `${i}`);
      }
    }));
  });
});
