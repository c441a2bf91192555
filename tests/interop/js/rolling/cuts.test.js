// Clients that are cut at random, of nodes that are killed at random, and of a Redis that is killed and that stands still, against a model of
// what each client must have. Longer: CUTS_MINUTES=10 node --test rolling/cuts.test.js
import { describe, test } from "node:test";
import { SEED, checkCuts } from "../support/cuts-test.js";

const short = process.env.CUTS_MINUTES ? false : "takes a minute: CUTS_MINUTES";

describe(`random cuts with Redis (CUTS_SEED=${SEED})`, () => {
  test("nodes that are killed", (t) => checkCuts(t, "nodes-killed"));
  test("Redis that is killed, and keeps its data", (t) => checkCuts(t, "redis-killed"));
  test("Redis that stands still", { skip: short }, (t) => checkCuts(t, "redis-stopped"));
});
