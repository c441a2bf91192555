// A network between one client and a server that breaks in the ways that networks do.
import { once } from "node:events";
import net from "node:net";

/** Passes TCP connections on to `port`, which may be changed when all are cut. */
export class FaultyLink {
  #server;
  #pairs = new Set();
  /** After how many bytes the next connections are cut: `{ down, up }`, to and from the client. */
  #budgets = [];
  #downUntil = 0;

  static async to(port) {
    const link = new FaultyLink();
    link.port = port;
    link.#server = net.createServer({ noDelay: true }, (near) => link.#join(near));
    link.#server.listen(0, "127.0.0.1");
    await once(link.#server, "listening");
    link.url = `http://127.0.0.1:${link.#server.address().port}`;
    return link;
  }

  #join(near) {
    near.on("error", () => {});
    if (performance.now() < this.#downUntil) return near.resetAndDestroy();
    const far = net.connect({ port: this.port, host: "127.0.0.1", noDelay: true });
    far.on("error", () => {});
    const pair = { near, far, passes: true, budget: this.#budgets.shift() ?? {} };
    this.#pairs.add(pair);
    near.on("data", (data) => this.#pass(pair, data, far, "up"));
    far.on("data", (data) => this.#pass(pair, data, near, "down"));
    for (const [one, other] of [[near, far], [far, near]]) {
      one.on("end", () => { if (pair.passes) other.end(); });
      one.on("close", () => {
        if (pair.passes) other.destroy();
        if (near.destroyed && far.destroyed) this.#pairs.delete(pair);
      });
    }
  }

  #pass(pair, data, to, direction) {
    if (!pair.passes) return;
    const left = pair.budget[direction];
    if (left === undefined) return void to.write(data);
    if (left > data.length) {
      pair.budget[direction] = left - data.length;
      return void to.write(data);
    }
    // The middle of a frame, usually. The rest is lost.
    to.end(data.subarray(0, left));
    pair.passes = false;
    pair.near.end();
    pair.far.resetAndDestroy();
  }

  #each(what) {
    for (const pair of this.#pairs) what(pair);
  }

  /** Both sides see that the connections are gone. */
  reset() {
    this.#each((pair) => { pair.near.resetAndDestroy(); pair.far.resetAndDestroy(); });
  }

  close() {
    this.#each((pair) => { pair.near.end(); pair.far.end(); });
  }

  /** What is sent from now on is cut after so many bytes: `{ down, up }`. */
  cutAfter(budget) {
    this.#each((pair) => { pair.budget = { ...budget }; });
  }

  /** The next connections are cut after so many bytes. */
  cutNext(budgets) {
    this.#budgets.push(...budgets);
  }

  /** The client sees that its connections are gone; the server sees it after some time, or by its own timeout. */
  halfOpen(milliseconds) {
    this.#each((pair) => {
      pair.passes = false;
      pair.near.resetAndDestroy();
      setTimeout(() => pair.far.resetAndDestroy(), milliseconds).unref();
    });
  }

  /** Nobody sees anything, and what both send is lost; the connections end after some time, or by the timeouts of both. */
  swallow(milliseconds) {
    this.#each((pair) => {
      pair.passes = false;
      setTimeout(() => { pair.near.resetAndDestroy(); pair.far.resetAndDestroy(); }, milliseconds).unref();
    });
  }

  /** Nothing passes for some time, and then everything. */
  stall(milliseconds) {
    this.#each((pair) => {
      pair.near.pause();
      pair.far.pause();
      setTimeout(() => { pair.near.resume(); pair.far.resume(); }, milliseconds).unref();
    });
  }

  /** Connections are refused for some time. */
  down(milliseconds) {
    this.#downUntil = performance.now() + milliseconds;
    this.reset();
  }

  /** From now on nothing breaks any more. */
  mend() {
    this.#downUntil = 0;
    this.#budgets.length = 0;
    this.#each((pair) => {
      pair.budget = {};
      if (pair.passes) return;
      pair.near.resetAndDestroy();
      pair.far.resetAndDestroy();
    });
  }

  stop() {
    this.#server.close();
    this.reset();
  }
}
