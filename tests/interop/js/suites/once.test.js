// `once` with the official client's `retries`, for clients without a user: their keys are those of their sessions.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { stage } from "../support/recovery.js";
import { needsOwnServer } from "../support/server.js";

const RETRIES = { retries: 10, ackTimeout: 2_000 };

/** Emits an order, which the client repeats until it is acknowledged. */
function order(client, id) {
  return new Promise((resolve, reject) => {
    client.socket.emit("order", id, (error, count) => (error ? reject(error) : resolve(count)));
  });
}

describe("once, retried by the client", { skip: needsOwnServer }, () => {
  test("an order whose acknowledgement was lost happens once, if the client recovers its session", async (t) => {
    const at = await stage(t);
    const client = await at.connect(RETRIES);
    await at.set("holding", true);
    const receipt = order(client, "a");
    await at.line("order");
    // The handler runs when the connection is lost, and ends after that.
    const lost = client.disconnected();
    at.link.down();
    await lost;
    await at.set("holding", false);
    await at.line("disconnect");
    assert.equal(await at.back(client), true);
    assert.equal(await receipt, 1);
    assert.equal(await order(client, "b"), 2);
    assert.equal(await order(client, "a"), 1);
    const orders = (await at.lines()).filter((line) => line.order);
    assert.deepEqual(orders, [{ order: "b" }]);
  });

  test("an order that is repeated while its handler runs waits for it", async (t) => {
    const at = await stage(t);
    const client = await at.connect({ ...RETRIES, ackTimeout: 200 });
    await at.set("holding", true);
    const receipt = order(client, "a");
    await at.line("order");
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await at.set("holding", false);
    assert.equal(await receipt, 1);
    assert.deepEqual((await at.lines()).filter((line) => line.order), []);
  });

  test("a client that comes back too late has other keys", async (t) => {
    const at = await stage(t, { "max-disconnection": 100 });
    const client = await at.connect(RETRIES);
    assert.equal(await order(client, "a"), 1);
    await at.lose(client);
    await at.line("expired");
    assert.equal(await at.back(client), false);
    assert.equal(await order(client, "a"), 2);
  });
});
