// The official client as the server itself serves it: the files of npm's package, whole, in each encoding, and in use.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { needsOwnServer, ownConformance } from "../support/server.js";

const require = createRequire(import.meta.url);
// These builds are for browsers, and look for it when they are loaded. Node has it from version 22 on.
globalThis.WebSocket ??= require("ws");

const dist = path.join(path.dirname(require.resolve("socket.io-client/package.json")), "dist");

describe("the client that the server serves", { skip: needsOwnServer }, () => {
  let server;
  let directory;
  before(async () => {
    server = await ownConformance({ client: dist });
    directory = await mkdtemp(path.join(tmpdir(), "served-client-"));
  });
  after(async () => {
    await server?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  /** A file as a program gets it, whatever was on the wire. */
  const file = (name, headers = {}) => fetch(`${server.url}/socket.io/${name}`, { headers });

  /** Saves a served file, so that Node can load it like one of npm. */
  async function saved(name, as) {
    const saved = path.join(directory, as);
    await writeFile(saved, Buffer.from(await (await file(name)).arrayBuffer()));
    return saved;
  }

  test("is every file of the package, byte for byte, in each encoding", async () => {
    const names = await readdir(dist);
    assert.equal(names.length, 8, names.join());
    for (const name of names) {
      const original = await readFile(path.join(dist, name));
      const tags = new Set();
      for (const coding of ["identity", "gzip", "deflate"]) {
        const response = await file(name, { "accept-encoding": coding });
        assert.equal(response.status, 200);
        assert.equal(response.headers.get("content-encoding") ?? "identity", coding, name);
        assert.match(response.headers.get("content-type"), name.endsWith(".map") ? /\/json/ : /\/javascript/);
        assert.ok(original.equals(Buffer.from(await response.arrayBuffer())), `${name} as ${coding}`);
        tags.add(response.headers.get("etag"));
      }
      assert.equal(tags.size, 3);
    }
  });

  test("is answered with 304 to a browser that has it", async () => {
    const first = await file("socket.io.min.js");
    await first.arrayBuffer();
    const again = await file("socket.io.min.js", { "if-none-match": first.headers.get("etag") });
    assert.equal(again.status, 304);
  });

  const builds = {
    "socket.io.js": (saved) => require(saved),
    "socket.io.min.js": (saved) => require(saved),
    "socket.io.esm.min.js": (saved) => import(pathToFileURL(saved)),
  };
  for (const [name, load] of Object.entries(builds)) {
    test(`connects to the server that it came from: ${name}`, async () => {
      const { io } = await load(await saved(name, name.includes("esm") ? "client.mjs" : name.replace(".js", ".cjs")));
      const socket = io(server.url, { transports: ["websocket"], reconnection: false });
      try {
        await once(socket, "connect");
        assert.deepEqual(await socket.timeout(5000).emitWithAck("message-with-ack", 1), 1);
      } finally {
        socket.disconnect();
      }
    });
  }
});
