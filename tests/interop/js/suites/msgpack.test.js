// The parser `socket.io-msgpack-parser` on both sides: each packet is one binary message.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import parser from "socket.io-msgpack-parser";
import { connect, onEveryTransport, open } from "../support/client.js";
import { needsOwnServer, ownConformance } from "../support/server.js";

let server;
before(async () => {
  if (!needsOwnServer) server = await ownConformance({ parser: "msgpack" });
});
after(() => server?.stop());

onEveryTransport("msgpack", (transports) => {
  const row = (name, body) => test(name, { skip: needsOwnServer }, body);
  const join = (t, options) => connect(t, server.url, { transports, parser, ...options });

  for (const args of [[], ["é☕"], [1, -70_000, 2 ** 53, 0.5], [null, true, [[]]], [{ deep: [{ er: "text" }] }]]) {
    row(`an event with ${JSON.stringify(args)} comes back as it went`, async (t) => {
      const client = await join(t);
      client.emit("message", ...args);
      assert.deepEqual(await client.next("message-back"), args);
    });
  }

  row("binary data travels in its place, at any depth", async (t) => {
    const client = await join(t);
    client.emit("message", Buffer.from([1, 2, 3]), { deep: [Buffer.alloc(70_000, 7)] });
    const [plain, nested] = await client.next("message-back");
    assert.deepEqual([...plain], [1, 2, 3]);
    assert.equal(Buffer.compare(Buffer.from(nested.deep[0]), Buffer.alloc(70_000, 7)), 0);
  });

  row("values that JSON lacks arrive as in JSON", async (t) => {
    const client = await join(t);
    const date = new Date(1_769_862_896_789);
    client.emit("message", date, undefined, { gone: undefined, here: 1 }, NaN, new Uint8Array([1, 2]).buffer);
    const [text, nothing, object, number, buffer] = await client.next("message-back");
    assert.deepEqual([text, nothing, object, number], [date.toISOString(), null, { here: 1 }, null]);
    assert.deepEqual([...buffer], [1, 2]);
  });

  row("the server acknowledges, with binary data too", async (t) => {
    const client = await join(t);
    assert.deepEqual(await client.call("message-with-ack"), []);
    const [text, bytes] = await client.call("message-with-ack", "a", Buffer.from([4]));
    assert.deepEqual([text, [...bytes]], ["a", [4]]);
    const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => client.call("message-with-ack", i)));
    assert.deepEqual(answers.flat(), Array.from({ length: 200 }, (_, i) => i));
  });

  row("the client acknowledges", async (t) => {
    const client = await join(t);
    client.socket.on("question", (question, answer) => answer({ question, bytes: Buffer.from([5]) }));
    const [question, answer] = await client.call("ask", "why");
    assert.deepEqual([question, answer.question, [...answer.bytes]], ["why", "why", [5]]);
  });

  row("auth reaches the server, in every namespace", async (t) => {
    const client = await join(t, { auth: { token: "t" } });
    assert.deepEqual(await client.next("auth"), [{ token: "t" }]);
    const custom = await connect(t, `${server.url}/custom`, { transports, parser });
    assert.deepEqual(await custom.next("auth"), [{}]);
  });

  row("two namespaces share a connection, and one is left without the other", async (t) => {
    const client = await join(t);
    const custom = client.socket.io.socket("/custom");
    await new Promise((resolve) => custom.once("connect", resolve));
    assert.notEqual(custom.id, client.id);
    custom.disconnect();
    assert.deepEqual(await client.call("message-with-ack", 1), [1]);
  });

  row("a refused client gets the reason", async (t) => {
    const client = open(t, `${server.url}/refused`, { transports, parser, auth: { a: [1] } });
    const error = await client.refused();
    assert.deepEqual([error.message, error.data], ["not today", { a: [1] }]);
  });

  row("an unknown namespace is refused", async (t) => {
    const error = await open(t, `${server.url}/unknown`, { transports, parser }).refused();
    assert.equal(error.message, "Invalid namespace");
  });

  row("a client that speaks JSON is closed", async (t) => {
    const client = open(t, server.url, { transports });
    const [reason] = await new Promise((resolve) => client.socket.io.once("close", (...args) => resolve(args)));
    assert.match(reason, /transport (close|error)/);
    assert.equal(client.socket.connected, false);
  });
});
