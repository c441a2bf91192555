import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { happened } from "../support/client.js";
import { ownConformance } from "../support/server.js";
import { CLIENTS, call, connect } from "./clients.js";
import { install, requests } from "./dom.js";

for (const [version, io] of Object.entries(CLIENTS)) {
  describe(`socket.io-client ${version} with JSONP`, () => {
    let server;
    before(async () => {
      install();
      server = await ownConformance({ "allow-eio3": true });
    });
    after(() => server?.stop());

    test("events, acknowledgements and binary data go both ways", async (t) => {
      requests.length = 0;
      const socket = await connect(t, io, server.url, { forceJSONP: true, transports: ["polling"] });
      const text = "a \n b \\n c \\\\n \" ' </script> \u2028 \u2029 é 😀 & = + %";
      assert.deepEqual(await call(socket, "message-with-ack", text), [text]);
      socket.emit("message", Buffer.from([1, 2, 3]), "x");
      const [bytes, x] = await happened(socket, "message-back");
      assert.deepEqual([Buffer.from(bytes), x], [Buffer.from([1, 2, 3]), "x"]);
      assert.ok(requests.length > 4 && requests.every((request) => /[?&]j=\d/.test(request)), requests.join("\n"));
    });
  });
}
