import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connect, happened, onEveryTransport, open } from "../support/client.js";
import { conformance } from "../support/server.js";

let server;
before(async () => { server = await conformance(); });
after(() => server?.stop());

onEveryTransport("connecting", (transports, name) => {
  test("the auth object reaches the connect handler", async (t) => {
    const auth = { token: "s3cret", "naïve key": [1, { deep: null }], emoji: "👩‍🚀" };
    const client = await connect(t, server.url, { transports, auth });
    assert.deepEqual(await client.next("auth"), [auth]);
  });

  test("a client without auth connects with an empty object", async (t) => {
    const client = await connect(t, server.url, { transports });
    assert.deepEqual(await client.next("auth"), [{}]);
  });

  test("what connect emits comes after the connection is confirmed", async (t) => {
    const client = open(t, server.url, { transports });
    const order = [];
    client.socket.once("connect", () => order.push("connect"));
    client.socket.once("auth", () => order.push("auth"));
    await client.next("auth");
    assert.deepEqual(order, ["connect", "auth"]);
  });

  test("a custom namespace is connected with its own auth", async (t) => {
    const client = await connect(t, `${server.url}/custom`, { transports, auth: { role: "guest" } });
    assert.deepEqual(await client.next("auth"), [{ role: "guest" }]);
  });

  test("two namespaces share one connection and have different ids", async (t) => {
    const main = await connect(t, server.url, { transports, forceNew: true });
    const custom = main.socket.io.socket("/custom", { auth: { second: true } });
    const [auth] = await happened(custom, "auth");
    assert.deepEqual(auth, { second: true });
    assert.notEqual(custom.id, main.id);
    assert.equal(custom.io.engine, main.socket.io.engine);
    custom.disconnect();
    assert.deepEqual(await main.call("message-with-ack", "still here"), ["still here"]);
  });

  test("an unknown namespace is refused and the connection stays usable", async (t) => {
    const main = await connect(t, server.url, { transports });
    const unknown = main.socket.io.socket("/random");
    const [error] = await happened(unknown, "connect_error");
    assert.equal(error.message, "Invalid namespace");
    assert.deepEqual(await main.call("message-with-ack", 1), [1]);
  });

  test("the id users see is not the secret of the transport", async (t) => {
    const client = await connect(t, server.url, { transports });
    const secret = client.socket.io.engine.id;
    assert.match(client.id, /^[\w-]{20}$/);
    assert.match(secret, /^[\w-]{20}$/);
    assert.notEqual(client.id, secret);
  });

  test("the server announces its intervals and its limit", async (t) => {
    const client = await connect(t, server.url, { transports });
    const { engine } = client.socket.io;
    for (const figure of ["_pingInterval", "_pingTimeout", "_maxPayload"]) {
      assert.ok(Number.isInteger(engine[figure]) && engine[figure] > 0, `${figure}: ${engine[figure]}`);
    }
  });

  test("a server is not found under another path", async (t) => {
    const client = open(t, server.url, { transports, path: "/elsewhere/" });
    const error = await client.refused();
    assert.match(error.message, /xhr poll error|websocket error/);
  });

  test("the client uses the transport that it asked for", async (t) => {
    const client = await connect(t, server.url, { transports });
    if (name === "upgrade") await client.upgraded();
    assert.equal(client.socket.io.engine.transport.name, name === "polling" ? "polling" : "websocket");
    assert.deepEqual(await client.call("message-with-ack", name), [name]);
  });

  test("a client that disconnects and connects again gets a new id", async (t) => {
    const client = await connect(t, server.url, { transports });
    const first = client.id;
    client.socket.disconnect();
    client.socket.connect();
    await happened(client.socket, "connect");
    assert.notEqual(client.id, first);
    assert.deepEqual(await client.call("message-with-ack", 2), [2]);
  });

  test("a client that has lost its connection reconnects by itself and sends its buffered events", async (t) => {
    const client = await connect(t, server.url, { transports, reconnection: true, reconnectionDelay: 10 });
    const first = client.id;
    const lost = client.disconnected();
    client.socket.io.engine.close();
    await lost;
    const answer = client.call("message-with-ack", "kept while away");
    assert.deepEqual(await answer, ["kept while away"]);
    assert.notEqual(client.id, first);
  });

  test("fifty clients can connect at once and have different ids", async (t) => {
    const clients = await Promise.all(Array.from({ length: 50 }, () => connect(t, server.url, { transports })));
    assert.equal(new Set(clients.map((client) => client.id)).size, 50);
  });
});
