// Clients that are cut off again and again while a server emits numbered messages: what arrives, how often, in which order, and how long
// a client takes to be up to date again.
//
//   node drive.mjs cuts PORT COMMAND..        each client loses its connection every 15 seconds, for about 2 seconds
//   node drive.mjs deployment PORT COMMAND..  the server is ended with SIGTERM once and started again
//   node drive.mjs kill PORT COMMAND..        the same with SIGKILL, while a second node at the next port emits
//
// COMMAND starts a server that prints `ready`. CLIENTS (2,000), MESSAGES (120), INTERVAL (500 ms), CUT_EVERY (15,000 ms) and CUT_FOR (2,000
// ms) change the load. The last line is a JSON object with the figures.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { io } from "socket.io-client";

const [mode, port, program, ...args] = process.argv.slice(2);
const number = (name, fallback) => Number(process.env[name] ?? fallback);
const CLIENTS = number("CLIENTS", 2_000);
const MESSAGES = number("MESSAGES", 120);
const INTERVAL = number("INTERVAL", 500);
const CUT_EVERY = number("CUT_EVERY", 15_000);
const CUT_FOR = number("CUT_FOR", 2_000);

async function startServer(at = port) {
  const child = spawn(program, args.map((arg) => (arg === port ? String(at) : arg)), { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout })) if (line === "ready") break;
  child.stdout.resume();
  return child;
}

class Client {
  received = [];
  away = [];
  catchingUp = [];
  recovered = 0;
  connects = 0;
  #lost;
  #opened;

  constructor() {
    this.socket = io(`http://127.0.0.1:${port}`, {
      transports: ["websocket"],
      forceNew: true,
      reconnectionDelay: CUT_FOR,
      reconnectionDelayMax: 2 * CUT_FOR,
      randomizationFactor: 0.25,
    });
    this.socket.io.on("open", () => { this.#opened = performance.now(); });
    this.socket.on("message", (count) => this.received.push(count));
    this.socket.on("connect", () => {
      this.connects += 1;
      if (this.#lost === undefined) return;
      this.away.push(performance.now() - this.#lost);
      if (this.socket.recovered) {
        this.recovered += 1;
        // Missed events are received before this.
        this.catchingUp.push(performance.now() - this.#opened);
      }
      this.#lost = undefined;
    });
    this.socket.on("disconnect", () => { this.#lost = performance.now(); });
  }

  /** Loses the connection as a network does: without a close packet. */
  cut() {
    this.socket.io.engine?.transport?.ws?.terminate();
  }

  get isAway() {
    return this.#lost !== undefined;
  }
}

const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
const seconds = (values, share) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length ? Number((percentile(sorted, share) / 1_000).toFixed(2)) : null;
};

let server = await startServer();
const emitter = mode === "kill" ? await startServer(Number(port) + 1) : undefined;
const clients = [];
for (let index = 0; index < CLIENTS; index += 1) {
  clients.push(new Client());
  if (index % 50 === 49) await sleep(20);
}
while (clients.some(({ connects }) => connects === 0)) await sleep(50);

const begun = performance.now();
const starter = emitter ? io(`http://127.0.0.1:${Number(port) + 1}`, { transports: ["websocket"] }) : clients[0].socket;
starter.emit("start", { count: MESSAGES, interval: INTERVAL });
const end = begun + MESSAGES * INTERVAL;
if (mode === "cuts") {
  const timers = clients.map((client) => {
    const cut = () => {
      if (performance.now() < end - CUT_FOR) {
        client.cut();
        setTimeout(cut, CUT_EVERY);
      }
    };
    return setTimeout(cut, Math.random() * CUT_EVERY);
  });
  await sleep(end - performance.now() + 3 * CUT_FOR + 2_000);
  timers.forEach(clearTimeout);
} else {
  await sleep(mode === "kill" ? (MESSAGES * INTERVAL) / 3 : 3_000);
  server.kill(mode === "kill" ? "SIGKILL" : "SIGTERM");
  await once(server, "exit");
  server = await startServer();
  const deadline = performance.now() + 60_000;
  await sleep(1_000);
  while (clients.some(({ isAway, connects }) => isAway || connects < 2) && performance.now() < deadline) await sleep(100);
  if (mode === "kill") await sleep(Math.max(0, end - performance.now()) + 2_000);
}

let [unique, duplicated, disordered] = [0, 0, 0];
for (const { received } of clients) {
  const seen = new Set();
  let last = 0;
  for (const count of received) {
    if (seen.has(count)) duplicated += 1;
    else if (count < last) disordered += 1;
    seen.add(count);
    last = Math.max(last, count);
  }
  unique += seen.size;
}
const away = clients.flatMap((client) => client.away);
const catchingUp = clients.flatMap((client) => client.catchingUp);
const back = clients.reduce((sum, { connects }) => sum + connects - 1, 0);
const figures = {
  mode,
  clients: CLIENTS,
  reconnections: back,
  recovered: clients.reduce((sum, client) => sum + client.recovered, 0),
  ...(mode !== "deployment" && {
    delivered: Number(((100 * unique) / (CLIENTS * MESSAGES)).toFixed(3)),
    lost: CLIENTS * MESSAGES - unique,
    duplicated,
    disordered,
    replay: { p50: seconds(catchingUp, 0.5), p99: seconds(catchingUp, 0.99) },
  }),
  away: { p50: seconds(away, 0.5), p99: seconds(away, 0.99), max: seconds(away, 1) },
  stillAway: clients.filter(({ isAway }) => isAway).length,
};
console.log(JSON.stringify(figures));
server.kill("SIGKILL");
emitter?.kill("SIGKILL");
process.exit(0);
