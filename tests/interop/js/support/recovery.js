// A server that recovers sessions, a client behind a network that can break, and another client that directs the server.
import assert from "node:assert/strict";
import { connect, open } from "./client.js";
import { Link } from "./link.js";
import { freePort, start } from "./server.js";

/** The form of an offset: an epoch and a number. */
export const OFFSET = /^[\w-]{8}\.\d+$/;

/** Starts a server that ends with the test. */
export async function stage(t, options = {}) {
  const port = await freePort();
  const figures = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const server = start("recovery_server", ["--port", String(port), ...figures]);
  t.after(() => server.stop());
  await server.line(/^READY$/);
  const url = `http://127.0.0.1:${port}`;
  const control = await connect(t, `${url}/control`, { transports: ["websocket"] });
  return new Stage(t, url, port, control, await Link.to(t, port), server);
}

class Stage {
  #lines = [];

  constructor(t, url, port, control, link, server) {
    Object.assign(this, { t, url, port, control, link, server });
  }

  /** A client behind the link that reconnects on its own; it may not be connected yet. */
  open(options = {}, namespace = "/") {
    const again = { reconnection: true, reconnectionDelay: 20, reconnectionDelayMax: 50, randomizationFactor: 0 };
    const client = open(this.t, this.link.url + namespace, { transports: ["websocket"], ...again, ...options });
    client.ticks = [];
    client.socket.on("tick", (...args) => client.ticks.push(args));
    return client;
  }

  /** A client behind the link that has been welcomed. */
  async connect(options = {}, namespace = "/") {
    const client = this.open(options, namespace);
    await client.connected();
    if (!options.query?.quiet) await client.next("welcome");
    return client;
  }

  emit(order = {}) {
    return this.control.call("emit", order);
  }

  set(what, value) {
    return this.control.call("set", what, value);
  }

  /** Waits for a line of the server's log that has such entries; takes it and those before it. */
  async line(...names) {
    for (;;) {
      const index = this.#lines.findIndex((line) => names.every((name) => name in line));
      if (index >= 0) return this.#lines.splice(0, index + 1).at(-1);
      const [lines] = await this.control.call("log");
      this.#lines.push(...lines);
      if (lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** All lines that were not taken. */
  async lines() {
    const [lines] = await this.control.call("log");
    return [...this.#lines.splice(0), ...lines];
  }

  /** Breaks the network of the clients, and waits until server and client have noticed it. */
  async lose(client) {
    const lost = client.disconnected();
    this.link.down();
    await lost;
    return this.line("disconnect");
  }

  /** Mends the network, and waits until the client is back. Returns whether it has recovered its session. */
  async back(client) {
    const again = new Promise((resolve) => client.socket.once("connect", resolve));
    this.link.up();
    await again;
    return client.socket.recovered;
  }
}

/** The numbers of the ticks of a client, whose arguments are a number and an offset. */
export function numbers(client) {
  for (const tick of client.ticks) assert.match(tick.at(-1), OFFSET);
  return client.ticks.map(([number]) => number);
}
