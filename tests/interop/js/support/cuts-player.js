// A stock client whose connections are cut at random, and the model of what it must have.
import { setTimeout as sleep } from "node:timers/promises";
import { io } from "socket.io-client";
import { LOGS, PING, ROOMS, USERS } from "./cuts-options.js";

const TRANSPORTS = [["websocket"], ["polling"], ["polling", "websocket"]];

/** A stock client behind a link of its own. */
export class Player {
  streams = new Map();
  logs = new Map();
  positions = new Map();
  joined = new Set();
  following = new Set();
  parcels = [];
  trace = [];
  acknowledged = [];
  ordered = 0;
  counts = { connects: 0, recovered: 0, events: 0, gapsTold: 0, replayed: 0 };
  #visits = 0;
  #generation = 0;
  #lostAt;
  #cutAt;
  #hasLeft = false;
  /** When this session began, when it had joined each room, and when it was last told that it has not everything of a log. */
  #sessionBegan;
  #joinedAt = new Map();
  #toldAt = new Map();

  constructor(trial, index, link) {
    Object.assign(this, { trial, index, link, user: `u${index % USERS}` });
    this.name = `client ${index}`;
    this.rooms = new Set([`room:${index % ROOMS}`, `room:${(index * 3 + 1) % ROOMS}`]);
    this.isRecoverable = index % 7 !== 6;
    this.socket = io(link.url, {
      auth: { user: this.user },
      query: this.isRecoverable ? {} : { recovery: 0 },
      transports: TRANSPORTS[index % TRANSPORTS.length],
      forceNew: true,
      timeout: 2_000,
      reconnectionDelay: 10,
      reconnectionDelayMax: 300,
      ...(index % 2 && { retries: 1_000, ackTimeout: 2_000 }),
    });
    this.socket.io.on("open", () => {
      this.openedAt = Date.now();
      this.#note("open");
      this.socket.io.engine.on("packet", ({ type, data }) => this.#note(`${type} ${String(data ?? "").slice(0, 60)}`));
    });
    this.socket.io.on("close", (reason) => this.#note(`close ${reason}`));
    this.socket.on("connect", () => this.#connected());
    this.socket.on("connect_error", ({ message }) => {
      // The official client does not reconnect by itself after a refusal.
      if (message === "not now") setTimeout(() => this.socket.active || this.socket.connect(), 20);
    });
    this.socket.on("disconnect", () => { this.#lostAt = performance.now(); });
    this.socket.on("e", (...args) => this.#receive(args));
    this.socket.on("parcel", (number, acknowledge) => {
      this.parcels.push(number);
      acknowledge();
    });
    if (index % 2) this.#order();
  }

  /** Notes what has happened, to be printed before the next mistake. */
  #note(what) {
    this.trace.push(`${((performance.now() - this.trial.begun) / 1_000).toFixed(3)} ${what}`);
    if (this.trace.length > 40) this.trace.shift();
  }

  #wrong(what) {
    if (process.env.CUTS_LOG) console.log(this.trace.splice(0).join("\n"));
    this.trial.wrong(`${this.name} (${this.socket.io.opts.transports}${this.isRecoverable ? "" : ", not recoverable"}): ${what}`);
  }

  /** Notes that a fault begins. */
  cutting(name) {
    this.#note(name);
    this.#cutAt ??= performance.now();
  }

  /** Leaves and connects again. Its session may be recovered nevertheless, if the DISCONNECT packet is lost. */
  leave() {
    this.#hasLeft = true;
    this.socket.disconnect().connect();
  }

  #connected() {
    this.counts.connects += 1;
    const { recovered, id } = this.socket;
    if (recovered) {
      this.counts.recovered += 1;
      if (id !== this.sid) this.#wrong(`recovered as ${id}, was ${this.sid}`);
    } else {
      const now = performance.now();
      const away = now - Math.min(this.#cutAt ?? Infinity, (this.#lostAt ?? now) - 2 * PING);
      if (this.sid && this.isRecoverable && !this.#hasLeft && away < this.trial.mustRecover) {
        this.#wrong(`not recovered after ${Math.round(away)} ms`);
      }
      if (id === this.sid) this.#wrong("has its old id, and is not recovered");
      this.streams.clear();
      this.joined.clear();
      this.#joinedAt.clear();
      this.#sessionBegan = Date.now();
      this.#visits = 0;
      this.sid = id;
    }
    this.#cutAt = undefined;
    this.#hasLeft = false;
    this.#generation += 1;
    this.following.clear();
    this.#enter(this.#generation);
  }

  /** Asks until there is an acknowledgement; `undefined` if the connection is lost. Volatile, so that it does not wait for the acknowledgements of orders. */
  async #ask(generation, ...event) {
    while (this.#generation === generation && this.socket.connected && !this.trial.ended) {
      const [error, reply] = await new Promise((resolve) => {
        this.socket.timeout(1_500).volatile.emit(...event, (...answer) => resolve(answer));
      });
      if (this.#generation !== generation) return undefined;
      if (!error) {
        if (reply?.error) this.#wrong(`${event}: ${reply.error}`);
        return reply;
      }
      await sleep(20);
    }
    return undefined;
  }

  async #enter(generation) {
    const hello = await this.#ask(generation, "hello");
    if (!hello) return;
    for (const room of this.joined) {
      if (!hello.rooms.includes(room)) this.#wrong(`has lost ${room}, has ${hello.rooms}`);
    }
    if (hello.visits <= this.#visits) this.#wrong(`${hello.visits} visits after ${this.#visits}`);
    this.#visits = hello.visits;
    this.#anchor(hello.last);
    for (const room of this.rooms) {
      const reply = await this.#ask(generation, "join", room);
      if (!reply) return;
      if (this.joined.has(room) && !reply.already) this.#wrong(`was not in ${room} any more`);
      if (!this.joined.has(room)) this.#joinedAt.set(room, Date.now());
      this.joined.add(room);
      this.#anchor(reply.last);
    }
    for (;;) {
      for (const room of LOGS) if (!(await this.#follow(generation, room))) return;
      await sleep(2_000 + 100 * this.index);
    }
  }

  async #follow(generation, room) {
    // Events that arrive before the acknowledgement may follow a gap that it reports.
    const before = new Map([...this.logs].filter(([stream]) => stream.endsWith(` ${room}`)));
    const since = this.positions.get(room);
    const reply = await this.#ask(generation, "follow", room, since);
    if (!reply) return false;
    const { joined, last } = reply;
    // An event that was sent after the room was joined may have arrived before the acknowledgement.
    if (this.positions.get(room) === since) this.positions.set(room, `${joined.epoch}.${joined.seq}`);
    this.following.add(room);
    const streams = [...this.logs].filter(([stream]) => stream.endsWith(` ${room}`));
    // Without a position, it has asked for nothing.
    if (!joined.recovered || since === undefined) this.#toldAt.set(room, Date.now());
    if (!joined.recovered) {
      this.counts.gapsTold += 1;
      for (const [stream, state] of streams) {
        if (state.gap) state.gap = undefined;
        else if (before.get(stream) === state) this.logs.delete(stream);
      }
    }
    for (const [stream, state] of streams) {
      if (state.gap) this.#wrong(`${stream}: ${state.gap}`);
      state.gap = undefined;
    }
    for (const [stream, number] of Object.entries(last)) {
      const state = this.logs.get(stream);
      if (!state) this.logs.set(stream, { last: number });
      else if (state.last < number && joined.recovered && !this.trial.queueIsDown) this.#wrong(`${stream}: the acknowledgement says ${number}, ${state.last} was the last`);
    }
    return true;
  }

  /** Notes that all later events of these streams are for this client. */
  #anchor(last) {
    for (const [stream, number] of Object.entries(last)) {
      if (stream.includes(" user ") && this.trial.ports.length > 1) continue;
      const state = this.streams.get(stream);
      if (!state) this.streams.set(stream, { first: number + 1, last: number });
      else if (state.first > number + 1) this.#wrong(`${stream}: begins with ${state.first} after ${number}`);
      else if (state.last < number && !this.trial.queueIsDown) this.#wrong(`${stream}: the acknowledgement says ${number}, ${state.last} was the last`);
    }
  }

  #receive(args) {
    this.counts.events += 1;
    const [[stream, number, time], more] = args;
    const [, kind, which] = stream.split(" ");
    this.trial.emitted(stream, number, time);
    const offset = this.isRecoverable ? args.at(-1) : undefined;
    if (this.isRecoverable && !/^[\w-]{8}\.[\w.-]+$/.test(offset)) this.#wrong(`${stream} ${number} without an offset: ${String(offset).slice(0, 50)}`);
    if (more instanceof Uint8Array && !more.every((byte) => byte === (number & 255))) this.#wrong(`${stream} ${number} has other bytes`);
    if (time < this.openedAt) this.counts.replayed += 1;
    if (kind.startsWith("log:")) return this.#log(stream, kind, number, offset);
    if (kind === "volatile") {
      const state = this.#state(stream);
      if (state.last >= number && !this.trial.queueIsDown) this.#wrong(`${stream} ${number} after ${state.last}`);
      if (time < this.openedAt - 50 && !this.trial.queueIsDown) this.#wrong(`${stream} ${number} was kept: it is ${this.openedAt - time} ms older than the connection`);
      state.last = number;
      return undefined;
    }
    if (kind === "except" && this.rooms.has(which)) {
      // A client that has not joined the room yet receives events that exclude the room.
      if (this.joined.has(which)) this.#wrong(`${stream} ${number} is not for it`);
      return undefined;
    }
    const isForIt =
      { all: true, except: true, user: which === this.user, sid: which === this.sid, rooms: this.rooms.has(which) }[kind] ?? this.rooms.has(kind);
    if (!isForIt) this.#wrong(`${stream} ${number} is not for it`);
    // Users are addressed by the node that they are connected to.
    if (kind === "user" && this.trial.ports.length > 1) return undefined;
    const state = this.#state(stream);
    if (state.last === undefined) {
      if (kind === "sid" && number !== 1) this.#wrong(`${stream} begins with ${number}`);
      state.first = number;
    } else if (number !== state.last + 1 && !this.#isLate(state, number)) {
      this.#wrong(`${stream}: ${number} after ${state.last}`);
    }
    state.last = Math.max(state.last ?? 0, number);
    return undefined;
  }

  /** While Redis is broken, an event of another node may arrive after later events, but it arrives exactly once. */
  #isLate(state, number) {
    if (!this.trial.queueIsDown) return false;
    state.missing ??= new Set();
    if (number < state.first) {
      // The event was emitted before this session began, and was delayed.
      state.early ??= new Set();
      if (state.early.has(number)) return false;
      state.early.add(number);
      return true;
    }
    if (number <= state.last) return state.missing.delete(number);
    for (let missing = state.last + 1; missing < number; missing += 1) state.missing.add(missing);
    return true;
  }

  #state(stream) {
    if (!this.streams.has(stream)) this.streams.set(stream, {});
    return this.streams.get(stream);
  }

  #log(stream, room, number, offset) {
    const state = this.logs.get(stream);
    if (offset) this.positions.set(room, offset);
    if (!state) return void this.logs.set(stream, { last: number });
    // A client without offsets joins again at the position of its last acknowledgement. An event that was being stored when the store went down
    // has the offset of the event before it, and is in the history nevertheless.
    if ((!offset || this.trial.queueIsDown) && number <= state.last) {
      state.missing?.delete(number);
      return undefined;
    }
    if (number !== state.last + 1 && !this.#isLate(state, number)) {
      const gap = `${number} after ${state.last}`;
      if (this.following.has(room) || number <= state.last) this.#wrong(`${stream}: ${gap}`);
      else state.gap ??= gap;
    }
    state.last = Math.max(state.last, number);
    return undefined;
  }

