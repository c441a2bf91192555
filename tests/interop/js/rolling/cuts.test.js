// Checks clients against a model of what each of them must have, while their connections are cut at random, and nodes are killed, Redis is
// killed, or Redis is stopped by a signal. To run it for longer: CUTS_MINUTES=10 node --test rolling/cuts.test.js
import { describe, test } from "node:test";
import { SEED, checkCuts } from "../support/cuts-test.js";

// These take a minute each, most of which is waiting.
const short = process.env.CUTS_MINUTES ? false : "run by hand: CUTS_MINUTES";

describe(`random cuts with Redis (CUTS_SEED=${SEED})`, () => {
  test("while nodes are killed", (t) => checkCuts(t, "nodes-killed"));
  test("while Redis is killed and keeps its data", { skip: short }, (t) => checkCuts(t, "redis-killed"));
  test("while Redis is stopped by a signal", { skip: short }, (t) => checkCuts(t, "redis-stopped"));
});
