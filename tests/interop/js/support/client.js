// The official client, wrapped so that a test can await what it receives.
import { describe } from "node:test";
import { io } from "socket.io-client";

/** The three choices of transports; `upgrade` starts polling and upgrades to WebSocket during the test. */
export const TRANSPORTS = {
  polling: ["polling"],
  websocket: ["websocket"],
  upgrade: ["polling", "websocket"],
};

const DEADLINE = 10_000;

/** Runs a suite once for each choice: `suite(transports, name)`. */
export function onEveryTransport(subject, suite) {
  for (const [name, transports] of Object.entries(TRANSPORTS)) {
    describe(`${subject}, ${name}`, () => suite(transports, name));
  }
}

/** Starts a client that ends with the test `t`; it may not be connected yet. */
export function open(t, url, options = {}) {
  const socket = io(url, { forceNew: true, reconnection: false, ...options });
  t.after(() => {
    socket.disconnect();
    socket.io.engine?.close();
  });
  return new Client(socket);
}

/** Starts a client and waits until it is connected. */
export async function connect(t, url, options = {}) {
  const client = open(t, url, options);
  await client.connected();
  return client;
}

/** Resolves when `emitter` has emitted `event`, with its arguments; fails loudly when it takes too long. */
export function happened(emitter, event, deadline = DEADLINE) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      emitter.off(event, heard);
      reject(new Error(`"${event}" did not happen within ${deadline} ms`));
    }, deadline);
    const heard = (...args) => {
      clearTimeout(timer);
      resolve(args);
    };
    emitter.once(event, heard);
  });
}

export class Client {
  #received = new Map();
  #waiting = new Map();
  #outcome;

  constructor(socket) {
    this.socket = socket;
    socket.onAny((event, ...args) => {
      const waiting = this.#waiting.get(event)?.shift();
      if (waiting) waiting(args);
      else if (this.#received.has(event)) this.#received.get(event).push(args);
      else this.#received.set(event, [args]);
    });
    // Listened to from the start: either may come before a test asks for it.
    this.#outcome = Promise.race([
      new Promise((resolve) => socket.once("connect", () => resolve({ connected: true }))),
      new Promise((resolve) => socket.once("connect_error", (error) => resolve({ error }))),
    ]);
  }

  get id() {
    return this.socket.id;
  }

  /** Resolves when the first attempt to connect has succeeded. */
  async connected() {
    const { error } = await within(this.#outcome, "connecting");
    if (error) throw error;
  }

  /** Resolves with the error that refused the first attempt to connect. */
  async refused() {
    const { error } = await within(this.#outcome, "being refused");
    if (!error) throw new Error("the client was accepted");
    return error;
  }

  emit(event, ...args) {
    this.socket.emit(event, ...args);
  }

  /** Emits, and resolves with all arguments of the acknowledgement. */
  call(event, ...args) {
    return within(new Promise((resolve) => this.socket.emit(event, ...args, (...answer) => resolve(answer))), `the ack of "${event}"`);
  }

  /** Takes the arguments of the oldest event of that name that was not taken yet; waits for one if necessary. */
  next(event) {
    const queue = this.#received.get(event);
    if (queue?.length) return Promise.resolve(queue.shift());
    const arrival = new Promise((resolve) => {
      if (!this.#waiting.has(event)) this.#waiting.set(event, []);
      this.#waiting.get(event).push(resolve);
    });
    return within(arrival, `"${event}"`);
  }

  /** The number of events of that name that have arrived and were not taken. */
  untaken(event) {
    return this.#received.get(event)?.length ?? 0;
  }

  /** Resolves with the reason when the client is disconnected. */
  async disconnected() {
    const [reason] = await happened(this.socket, "disconnect");
    return reason;
  }

  /** Resolves when the connection uses WebSocket. */
  async upgraded() {
    const { engine } = this.socket.io;
    if (engine.transport.name !== "websocket" || engine.upgrading) await happened(engine, "upgrade");
  }
}

function within(promise, what, deadline = DEADLINE) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${deadline} ms`)), deadline);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
