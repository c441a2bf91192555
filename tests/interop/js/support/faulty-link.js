// A network between one client and a server, which can fail in the ways of real networks.
import { once } from "node:events";
import net from "node:net";

/** Forwards TCP connections to `port`. A change of `port` affects only new connections. */
export class FaultyLink {
  #server;
  #pairs = new Set();
  /** The numbers of bytes after which the next connections are cut: `{ down, up }`, to and from the client. */
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
    // Usually in the middle of a frame. The rest is lost.
    to.end(data.subarray(0, left));
    pair.passes = false;
    pair.near.end();
    pair.far.resetAndDestroy();
  }

  #each(what) {
    for (const pair of this.#pairs) what(pair);
  }

  /** Resets all connections, which both sides notice. */
  reset() {
    this.#each((pair) => { pair.near.resetAndDestroy(); pair.far.resetAndDestroy(); });
  }

  close() {
    this.#each((pair) => { pair.near.end(); pair.far.end(); });
  }

  /** Cuts the connections after this number of bytes from now: `{ down, up }`. */
  cutAfter(budget) {
    this.#each((pair) => { pair.budget = { ...budget }; });
  }

  /** Cuts the next connections after these numbers of bytes. */
  cutNext(budgets) {
    this.#budgets.push(...budgets);
  }

  /** Resets the connections for the client. The server notices it after this time, or by its own timeout. */
  halfOpen(milliseconds) {
    this.#each((pair) => {
      pair.passes = false;
      pair.near.resetAndDestroy();
      setTimeout(() => pair.far.resetAndDestroy(), milliseconds).unref();
    });
  }

  /** Drops all bytes without either side noticing. The connections end after this time, or by the timeouts of both sides. */
  swallow(milliseconds) {
    this.#each((pair) => {
      pair.passes = false;
      setTimeout(() => { pair.near.resetAndDestroy(); pair.far.resetAndDestroy(); }, milliseconds).unref();
    });
  }

  /** Holds all bytes back for this time. */
  stall(milliseconds) {
    this.#each((pair) => {
      pair.near.pause();
      pair.far.pause();
      setTimeout(() => { pair.near.resume(); pair.far.resume(); }, milliseconds).unref();
    });
  }

  /** Resets the connections, and refuses new ones for this time. */
  down(milliseconds) {
    this.#downUntil = performance.now() + milliseconds;
    this.reset();
  }

  /** Ends all faults, and resets the connections that have lost bytes. */
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
