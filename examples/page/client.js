// A small Socket.IO client, so that the pages of the examples work without internet and without npm.
//
// It speaks Engine.IO v4 (long-polling, the upgrade to WebSocket, WebSocket alone) and Socket.IO v5, and has the part of
// socket.io-client's interface that the pages use: a page works with either. Programs of your own should use the official
// client, which also has timeouts of acknowledgements, volatile events, retries, recovery, `Blob`s and other parsers.
(() => {
  "use strict";

  class Emitter {
    #listeners = new Map();

    on(event, listener) {
      // A new list each time, so that one that is being called does not change.
      this.#listeners.set(event, [...this.listeners(event), listener]);
      return this;
    }

    once(event, listener) {
      const once = (...args) => {
        this.off(event, once);
        listener.apply(this, args);
      };
      once.listener = listener;
      return this.on(event, once);
    }

    off(event, listener) {
      if (event === undefined) this.#listeners.clear();
      else if (listener === undefined) this.#listeners.delete(event);
      else this.#listeners.set(event, this.listeners(event).filter((each) => each !== listener && each.listener !== listener));
      return this;
    }

    listeners(event) {
      return this.#listeners.get(event) ?? [];
    }

    /** Calls the listeners. Not `emit`, which sends an event to the server. */
    fire(event, ...args) {
      for (const listener of this.listeners(event)) call(() => listener.apply(this, args));
    }
  }

  /** Calls a listener. Its exception is reported as uncaught and does not affect the connection. */
  function call(listener) {
    try {
      listener();
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  // ------------------------------------------------------------------------------------------------ Engine.IO: transports
  //
  // A transport fires `packet` with a string (type and data) or an ArrayBuffer, `drain` when it is writable again, and
  // `close` with a reason and an error. `url()` is called for each request, since the session's id comes with the first.

  class Polling extends Emitter {
    name = "polling";
    writable = true;
    #url;
    #abort = new AbortController();
    #paused = false;
    #receiving;
    #sending;

    constructor(url) {
      super();
      this.#url = url;
    }

    open() {
      this.#paused = false;
      this.#receiving = this.#receive();
    }

    async #receive() {
      try {
        while (!this.#paused && !this.#abort.signal.aborted) {
          for (const packet of (await this.#request("GET")).split("\x1e")) {
            this.fire("packet", packet.startsWith("b") ? fromBase64(packet.slice(1)) : packet);
          }
        }
      } catch (error) {
        this.fire("close", "transport error", error);
      }
    }

    send(packets) {
      this.writable = false;
      this.#sending = this.#request("POST", packets).then(
        () => {
          this.writable = true;
          this.fire("drain");
        },
        (error) => this.fire("close", "transport error", error),
      );
    }

    async #request(method, packets) {
      const response = await fetch(this.#url(), {
        method,
        body: packets?.map((packet) => (typeof packet === "string" ? packet : `b${toBase64(packet)}`)).join("\x1e"),
        headers: packets ? { "content-type": "text/plain;charset=UTF-8" } : {},
        cache: "no-store",
        signal: this.#abort.signal,
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`polling failed: ${response.status} ${text}`);
      return text;
    }

    /** Resolves when no request is under way and none will follow. */
    async pause() {
      this.#paused = true;
      await Promise.all([this.#receiving, this.#sending]);
    }

    /** Sends the packets and the end of the session. The server answers the waiting request then. */
    async close(packets) {
      this.#paused = true;
      await this.#sending;
      await this.#request("POST", [...packets, "1"]).catch(() => {});
      this.#abort.abort();
    }

    abort() {
      this.#abort.abort();
    }
  }

  class WebSocketTransport extends Emitter {
    name = "websocket";
    writable = false;
    #url;
    #socket;

    constructor(url) {
      super();
      this.#url = url;
    }

    open() {
      this.#socket = new WebSocket(this.#url().replace(/^http/, "ws"));
      this.#socket.binaryType = "arraybuffer";
      this.#socket.onopen = () => {
        this.writable = true;
        this.fire("drain");
      };
      this.#socket.onmessage = ({ data }) => this.fire("packet", data);
      this.#socket.onclose = () => this.fire("close", "transport close", new Error("websocket closed"));
      this.#socket.onerror = () => this.fire("close", "transport error", new Error("websocket error"));
    }

    send(packets) {
      for (const packet of packets) this.#socket.send(packet);
    }

    close(packets) {
      if (this.#socket.readyState === WebSocket.OPEN) this.send(packets);
      this.#socket.close();
    }

    abort() {
      this.#socket.close();
    }
  }

  function fromBase64(text) {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0)).buffer;
  }

  function toBase64(binary) {
    return btoa(Array.from(bytes(binary), (byte) => String.fromCharCode(byte)).join(""));
  }

  function bytes(binary) {
    return ArrayBuffer.isView(binary)
      ? new Uint8Array(binary.buffer, binary.byteOffset, binary.byteLength)
      : new Uint8Array(binary);
  }

  // --------------------------------------------------------------------------------------------------- Engine.IO: sessions

  /** One Engine.IO session. Fires `open`, `message`, `upgrade` with the new transport, `ping`, and once `close`. */
  class Engine extends Emitter {
    id;
    transport;
    upgrading = false;
    readyState = "opening";
    #isClosing = false;
    #options;
    #url;
    #handshake;
    #probe;
    #buffer = [];
    #heartbeat;
    #offline = () => this.fail("transport close", new Error("the network is gone"));

    constructor(origin, options) {
      super();
      this.#options = options;
      this.#url = (transport) => () => {
        const query = new URLSearchParams({ ...options.query, EIO: 4, transport });
        if (this.id) query.set("sid", this.id);
        return `${origin}${options.path}?${query}`;
      };
      this.#use(this.#make(options.transports[0]));
      this.transport.open();
    }

    #make(name) {
      return new (name === "websocket" ? WebSocketTransport : Polling)(this.#url(name));
    }

    #use(transport) {
      this.transport = transport;
      transport.on("packet", (packet) => this.#receive(packet));
      transport.on("drain", () => this.#flush());
      transport.on("close", (reason, error) => this.fail(reason, error));
    }

    #receive(packet) {
      if (this.readyState === "closed") return;
      if (typeof packet !== "string") return this.fire("message", packet);
      const data = packet.slice(1);
      switch (packet[0]) {
        case "0": return this.#open(data);
        case "1": return this.fail("transport close", new Error("the server closed the session"));
        case "2":
          this.#beat();
          this.#write("3");
          return this.fire("ping");
        case "4": return this.fire("message", data);
        case "6": return;
        default: return this.fail("parse error", new Error(`unknown packet ${packet.slice(0, 20)}`));
      }
    }

    #open(data) {
      try {
        this.#handshake = JSON.parse(data);
      } catch (error) {
        return this.fail("parse error", error);
      }
      this.id = this.#handshake.sid;
      this.readyState = "open";
      globalThis.addEventListener?.("offline", this.#offline);
      this.#beat();
      this.fire("open");
      this.#flush();
      const next = this.#handshake.upgrades.find((name) => this.#options.transports.includes(name));
      if (next) this.#upgrade(this.#make(next));
    }

    /** Fails the session when the server has not sent a ping in time. */
    #beat() {
      clearTimeout(this.#heartbeat);
      const { pingInterval, pingTimeout } = this.#handshake;
      this.#heartbeat = setTimeout(() => this.fail("ping timeout", new Error("ping timeout")), pingInterval + pingTimeout);
    }

    /** Probes another transport, and switches to it when the old one is idle. */
    #upgrade(next) {
      this.#probe = next;
      next.on("drain", () => next.send(["2probe"]));
      next.on("close", () => this.#notUpgraded(next));
      next.on("packet", async (packet) => {
        if (packet !== "3probe") return this.#notUpgraded(next);
        this.upgrading = true;
        await this.transport.pause();
        if (this.#probe !== next || this.readyState === "closed") return;
        next.send(["5"]);
        next.off();
        this.#probe = undefined;
        this.#use(next);
        this.upgrading = false;
        this.fire("upgrade", next);
        this.#settle();
      });
      next.open();
    }

    #notUpgraded(next) {
      if (this.#probe !== next) return;
      this.#probe = undefined;
      next.off().abort();
      if (!this.upgrading) return;
      this.upgrading = false;
      // Its last request may still be waiting.
      this.transport.pause().then(() => {
        if (this.readyState !== "closed") this.transport.open();
      });
      this.#settle();
    }

    #settle() {
      if (this.#isClosing) this.close();
      else this.#flush();
    }

    /** Sends a message: a string or binary data. */
    send(message) {
      this.#write(typeof message === "string" ? `4${message}` : bytes(message));
    }

    #write(packet) {
      this.#buffer.push(packet);
      this.#flush();
    }

    #flush() {
      if (this.readyState !== "open" || this.upgrading || !this.transport.writable || this.#buffer.length === 0) return;
      this.transport.send(this.transport.name === "polling" ? this.#payload() : this.#buffer.splice(0));
    }

    /** As many packets as the server takes in one request, but at least one. */
    #payload() {
      const size = (packet) => (typeof packet === "string" ? packet.length * 3 : packet.length * 1.4) + 2;
      let count = 1;
      for (let sum = size(this.#buffer[0]); count < this.#buffer.length; count += 1) {
        sum += size(this.#buffer[count]);
        if (sum > this.#handshake.maxPayload) break;
      }
      return this.#buffer.splice(0, count);
    }

    /** Sends what is buffered and ends the session. */
    close() {
      if (this.readyState === "open" && this.upgrading) this.#isClosing = true;
      else if (this.readyState === "open") {
        this.transport.off();
        this.transport.close(this.#buffer.splice(0));
        this.#end("forced close");
      } else this.fail("forced close");
    }

    /** Ends the session at once. */
    fail(reason, error = new Error(reason)) {
      if (this.readyState === "closed") return;
      this.transport.off().abort();
      this.#end(reason, error);
    }

    #end(reason, error) {
      this.readyState = "closed";
      clearTimeout(this.#heartbeat);
      globalThis.removeEventListener?.("offline", this.#offline);
      this.#probe?.off().abort();
      this.#probe = undefined;
      this.fire("close", reason, error);
    }
  }

  // ---------------------------------------------------------------------------------------------------- Socket.IO: packets

  const [CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR, BINARY_EVENT, BINARY_ACK] = [0, 1, 2, 3, 4, 5, 6];

  /** The messages of a packet: its text and its attachments. */
  function encode({ type, nsp, id, data }) {
    const attachments = [];
    const json = JSON.stringify(data, function (key, value) {
      // Not `value`, which `toJSON` may have changed.
      const raw = this[key];
      if (!(raw instanceof ArrayBuffer || ArrayBuffer.isView(raw))) return value;
      return { _placeholder: true, num: attachments.push(raw) - 1 };
    });
    const kind = attachments.length === 0 ? type : type === EVENT ? `${BINARY_EVENT}${attachments.length}-` : `${BINARY_ACK}${attachments.length}-`;
    return [`${kind}${nsp === "/" ? "" : `${nsp},`}${id ?? ""}${json ?? ""}`, ...attachments];
  }

  class Decoder {
    #incomplete;

    /** The packet that this message completes, if any. */
    decode(message) {
      if (typeof message !== "string") {
        if (!this.#incomplete) throw new Error("an attachment without a packet");
        this.#incomplete.attachments.push(message);
      } else {
        const parts = /^([0-6])(?:(\d+)-)?(?:(\/[^,]*),)?(\d+)?(.*)$/s.exec(message);
        if (!parts || this.#incomplete) throw new Error("invalid packet");
        const [, type, count, nsp, id, json] = parts;
        this.#incomplete = { type: Number(type), nsp: nsp ?? "/", id: id && Number(id), json, count: Number(count ?? 0), attachments: [] };
      }
      const { json, count, attachments, ...packet } = this.#incomplete;
      if (attachments.length < count) return undefined;
      this.#incomplete = undefined;
      const restore = (_, value) => (value?._placeholder === true ? attachments[value.num] : value);
      return { ...packet, data: json === "" ? undefined : JSON.parse(json, count ? restore : undefined) };
    }
  }

  // ---------------------------------------------------------------------------------------------------- Socket.IO: clients

  /** A connection that several namespaces share, made again whenever it is lost. */
  class Manager extends Emitter {
    engine;
    options;
    #origin;
    #sockets = new Map();
    #decoder;
    #isOpen = false;
    #attempts = 0;
    #retry;

    constructor(origin, options) {
      super();
      this.#origin = origin;
      this.options = {
        path: "/socket.io/", transports: ["polling", "websocket"], autoConnect: true, timeout: 20_000, reconnection: true,
        reconnectionAttempts: Infinity, reconnectionDelay: 1000, reconnectionDelayMax: 5000, randomizationFactor: 0.5,
        ...options,
      };
      if (this.options.autoConnect) this.open();
    }

    has(nsp) {
      return this.#sockets.has(nsp);
    }

    socket(nsp, options = {}) {
      let socket = this.#sockets.get(nsp);
      if (!socket) {
        socket = new Socket(this, nsp, options);
        this.#sockets.set(nsp, socket);
      }
      if (this.options.autoConnect) socket.connect();
      return socket;
    }

    open() {
      if (this.#retry || (this.engine && this.engine.readyState !== "closed")) return;
      this.#connect();
    }

    #connect() {
      const engine = (this.engine = new Engine(this.#origin, this.options));
      this.#decoder = new Decoder();
      const late = setTimeout(() => engine.fail("timeout"), this.options.timeout);
      engine.on("open", () => {
        clearTimeout(late);
        this.#opened();
      });
      engine.on("message", (message) => this.#receive(message));
      engine.on("close", (reason, error) => {
        clearTimeout(late);
        this.#closed(reason, error);
      });
    }

    #opened() {
      const attempts = this.#attempts;
      this.#attempts = 0;
      this.#isOpen = true;
      this.fire("open");
      for (const socket of this.#active()) socket.opened();
      if (attempts > 0) this.fire("reconnect", attempts);
    }

    #receive(message) {
      let packet;
      try {
        packet = this.#decoder.decode(message);
      } catch (error) {
        return this.engine.fail("parse error", error);
      }
      if (packet) this.#sockets.get(packet.nsp)?.receive(packet);
    }

    #closed(reason, error) {
      const wasOpen = this.#isOpen;
      this.#isOpen = false;
      for (const socket of this.#active()) {
        if (wasOpen) socket.closed(reason);
        else socket.fire("connect_error", error);
      }
      this.fire(wasOpen ? "close" : "error", wasOpen ? reason : error);
      if (this.#active().length > 0 && this.options.reconnection) this.#reconnect();
    }

    #reconnect() {
      const { reconnectionAttempts, reconnectionDelay, reconnectionDelayMax, randomizationFactor } = this.options;
      if (this.#attempts >= reconnectionAttempts) {
        this.#attempts = 0;
        return this.fire("reconnect_failed");
      }
      // The jitter prevents that all clients of a restarted server reconnect at the same moment.
      const jitter = 1 + randomizationFactor * (2 * Math.random() - 1);
      const delay = Math.min(reconnectionDelay * 2 ** this.#attempts * jitter, reconnectionDelayMax);
      this.#attempts += 1;
      this.#retry = setTimeout(() => {
        this.#retry = undefined;
        this.fire("reconnect_attempt", this.#attempts);
        this.#connect();
      }, delay);
    }

    get isOpen() {
      return this.#isOpen;
    }

    #active() {
      return [...this.#sockets.values()].filter((socket) => socket.active);
    }

    send(packet) {
      for (const message of encode(packet)) this.engine.send(message);
    }

    /** Closes the connection when no namespace needs it. */
    release() {
      if (this.#active().length > 0) return;
      clearTimeout(this.#retry);
      this.#retry = undefined;
      this.#attempts = 0;
      this.engine?.close();
    }
  }

  const RESERVED = ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

  /** A client in one namespace. */
  class Socket extends Emitter {
    io;
    nsp;
    auth;
    id;
    connected = false;
    /** Whether it is connected, or reconnects by itself. */
    active = false;
    #ids = 0;
    #acks = new Map();
    #any = [];
    #buffer = [];

    constructor(io, nsp, { auth }) {
      super();
      this.io = io;
      this.nsp = nsp;
      this.auth = auth;
    }

    connect() {
      if (this.active) return this;
      this.active = true;
      if (this.io.isOpen) this.opened();
      else this.io.open();
      return this;
    }

    disconnect() {
      if (this.connected) this.io.send({ type: DISCONNECT, nsp: this.nsp });
      this.#leave("io client disconnect");
      return this;
    }

    emit(event, ...args) {
      if (RESERVED.includes(event)) throw new Error(`"${event}" is a reserved event name`);
      const id = typeof args.at(-1) === "function" ? this.#ids++ : undefined;
      if (id !== undefined) this.#acks.set(id, { answered: args.pop() });
      const packet = { type: EVENT, nsp: this.nsp, id, data: [event, ...args] };
      if (this.connected) this.io.send(packet);
      else this.#buffer.push(packet);
      return this;
    }

    /** Emits, and resolves with the first argument of the acknowledgement; fails when the connection is lost before. */
    emitWithAck(event, ...args) {
      return new Promise((answered, lost) => {
        const id = this.#ids;
        this.emit(event, ...args, answered);
        this.#acks.get(id).lost = lost;
      });
    }

    send(...args) {
      return this.emit("message", ...args);
    }

    onAny(listener) {
      this.#any = [...this.#any, listener];
      return this;
    }

    offAny(listener) {
      this.#any = listener ? this.#any.filter((each) => each !== listener) : [];
      return this;
    }

    // Called by the manager.

    opened() {
      const send = (data) => this.io.send({ type: CONNECT, nsp: this.nsp, data });
      if (typeof this.auth === "function") this.auth(send);
      else send(this.auth);
    }

    receive({ type, id, data }) {
      if (!this.active) {
        // It was disconnected while it was connecting.
        if (type === CONNECT) this.io.send({ type: DISCONNECT, nsp: this.nsp });
        return;
      }
      switch (type) {
        case CONNECT:
          this.id = data.sid;
          this.connected = true;
          for (const packet of this.#buffer.splice(0)) this.io.send(packet);
          return this.fire("connect");
        case DISCONNECT: return this.#leave("io server disconnect");
        case CONNECT_ERROR:
          this.#leave();
          return this.fire("connect_error", Object.assign(new Error(data.message), { data: data.data }));
        case EVENT: case BINARY_EVENT: return this.#event(data, id);
        case ACK: case BINARY_ACK: {
          const ack = this.#acks.get(id);
          this.#acks.delete(id);
          return ack?.answered(...data);
        }
      }
    }

    #event(args, id) {
      if (id !== undefined) {
        // Once, and not to a later connection, which knows nothing of the event.
        let asking = this.id;
        args.push((...data) => {
          if (this.id === asking) this.io.send({ type: ACK, nsp: this.nsp, id, data });
          asking = NaN;
        });
      }
      for (const listener of this.#any) call(() => listener(...args));
      this.fire(...args);
    }

    #leave(reason) {
      this.active = false;
      this.io.release();
      if (reason) this.closed(reason);
    }

    closed(reason) {
      if (!this.connected) return;
      this.connected = false;
      this.id = undefined;
      // Events that are still buffered are sent after the next connection, and answered then.
      const waiting = new Set(this.#buffer.map((packet) => packet.id));
      for (const [id, { lost }] of this.#acks) {
        if (waiting.has(id)) continue;
        this.#acks.delete(id);
        lost?.(new Error("the connection was lost before the acknowledgement"));
      }
      this.fire("disconnect", reason);
    }
  }

  const managers = new Map();

  /** `io()`, `io("/namespace")`, `io("https://example.org/namespace", options)`: namespaces of one server share a connection. */
  function io(uri = "", options = {}) {
    if (typeof uri === "object") [uri, options] = ["", uri];
    const [, origin = globalThis.location?.origin, nsp = "/"] = /^(\w+:\/\/[^/]+)?(\/[^?]*)?/.exec(uri);
    const shared = managers.get(origin);
    if (shared && !options.forceNew && !shared.has(nsp)) return shared.socket(nsp, options);
    const manager = new Manager(origin, options);
    if (!shared && !options.forceNew) managers.set(origin, manager);
    return manager.socket(nsp, options);
  }

  globalThis.io = Object.assign(io, { io, connect: io, Manager, Socket, client: "examples/page/client.js" });
})();
