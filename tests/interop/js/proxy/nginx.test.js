// `examples/nginx/nginx.conf`, really run: the official client reaches the examples through it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, onEveryTransport } from "../support/client.js";
import { freePort, ownChat, start } from "../support/server.js";

const config = new URL("../../../../examples/nginx/nginx.conf", import.meta.url);
const TEMPORARY = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];

/** A directory that nginx may look into, which lets another user do its work when it is started by root. */
async function sharedDirectory(t) {
  const directory = await mkdtemp(path.join(tmpdir(), "socketio-nginx-"));
  await chmod(directory, 0o755);
  t.after(() => rm(directory, { recursive: true }));
  return directory;
}

/** Starts nginx in front of `upstream`, with the example's configuration but for ports and directories. */
async function nginx(t, upstream) {
  const directory = await sharedDirectory(t);
  const port = await freePort();
  const temporary = TEMPORARY.map((name) => `${name}_temp_path ${directory}/${name};`).join("\n");
  const text = (await readFile(config, "utf8"))
    .replace("server 127.0.0.1:5000;", `server ${upstream};`)
    .replace("listen 127.0.0.1:8080;", `listen 127.0.0.1:${port};`)
    .replace("access_log off;", `access_log off;\n${temporary}`);
  assert.ok(text.includes(upstream) && text.includes(temporary) && text.includes(String(port)));
  const file = path.join(directory, "nginx.conf");
  await writeFile(file, text);

  const child = spawn(process.env.NGINX_PROGRAM ?? "nginx", ["-e", "stderr", "-p", directory, "-c", file], { stdio: "inherit" });
  const gone = new Promise((resolve) => child.once("exit", resolve));
  t.after(async () => {
    child.kill("SIGTERM");
    await gone;
  });
  while (!(await isOpen(port))) {
    assert.equal(child.exitCode, null, "nginx did not start");
    await sleep(20);
  }
  return `http://127.0.0.1:${port}`;
}

function isOpen(port) {
  return new Promise((resolve) => {
    const socket = connectTcp(port, "127.0.0.1");
    socket.once("connect", () => resolve(true) || socket.destroy());
    socket.once("error", () => resolve(false));
  });
}

test("pages come through", async (t) => {
  const chat = await ownChat();
  t.after(() => chat.stop());
  const url = await nginx(t, new URL(chat.url).host);
  assert.match(await (await fetch(url)).text(), /<html/);
});

onEveryTransport("through nginx", (transports, name) => {
  test("events go both ways, for pages of the origin that nginx serves", async (t) => {
    const chat = await ownChat();
    t.after(() => chat.stop());
    const url = await nginx(t, new URL(chat.url).host);
    const client = await connect(t, url, { transports, extraHeaders: { origin: url } });
    if (name === "upgrade") await client.upgraded();
    assert.equal(client.socket.io.engine.transport.name, name === "polling" ? "polling" : "websocket");
    for (const text of ["hello", "x".repeat(900_000)]) {
      client.emit("echo", text);
      assert.deepEqual(await client.next("echo"), [text]);
    }
  });

  test("pages of another origin are refused", async (t) => {
    const chat = await ownChat();
    t.after(() => chat.stop());
    const url = await nginx(t, new URL(chat.url).host);
    const extraHeaders = { origin: "http://elsewhere.test" };
    await assert.rejects(connect(t, url, { transports, extraHeaders }));
  });

  test("the server knows the client's address, whatever the client claims", async (t) => {
    const socket = path.join(await sharedDirectory(t), "io.sock");
    const server = start("unix_socket", [socket]);
    t.after(() => server.stop());
    await server.line(/listening/);
    const url = await nginx(t, `unix:${socket}`);
    const extraHeaders = { "x-forwarded-for": "203.0.113.9" };
    const client = await connect(t, url, { transports, extraHeaders });
    const [address] = await client.next("welcome");
    assert.equal(address, "127.0.0.1");
  });
});
