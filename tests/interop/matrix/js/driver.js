// The steps of the matrix with socket.io-client: node driver.js VERSION URL TRANSPORT
//
// `client-VERSION` is a dependency in package.json. The steps and their output are described in ../README.md.

import { createRequire } from "node:module";
import readline from "node:readline";

const [version, url, transport] = process.argv.slice(2);
const { io } = load(createRequire(import.meta.url)(`client-${version}`));
const options = transport === "default" ? {} : { transports: [transport] };

const TEXT = "größe 👩‍🚀";
const AUTH = { token: TEXT };
const BYTES = Buffer.from(Array.from({ length: 300 }, (_, i) => i % 256));

// Versions 1 and 2 export a function that has no property `io`.
function load(module) {
  return { io: module.io ?? module };
}

function readable(value) {
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return { hex: Buffer.from(value).toString("hex") };
  if (Array.isArray(value)) return value.map(readable);
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, readable(inner)]));
  }
  return value;
}

function report(step, value) {
  console.log(JSON.stringify({ step, value: readable(value) }));
}

// The server lets JavaScript clients recover their sessions: an offset follows the arguments of its events.
const OFFSET = /^[\w-]{8}\.\d+$/;
const own = (args) => (OFFSET.test(args.at(-1)) ? args.slice(0, -1) : args);

const event = (socket, name) => new Promise((resolve) => socket.once(name, (...args) => resolve(own(args))));
const ask = (socket, name, ...args) => new Promise((resolve) => socket.emit(name, ...args, (...answer) => resolve(answer)));

async function main() {
  const socket = io(url, { ...options, auth: AUTH, forceNew: true });
  const chat = socket.io.socket("/chat", { auth: AUTH });
  const [hello, helloChat] = [event(socket, "hello"), event(chat, "hello")];
  report("connect", await hello);
  report("namespace", await helloChat);

  let echoed = event(chat, "echoed");
  chat.emit("echo", TEXT, 1, { a: [true, null] });
  report("event", await echoed);
  report("ack", await ask(socket, "answer", TEXT, [2]));

  const asked = event(socket, "asked");
  socket.on("question", (...args) => {
    report("question", args.slice(0, -1));
    args.at(-1)("because", { [TEXT]: [1] });
  });
  socket.emit("ask", "why");
  report("asked", await asked);

  echoed = event(socket, "echoed");
  socket.emit("echo", TEXT, BYTES, { deep: [BYTES.subarray(0, 3)] });
  report("binary", await echoed);
  report("binary ack", await ask(socket, "answer", BYTES));

  let [current] = await ask(socket, "transport");
  while (transport === "default" && current === "polling") [current] = await ask(socket, "transport");
  report("transport", current);

  const refused = io(url + "/refused", { ...options, auth: AUTH, forceNew: true });
  const [error] = await event(refused, version < "3" ? "error" : "connect_error");
  report("refused", version < "3" ? error : { message: error.message, data: error.data });
  refused.close();

  const left = event(chat, "disconnect");
  chat.emit("leave");
  report("server disconnect", (await left)[0]);

  // It reconnects after other ends, but not after this one.
  const closed = io(url, { ...options, auth: AUTH, forceNew: true });
  let connects = 0;
  closed.on("connect", () => (connects += 1));
  await event(closed, "hello");
  const end = event(closed, "disconnect");
  closed.emit("close");
  report("server close", (await end)[0]);

  socket.on("disconnect", (reason) => report("lost", reason));
  socket.on("hello", async (...args) => {
    await ask(socket, "answer", 1);
    report("back", own(args));
  });
  report("ready");
  for await (const _ of readline.createInterface({ input: process.stdin }));
  report("end", { connects });
  process.exit();
}

await main();
