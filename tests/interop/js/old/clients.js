// The old official clients, wrapped so that a test can await what they receive.
import { createRequire } from "node:module";
import { happened } from "../support/client.js";

const DEADLINE = 10_000;

const require = createRequire(import.meta.url);

/** The last of each old series; both speak Engine.IO 3. */
export const CLIENTS = {
  "1.7": require("socket.io-client-1"),
  "2.5": require("socket.io-client-2"),
};

/** The transports of a client. Without an option it starts polling, and upgrades. */
export const TRANSPORTS = {
  polling: { transports: ["polling"] },
  websocket: { transports: ["websocket"] },
  default: {},
};

/** Starts a client that ends with the test `t`; it may not be connected yet. */
export function open(t, io, url, options = {}) {
  const socket = io(url, { forceNew: true, reconnection: false, ...options });
  t.after(() => socket.io.close());
  return socket;
}

/** Starts a client and waits until it is connected. */
export async function connect(t, io, url, options = {}) {
  const socket = open(t, io, url, options);
  await connected(socket);
  return socket;
}

/** Resolves when a client that was just started is connected. */
export function connected(socket) {
  return within("connecting", (resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", (error) => reject(new Error(`refused: ${JSON.stringify(error)}`)));
    socket.once("connect_error", reject);
  });
}

/** Emits, and resolves with all arguments of the acknowledgement. */
export function call(socket, event, ...args) {
  return within(`the ack of "${event}"`, (resolve) => socket.emit(event, ...args, (...answer) => resolve(answer)));
}

function within(what, begin) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${DEADLINE} ms`)), DEADLINE);
  });
  return Promise.race([new Promise(begin), late]).finally(() => clearTimeout(timer));
}