  async #order() {
    while (!this.trial.ending) {
      const id = `${this.index}-${(this.ordered += 1)}`;
      await new Promise((resolve) => {
        this.socket.emit("order", id, (error, response) => {
          if (!error && response === id) this.acknowledged.push(id);
          else if (this.trial.queueIsDown) this.ordered -= 1;
          else this.#wrong(`order ${id}: ${error ?? JSON.stringify(response)}`);
          resolve();
        });
      });
      await sleep(100);
    }
    this.hasOrdered = true;
  }

  /** Returns when the client began to receive a stream. Events that were emitted before are not missing, since that was reported. */
  #since(stream) {
    const [, kind, which] = stream.split(" ");
    if (kind.startsWith("log:")) return this.#toldAt.get(kind);
    const room = kind === "rooms" ? which : kind;
    return this.#joinedAt.get(room) ?? this.#sessionBegan;
  }

  /** Returns the events of a stream that have not arrived, although they were emitted after the client began to receive it. */
  #missing(stream, numbers) {
    const since = this.#since(stream);
    // Late events come behind later ones, and those between them may have been delivered before this session began.
    return [...(numbers ?? [])].filter((number) => !(this.trial.timeOf(stream, number) < since));
  }

  /** Yields the streams whose last number differs from the server's, or that lack events. */
  *behind(numbers) {
    for (const [stream, { last, gap, missing }] of [...this.streams, ...this.logs]) {
      const [, kind, which] = stream.split(" ");
      if (kind === "volatile" || (kind === "user" && this.trial.ports.length > 1) || (kind === "sid" && which !== this.sid)) continue;
      const expected = numbers.get(stream);
      if (expected !== undefined && last !== expected) yield `${this.name}: ${stream} ends with ${last}, not ${expected}`;
      const lacking = this.#missing(stream, missing);
      if (lacking.length) yield `${this.name}: ${stream} lacks ${lacking.join(" ")}`;
      if (gap) yield `${this.name}: ${stream}: ${gap}`;
    }
  }
}
