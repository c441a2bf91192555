// Stock clients whose connections are cut at random, and a model of what each of them must have: either all events of a stream, in order and
// each once, or a report that events are missing.
import { setTimeout as sleep } from "node:timers/promises";
import { io } from "socket.io-client";
import { LOGS, MAX_DISCONNECTION, OPTIONS, PING, ROOMS, USERS } from "./cuts-options.js";
import { Player } from "./cuts-player.js";
import { FaultyLink } from "./faulty-link.js";

export { MAX_DISCONNECTION, OPTIONS };

/** A generator of random numbers with a seed (SplitMix32). */
export class Random {
  #state;

  constructor(seed) {
    this.#state = seed | 0;
  }

  #next() {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let mixed = this.#state ^ (this.#state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  }

  below(end) {
    return this.#next() % end;
  }

  pick(values) {
    return values[this.below(values.length)];
  }
}

const FAULTS = {
  reset: (player) => player.link.reset(),
  close: (player) => player.link.close(),
  "mid-frame": (player, random) => player.link.cutAfter(random.pick([{ down: random.below(4_000) }, { up: random.below(60) }])),
  handshake(player, random) {
    player.link.cutNext(Array.from({ length: 1 + random.below(4) }, () => random.pick([{ down: random.below(700) }, { up: random.below(900) }])));
    player.link.reset();
  },
  twice(player, random) {
    player.link.reset();
    for (const milliseconds of [1 + random.below(10), 5 + random.below(30), 10 + random.below(100)]) setTimeout(() => player.link.reset(), milliseconds);
  },
  "half open": (player, random) => player.link.halfOpen(random.below(4_000)),
  swallow: (player, random) => player.link.swallow(random.below(4_000)),
  stall: (player, random) => player.link.stall(random.below(3_000)),
  away: (player, random) => player.link.down(random.below(2_000)),
  "long away": (player, random) => player.link.down(MAX_DISCONNECTION - 1_500 + random.below(4_000)),
  "engine closes"(player) {
    // A client keeps events that arrive while it closes its own connection until it is connected again, but not their offsets. With polling and
    // during an upgrade, these may be all events of one response.
    const { engine } = player.socket.io;
    if (engine?.transport?.name === "websocket" && !engine.upgrading) engine.close();
    else player.link.reset();
  },
  leaves: (player) => player.leave(),
};
/** The names of the faults, repeated according to their frequency. */
const FREQUENT = Object.keys(FAULTS).flatMap((name) => Array.from({ length: { "long away": 1, leaves: 1, stall: 2 }[name] ?? 4 }, () => name));

/** The clients, the servers, and the mistakes that were found. */
export class Trial {
  mistakes = [];
  /** Mistakes that handlers have found. */
  serverMistakes = [];
  cuts = new Map();
  /** A client that reconnects within this time must be recovered, in milliseconds. */
  mustRecover = MAX_DISCONNECTION - 700;
  /** Whether Redis is or was broken: orders may fail, and volatile events may be late. */
  queueIsDown = false;
  ending = false;
  ended = false;
  #parcels = new Map();
  /** When the events of each stream were emitted, as far as any client has received them. */
  #times = new Map();

  constructor(ports, seed) {
    this.random = new Random(seed);
    this.controls = ports.map((port) => io(`http://127.0.0.1:${port}/control`, { transports: ["websocket"], forceNew: true, reconnectionDelayMax: 200 }));
    this.controls.forEach((control) => control.on("connect", () => this.ending || control.emit("start")));
    this.ports = ports;
    // Clients that are never cut: one is in all rooms, and one gets what is for everyone but a room.
    const rooms = Array.from({ length: ROOMS }, (_, index) => `room:${index}`);
    this.witnesses = [rooms, []].map((rooms) => this.#witness(rooms));
  }

  /** Connects a client that only notes when events were emitted. */
  #witness(rooms) {
    const options = { auth: { user: "witness" }, query: { recovery: 0 }, transports: ["websocket"], forceNew: true, reconnectionDelayMax: 200 };
    const witness = io(`http://127.0.0.1:${this.ports[0]}`, options);
    witness.on("connect", () => {
      for (const room of rooms) witness.emit("join", room);
      if (rooms.length) for (const room of LOGS) witness.emit("follow", room);
    });
    // The server refuses some clients at random.
    witness.on("connect_error", () => setTimeout(() => witness.active || witness.connect(), 20));
    witness.on("e", ([stream, number, time]) => this.emitted(stream, number, time));
    return witness;
  }

  wrong(what) {
    this.mistakes.push(`${((performance.now() - this.begun) / 1_000).toFixed(2)} s: ${what}`);
    if (process.env.CUTS_LOG) console.log(this.mistakes.at(-1));
  }

