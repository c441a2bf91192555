// A network between client and server that a test can break.
import { once } from "node:events";
import net from "node:net";

/** Passes TCP connections on to a port, until it is cut. */
export class Link {
  #port;
  #server;
  #pairs = new Set();

  static async to(t, port) {
    const link = new Link();
    link.#port = port;
    link.#server = net.createServer((near) => link.#join(near));
    link.#server.listen(0, "127.0.0.1");
    await once(link.#server, "listening");
    link.port = link.#server.address().port;
    link.url = `http://127.0.0.1:${link.port}`;
    t.after(() => link.cut());
    t.after(() => link.#server.close());
    return link;
  }

  #join(near) {
    if (this.isDown) return near.destroy();
    const far = net.connect(this.#port, "127.0.0.1");
    const pair = { near, far };
    this.#pairs.add(pair);
    for (const socket of [near, far]) socket.on("error", () => {});
    near.pipe(far);
    far.on("data", (data) => {
      const end = this.cutBefore ? data.indexOf(this.cutBefore) : -1;
      if (end < 0) {
        if (!near.destroyed) near.write(data);
        return;
      }
      // What precedes it arrives, and the connection breaks.
      this.cutBefore = undefined;
      this.onCut?.();
      near.end(data.subarray(0, end));
      far.destroy();
    });
    // A half-open connection is not closed on the other side.
    near.on("close", () => { if (!pair.isHalfOpen) far.destroy(); this.#forget(pair); });
    far.on("close", () => { near.destroy(); this.#forget(pair); });
  }

  #forget(pair) {
    if (pair.near.destroyed && pair.far.destroyed) this.#pairs.delete(pair);
  }

  /** The next connection that would carry this text to the client breaks before it. */
  cutBefore;
  /** Called when that connection breaks. */
  onCut;

  /** Breaks all connections. With `unnoticed`, the server does not see it. */
  cut({ unnoticed = false } = {}) {
    for (const pair of this.#pairs) {
      pair.isHalfOpen = unnoticed;
      pair.near.unpipe(pair.far);
      pair.near.destroy();
      if (!unnoticed) pair.far.destroy();
    }
  }

  /** Breaks all connections and refuses new ones until `up`. */
  down(options) {
    this.isDown = true;
    this.cut(options);
  }

  up() {
    this.isDown = false;
  }
}
