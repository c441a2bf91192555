import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as current from "../support/client.js";
import { happened } from "../support/client.js";
import { ownConformance } from "../support/server.js";
import { CLIENTS, TRANSPORTS, call, connect, connected, open } from "./clients.js";

const UNICODE = "hé € 😀 \u2028 \n \\n </script> \"'";

for (const [version, io] of Object.entries(CLIENTS)) {
  for (const [transport, options] of Object.entries(TRANSPORTS)) {
    describe(`socket.io-client ${version}, ${transport}`, () => {
      let server;
      before(async () => { server = await ownConformance({ "allow-eio3": true }); });
      after(() => server?.stop());

      const start = (t, path = "", more = {}) => connect(t, io, server.url + path, { ...options, ...more });

      test("events go both ways, with any character", async (t) => {
        const socket = await start(t);
        for (const values of [[UNICODE, 1, { a: [null, true] }], ["first", "second"], [""]]) {
          socket.emit("message", ...values);
          assert.deepEqual(await happened(socket, "message-back"), values);
        }
        if (transport === "default") {
          const { engine } = socket.io;
          if (engine.transport.name !== "websocket" || engine.upgrading) await happened(engine, "upgrade");
          socket.emit("message", UNICODE);
          assert.deepEqual(await happened(socket, "message-back"), [UNICODE]);
        }
      });

      test("binary data goes both ways", async (t) => {
        const socket = await start(t);
        const data = Buffer.from([1, 2, 3, 4]);
        socket.emit("message", data, { inside: Buffer.from([]) }, "é");
        const [first, second, third] = await happened(socket, "message-back");
        assert.deepEqual([Buffer.from(first), Buffer.from(second.inside), third], [data, Buffer.from([]), "é"]);
      });

      test("acknowledgements go both ways", async (t) => {
        const socket = await start(t);
        assert.deepEqual(await call(socket, "message-with-ack", UNICODE, 2), [UNICODE, 2]);
        const [bytes] = await call(socket, "message-with-ack", Buffer.from([9, 8]));
        assert.deepEqual(Buffer.from(bytes), Buffer.from([9, 8]));
        socket.on("question", (question, acknowledge) => acknowledge(question));
        assert.deepEqual(await call(socket, "ask", "why?"), ["why?", "why?"]);
        const [, back] = await call(socket, "ask", Buffer.from([7]));
        assert.deepEqual(Buffer.from(back), Buffer.from([7]));
      });

      test("large and many messages arrive in order", async (t) => {
        const socket = await start(t);
        const large = "x€".repeat(20_000);
        const received = [];
        const all = new Promise((resolve) => socket.on("message-back", (value) => {
          received.push(value);
          if (received.length === 101) resolve();
        }));
        for (let number = 0; number < 100; number += 1) socket.emit("message", number);
        socket.emit("message", large);
        await all;
        assert.deepEqual(received, [...Array(100).keys(), large]);
      });

      test("the query is the auth of a namespace", async (t) => {
        const socket = open(t, io, `${server.url}/custom?token=${encodeURIComponent("a b,é")}`, options);
        const auth = happened(socket, "auth");
        await connected(socket);
        assert.deepEqual(await auth, [{ token: "a b,é" }]);
      });

      test("the query of the URL is the auth of the default namespace", async (t) => {
        const socket = open(t, io, server.url, { ...options, query: { token: "secret" } });
        assert.deepEqual(await happened(socket, "auth"), [{ token: "secret" }]);
      });

      test("a refused and an unknown namespace give the reason, and the others stay connected", async (t) => {
        const socket = await start(t);
        const manager = socket.io;
        const refused = manager.socket("/refused");
        assert.deepEqual(await happened(refused, "error"), ["not today"]);
        const unknown = manager.socket("/unknown");
        assert.deepEqual(await happened(unknown, "error"), ["Invalid namespace"]);
        assert.deepEqual(await call(socket, "message-with-ack", 1), [1]);
      });

      test("old and current clients share rooms", async (t) => {
        const socket = await start(t);
        const newer = await current.connect(t, server.url);
        const other = await start(t);
        await call(socket, "join", "r");
        await newer.call("join", "r");
        const told = [happened(socket, "told"), newer.next("told")];
        await call(other, "tell", "r", Buffer.from([1, 2]), "é");
        for (const [bytes, text] of await Promise.all(told)) {
          assert.deepEqual([Buffer.from(bytes), text], [Buffer.from([1, 2]), "é"]);
        }
      });

      test("it pings and stays connected", async (t) => {
        const lively = await ownConformance({ "allow-eio3": true, "ping-interval": 200, "ping-timeout": 400 });
        t.after(() => lively.stop());
        const socket = await connect(t, io, lively.url, options);
        await happened(socket, "pong");
        await happened(socket, "pong");
        await happened(socket, "pong");
        assert.deepEqual(await call(socket, "message-with-ack", 1), [1]);
      });

      test("it reconnects when the server is back", async (t) => {
        const first = await ownConformance({ "allow-eio3": true });
        const socket = await connect(t, io, first.url, { ...options, reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 100 });
        const gone = happened(socket, "disconnect");
        await first.stop();
        await gone;
        const second = await ownConformance({ "allow-eio3": true, port: first.port });
        t.after(() => second.stop());
        await happened(socket, "connect");
        assert.deepEqual(await call(socket, "message-with-ack", 1), [1]);
      });

      test("it leaves a namespace, and the connection", async (t) => {
        const socket = await start(t);
        const custom = socket.io.socket("/custom");
        await connected(custom);
        assert.equal(custom.id, version === "1.7" ? custom.id : `/custom#${socket.io.engine.id}`);
        custom.disconnect();
        assert.deepEqual(await call(socket, "message-with-ack", 1), [1]);
        const gone = happened(socket, "disconnect");
        socket.disconnect();
        assert.deepEqual(await gone, ["io client disconnect"]);
      });
    });
  }
}

describe("a server without the option", () => {
  for (const [version, io] of Object.entries(CLIENTS)) {
    test(`refuses socket.io-client ${version}`, async (t) => {
      const server = await ownConformance();
      t.after(() => server.stop());
      const socket = open(t, io, server.url, TRANSPORTS.polling);
      const [error] = await happened(socket, "connect_error");
      assert.equal(error.description, 400);
    });
  }
});
