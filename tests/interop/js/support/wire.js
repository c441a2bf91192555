// The bare protocol, for packets that no official client would send.
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";

const DEADLINE = 5_000;
const SEPARATOR = "\u001e";

/** One long-polling session of Engine.IO, driven request by request. */
export class Polling {
  #address;

  constructor(url, path, query = "EIO=4&transport=polling") {
    this.#address = `${url}${path}?${query}`;
  }

  static async open(url, path = "/engine.io/") {
    const session = new Polling(url, path);
    session.handshake = JSON.parse((await (await session.get()).text()).slice(1));
    session.#address += `&sid=${session.handshake.sid}`;
    return session;
  }

  get sid() {
    return this.handshake.sid;
  }

  get(options = {}) {
    return fetch(this.#address, { signal: AbortSignal.timeout(DEADLINE), ...options });
  }

  post(body, headers = { "content-type": "text/plain;charset=UTF-8" }) {
    return fetch(this.#address, { method: "POST", body, headers, signal: AbortSignal.timeout(DEADLINE) });
  }

  /** Posts packets, which must be accepted. */
  async send(...packets) {
    const answer = await this.post(packets.join(SEPARATOR));
    if (answer.status !== 200) throw new Error(`the POST was answered ${answer.status}: ${await answer.text()}`);
  }

  /** The packets of the next poll. */
  async poll() {
    const answer = await this.get();
    if (answer.status !== 200) throw new Error(`the poll was answered ${answer.status}: ${await answer.text()}`);
    return (await answer.text()).split(SEPARATOR);
  }
}

/** A WebSocket that keeps received frames, so that none is missed between two awaits. */
export class Wire {
  #frames = [];
  #wake = () => {};
  #closed = false;

  constructor(address, options) {
    this.ws = new WebSocket(address, options);
    this.ws.on("message", (data, isBinary) => {
      this.#frames.push(isBinary ? data : data.toString());
      this.#wake();
    });
    this.ws.on("unexpected-response", (_, response) => {
      this.refusal = response.statusCode;
      response.resume();
      this.ws.terminate();
    });
    this.ws.on("error", () => {});
    this.ws.on("close", (code) => {
      this.#closed = true;
      this.code = code;
      this.#wake();
    });
  }

  /** Opens a WebSocket session of Engine.IO that ends with the test `t`. */
  static async open(t, url, path = "/engine.io/", query = "EIO=4&transport=websocket") {
    const wire = Wire.start(t, url, path, query);
    wire.handshake = JSON.parse((await wire.next()).slice(1));
    return wire;
  }

  /** As `open`, without waiting for anything. */
  static start(t, url, path, query) {
    const wire = new Wire(`${url.replace(/^http/, "ws")}${path}?${query}`);
    t.after(() => wire.ws.terminate());
    return wire;
  }

  /** Opens a session and connects it to a namespace of Socket.IO. */
  static async connect(t, url, namespace = "/") {
    const wire = await Wire.open(t, url, "/socket.io/");
    wire.send(namespace === "/" ? "40" : `40${namespace},`);
    wire.confirmation = await wire.next();
    wire.auth = await wire.next();
    return wire;
  }

  send(...frames) {
    frames.forEach((frame) => this.ws.send(frame));
  }

  /** The next frame that is not a ping: text as a string, binary as a Buffer. Pings are answered. */
  async next() {
    for (;;) {
      await this.#until(() => this.#frames.length || this.#closed, "a frame");
      if (!this.#frames.length) throw new Error(`the connection was closed with ${this.code} instead of a frame`);
      const frame = this.#frames.shift();
      if (frame !== "2") return frame;
      this.ws.send("3");
    }
  }

  /** Resolves when the server has closed the connection, with the frames that came before. */
  async closed(deadline) {
    await this.#until(() => this.#closed, "the connection's end", deadline);
    return this.#frames.filter((frame) => frame !== "2");
  }

  /** Requests an echo, to check that the connection is alive and that all earlier packets have been handled. */
  async alive() {
    this.send('4271["message-with-ack","alive?"]');
    for (;;) {
      if ((await this.next()) === '4371["alive?"]') return;
    }
  }

  async #until(condition, what, deadline = DEADLINE) {
    const end = Date.now() + deadline;
    while (!condition()) {
      if (Date.now() > end) throw new Error(`${what} took longer than ${deadline} ms`);
      await Promise.race([new Promise((resolve) => { this.#wake = resolve; }), sleep(50)]);
    }
  }
}

/** The status of an answer whose body does not matter. */
export async function status(promise) {
  const answer = await promise;
  await answer.arrayBuffer();
  return answer.status;
}