  /** Notes when an event was emitted. */
  emitted(stream, number, time) {
    if (!this.#times.has(stream)) this.#times.set(stream, new Map());
    this.#times.get(stream).set(number, time);
  }

  /** Returns when an event was emitted, in milliseconds; `undefined` if no client has received it. */
  timeOf(stream, number) {
    return this.#times.get(stream)?.get(number);
  }

  async start(clients) {
    this.begun = performance.now();
    this.players = [];
    for (let index = 0; index < clients; index += 1) {
      const link = await FaultyLink.to(this.ports[index % this.ports.length]);
      this.players.push(new Player(this, index, link));
    }
    await this.until(() => this.players.every((player) => player.counts.connects > 0), 10_000);
  }

  /** Waits until a condition is true, or the time has passed. Returns whether it is true. */
  async until(condition, milliseconds, what) {
    const began = performance.now();
    if (process.env.CUTS_LOG && what) {
      const isTrue = await this.until(condition, milliseconds);
      console.log(`${what}: ${isTrue}, after ${Math.round(performance.now() - began)} ms`);
      return isTrue;
    }
    const deadline = performance.now() + milliseconds;
    while (!condition()) {
      if (performance.now() > deadline) return false;
      await sleep(10);
    }
    return true;
  }

  /** Breaks the network of clients until the number of cuts is reached, or the time has passed. */
  async cut({ cuts = Infinity, milliseconds = Infinity }) {
    const end = performance.now() + milliseconds;
    let count = 0;
    const parcels = this.#send(() => count >= cuts || performance.now() > end);
    const breaking = this.players.map(async (player) => {
      const random = new Random(this.random.below(2 ** 31));
      while (count < cuts && performance.now() < end) {
        count += 1;
        const name = random.pick(FREQUENT);
        this.cuts.set(name, (this.cuts.get(name) ?? 0) + 1);
        player.cutting(name);
        if (this.ports.length > 1 && name !== "stall" && random.below(2)) {
          // The client reconnects to another node.
          player.link.port = random.pick(this.ports);
          player.link.reset();
        }
        FAULTS[name](player, random);
        // In a third of the cases, the next fault may come before the client has reconnected.
        await sleep(random.below(3) ? 500 + random.below(3_000) : random.below(300));
      }
    });
    await Promise.all([...breaking, parcels]);
  }

  /** Sends parcels, one after another for each user. */
  async #send(isOver) {
    const numbers = this.#parcels;
    for (let number = 1; !isOver(); number += 1) {
      const user = `u${number % USERS}`;
      const [error, isKept] = await new Promise((resolve) => this.random.pick(this.controls).timeout(2_000).emit("parcel", user, number, (...reply) => resolve(reply)));
      if (!error && isKept) numbers.set(user, [...(numbers.get(user) ?? []), number]);
      await sleep(30);
    }
  }

  /** Mends the network, and waits until all clients have all events. Returns the figures, and adds to `mistakes`. */
  async end(patience = 20_000) {
    for (const player of this.players) player.link.mend();
    await this.until(() => this.players.every((player) => player.socket.connected), patience, "all clients are connected");
    await sleep(4 * PING);
    this.ending = true;
    const numbers = new Map();
    const [orders, connected] = [new Map(), []];
    const stop = async () => {
      orders.clear();
      connected.length = 0;
      this.serverMistakes.length = 0;
      for (const control of this.controls) {
        const states = await control.timeout(10_000).emitWithAck("stop");
        for (const [stream, number] of Object.entries(states.numbers)) numbers.set(stream, number);
        for (const [id, count] of Object.entries(states.orders)) orders.set(id, (orders.get(id) ?? 0) + count);
        connected.push(...states.connected);
        this.serverMistakes.push(...states.mistakes);
      }
    };
    // The first call stops the emitting. Events that are then being emitted are counted by the second call.
    await stop();
    await sleep(200);
    await stop();
    // The last numbers of a killed process are unknown. All clients must have the same last event of it.
    for (const player of this.players) {
      for (const [stream, { last }] of [...player.streams, ...player.logs]) {
        if (!this.#isAlive(stream, numbers)) numbers.set(stream, Math.max(numbers.get(stream) ?? 0, last));
      }
    }
    const behind = () => this.players.flatMap((player) => [...player.behind(numbers)]);
    const waiting = () => this.players.filter((player) => player.index % 2 && !player.hasOrdered);
    await this.until(() => behind().length === 0, patience, "all clients have all events");
    await this.until(() => waiting().length === 0, patience, "all orders have receipts");
    await this.until(() => this.#undelivered().length === 0, patience, "all parcels have arrived");
    await stop();
    this.ended = true;
    for (const what of [...behind(), ...this.#undelivered(), ...this.#orders(orders)]) this.wrong(what);
    for (const player of this.players) {
      if (!player.socket.connected) this.wrong(`${player.name} is not connected`);
      else if (!connected.includes(player.socket.id)) this.wrong(`${player.name} is not connected according to the server`);
    }
    const clients = this.players.length + this.witnesses.length;
    if (connected.length !== clients) this.wrong(`${connected.length} clients are connected, not ${clients}`);
    const figures = { cuts: Object.fromEntries(this.cuts), seconds: Math.round((performance.now() - this.begun) / 1_000) };
    for (const { counts } of this.players) {
      for (const [name, count] of Object.entries(counts)) figures[name] = (figures[name] ?? 0) + count;
    }
    figures.emitted = [...numbers.values()].reduce((sum, number) => sum + number, 0);
    figures.orders = [...orders.values()].length;
    figures.parcels = [...this.#parcels.values()].flat().length;
    return figures;
  }

  #isAlive(stream, numbers) {
    const [name] = stream.split(" ");
    return (this.alive ??= new Set([...numbers.keys()].map((key) => key.split(" ")[0]))).has(name);
  }

  #undelivered() {
    return [...this.#parcels].flatMap(([user, numbers]) => {
      const seen = new Set(this.players.filter((player) => player.user === user).flatMap((player) => player.parcels));
      return numbers.filter((number) => !seen.has(number)).map((number) => `parcel ${number} did not arrive at ${user}`);
    });
  }

  *#orders(orders) {
    for (const player of this.players) {
      if (player.acknowledged.length !== player.ordered) yield `${player.name} has ${player.acknowledged.length} receipts for ${player.ordered} orders`;
      for (const id of player.acknowledged) {
        if (this.countsOrders !== false && orders.get(id) !== 1) yield `order ${id} was handled ${orders.get(id)} times`;
      }
    }
  }

  stop() {
    for (const player of this.players ?? []) {
      player.socket.disconnect();
      player.link.stop();
    }
    for (const socket of [...this.controls, ...this.witnesses]) socket.disconnect();
  }
}
