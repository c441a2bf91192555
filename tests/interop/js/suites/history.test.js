// Histories over HTTP, for readers without a Socket.IO client: with `EventSource` and `fetch`. Server: the example `history`.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { io } from "socket.io-client";
import { needsOwnServer, start } from "../support/server.js";

const READER = fileURLToPath(new URL("../support/event-source.js", import.meta.url));
const LINES = 67;

async function example(t) {
  const server = start("history", ["--port", "0"], { output: "stderr" });
  t.after(() => server.stop());
  const [, port] = await server.line(/addr=[\d.]+:(\d+)/);
  return { port: Number(port), url: `http://127.0.0.1:${port}` };
}

/** Passes bytes on to a port, until the connections are cut. */
async function proxy(t, port) {
  const open = new Set();
  const listener = createServer((socket) => {
    const upstream = connect(port, "127.0.0.1");
    for (const [one, other] of [[socket, upstream], [upstream, socket]]) {
      open.add(one.on("error", () => {}).on("close", () => (open.delete(one), other.destroy())));
      one.pipe(other);
    }
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  t.after(() => listener.close());
  return { url: `http://127.0.0.1:${listener.address().port}`, cut: () => open.forEach((socket) => socket.destroy()) };
}

test("an EventSource whose connection is cut reads a log from its beginning to its end, each line once", { skip: needsOwnServer }, async (t) => {
  const server = await example(t);
  const between = await proxy(t, server.port);
  const socket = io(server.url);
  t.after(() => socket.disconnect());
  await socket.emitWithAck("start", "release");
  const reader = spawn(process.execPath, ["--no-warnings", "--experimental-eventsource", READER, `${between.url}/socket.io-history/?room=job:release`]);
  t.after(() => reader.kill());
  const read = [];
  const joined = [];
  for await (const line of createInterface(reader.stdout)) {
    const { kind, id, data } = JSON.parse(line);
    if (kind === "joined") {
      joined.push(data.recovered);
    } else {
      assert.equal(id, `${id.split(".")[0]}.${data.seq}`);
      read.push([data.event, ...data.args].join(" "));
      if (read.length === 20) between.cut();
      if (data.event === "done") break;
    }
  }
  assert.deepEqual(joined, [true, true]);
  assert.equal(read.length, LINES);
  assert.equal(new Set(read).size, LINES);
  assert.deepEqual([read[0], read[1], read.at(-1)], ["log 0 fetch 0", "log 0 fetch 10", "done release"]);

  // The same, by pages.
  const seen = [];
  for (let since = `${"A".repeat(8)}.0`, more = true; more;) {
    const page = await (await fetch(`${server.url}/socket.io-history/?room=job:release&limit=30&since=${since}`)).json();
    assert.equal(page.recovered, seen.length > 0, "the first position is of another epoch");
    seen.push(...page.events.map(({ event, args }) => [event, ...args].join(" ")));
    since = `${page.epoch}.${page.seq}`;
    more = page.more;
  }
  assert.deepEqual(seen, read);
});

test("a guard refuses what it does not allow, and a wrong parameter is named", { skip: needsOwnServer }, async (t) => {
  const { url } = await example(t);
  for (const [query, status, parameter] of [
    ["room=other", 403, null],
    ["room=job:a&since=17", 400, "since"],
    ["limit=1", 400, "room"],
  ]) {
    const response = await fetch(`${url}/socket.io-history/?${query}`);
    assert.equal(response.status, status);
    assert.equal((await response.json()).error.parameter, parameter);
  }
});
