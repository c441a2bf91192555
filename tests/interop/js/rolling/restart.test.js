// A rolling restart without an effect on clients: every acknowledged order has happened once, every history is gapless, and the clients
// reconnect soon and evenly.
//
// ROLLING_MINUTES  how long to restart nodes (default: until each has been restarted once)
// ROLLING_CLIENTS  how many clients (default: 300)
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { io } from "socket.io-client";
import { Site } from "./site.js";

const MINUTES = Number(process.env.ROLLING_MINUTES || 0);
const CLIENTS = Number(process.env.ROLLING_CLIENTS || 300);
/** Connections that a node closes in a second. */
const BATCH = 50;
const BACK_WITHIN = 10_000;

/** A client that orders again and again, and repeats orders that were not acknowledged. It follows the log of the first ten clients' orders. */
class Customer {
  acknowledged = [];
  logged = [];
  gaps = 0;
  sent = 0;
  away = [];
  connects = [];
  #lost;
  #ended = false;
  #isFollowing = false;

  constructor(url, name) {
    this.name = name;
    // Half of them begin with polling and upgrade, as stock clients do.
    const transports = Number(name.slice(1)) % 2 ? ["websocket"] : ["polling", "websocket"];
    this.socket = io(url, {
      auth: { user: name },
      query: { client: name },
      transports,
      forceNew: true,
      retries: 1_000,
      ackTimeout: 3_000,
      reconnectionDelayMax: 2_000,
    });
    this.socket.on("connect", () => {
      this.connects.push(performance.now());
      if (this.#lost !== undefined) this.away.push(performance.now() - this.#lost);
      this.#lost = undefined;
      // Nor does a recovered session follow the log if the request was lost with the previous connection.
      if (!this.socket.recovered) this.#isFollowing = false;
      if (!this.#isFollowing) this.#follow();
    });
    this.socket.on("logged", (key, position) => {
      this.logged.push(key);
      this.position = position;
    });
    this.socket.on("disconnect", (reason) => {
      if (!this.#ended) this.#lost = performance.now();
      this.reason = reason;
    });
  }

  /** Joins the log where it was left. Not behind the orders that wait for their acknowledgements. */
  #follow() {
    this.socket.volatile.emit("follow", this.position, (error, joined) => {
      if (joined) {
        this.#isFollowing = true;
        if (!joined.recovered) this.gaps += 1;
        this.position ??= `${joined.epoch}.${joined.seq}`;
      } else if (this.socket.connected) {
        // It was dropped, since the socket was busy.
        this.#follow();
      }
    });
  }

  /** Waits until it is connected and follows the log. */
  async connected() {
    while (this.position === undefined) await sleep(20);
  }

  async order(until) {
    while (!until.done) {
      const key = `${this.name}-${(this.sent += 1)}`;
      await new Promise((resolve) => {
        this.socket.emit("order", key, (error, response) => {
          if (!error && response === key) this.acknowledged.push(key);
          else this.failed = error ?? response;
          resolve();
        });
      });
      await sleep(200 + Math.random() * 200);
    }
  }

  get isAway() {
    return this.#lost !== undefined;
  }

  end() {
    this.#ended = true;
    this.socket.disconnect();
  }
}

/** Describes how a client's log differs from the expected one; empty if it does not. */
function difference({ name, logged }, expected) {
  if (logged.join() === expected.join()) return [];
  const lacks = expected.filter((key) => !logged.includes(key));
  const twice = logged.filter((key, index) => logged.indexOf(key) < index);
  const firstOther = logged.findIndex((key, index) => key !== expected[index]);
  return [{ name, lacks, twice, from: logged.slice(firstOther, firstOther + 5) }];
}

/** The most of these times within a second. */
function mostInASecond(times) {
  const sorted = [...times].sort((a, b) => a - b);
  let most = 0;
  for (let first = 0, last = 0; last < sorted.length; last += 1) {
    while (sorted[last] - sorted[first] > 1_000) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

test(`three nodes are restarted under the load of ${CLIENTS} clients`, async (t) => {
  const site = await Site.start(3, ["--store", "--batch", String(BATCH), "--deadline", "30"]);
  t.after(() => site.stop());
  const customers = Array.from({ length: CLIENTS }, (_, index) => new Customer(site.url, `c${index}`));
  await Promise.all(customers.map((customer) => customer.connected()));
  const steady = performance.now();
  const until = { done: false };
  const ordering = customers.map((customer) => customer.order(until));
  await sleep(1_000);

  let restarts = 0;
  do {
    for (const index of site.ports.keys()) {
      const took = await site.endNode(index);
      await site.startNode(index);
      restarts += 1;
      console.log(`node ${index} restarted, drained in ${(took / 1_000).toFixed(1)} s`);
      await sleep(1_000);
    }
  } while (performance.now() - steady < MINUTES * 60_000);

  const deadline = performance.now() + BACK_WITHIN;
  while (customers.some((customer) => customer.isAway) && performance.now() < deadline) await sleep(50);
  assert.deepEqual(customers.filter((customer) => customer.isAway).map(({ name }) => name), [], "clients that did not come back");
  until.done = true;
  await Promise.all(ordering);
  const log = [...(await site.effects()).keys()].filter((key) => /^c[0-9]-/.test(key));
  const behind = () => customers.filter(({ logged }) => logged.length < log.length);
  const all = performance.now() + BACK_WITHIN;
  while (behind().length > 0 && performance.now() < all) await sleep(50);
  customers.forEach((customer) => customer.end());

  const effects = await site.effects();
  const acknowledged = customers.flatMap((customer) => customer.acknowledged);
  const away = customers.flatMap((customer) => customer.away).sort((a, b) => a - b);
  const back = customers.flatMap((customer) => customer.connects.filter((time) => time > steady));
  const rate = mostInASecond(back);
  console.log(
    `${restarts} restarts, ${acknowledged.length} orders acknowledged, ${back.length} reconnections, at most ${rate} in a second, ` +
      `away: median ${(away[away.length >> 1] / 1_000).toFixed(2)} s, at most ${(away.at(-1) / 1_000).toFixed(2)} s`,
  );
  assert.ok(back.length >= CLIENTS / 2, `${back.length} reconnections: the nodes had clients`);
  console.log(`a log of ${log.length} orders, followed by all; ${customers.reduce((sum, { gaps }) => sum + gaps, 0)} were told of a gap`);
  const [{ logged: first }] = customers;
  assert.deepEqual([...first].sort(), [...log].sort(), "the log has every order once");
  assert.deepEqual(customers.flatMap((customer) => difference(customer, first)), [], "clients with another log");
  assert.deepEqual(customers.filter(({ gaps }) => gaps > 0).map(({ name }) => name), [], "clients that were told of a gap");
  assert.deepEqual(customers.filter((customer) => customer.failed).map(({ failed }) => failed), [], "orders that failed");
  assert.equal(acknowledged.length, customers.reduce((sum, { sent }) => sum + sent, 0), "every order was acknowledged");
  assert.deepEqual(acknowledged.filter((key) => effects.get(key) !== 1), [], "acknowledged orders that did not happen exactly once");
  assert.deepEqual([...effects].filter(([, count]) => count !== 1), [], "effects that happened more than once");
  assert.ok(away.at(-1) < BACK_WITHIN, `a client was away for ${away.at(-1)} ms`);
  assert.ok(rate <= 2 * BATCH, `${rate} reconnections within a second, with batches of ${BATCH}`);
});
