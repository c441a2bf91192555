// Clients that are cut at random, against a model of what they must have. Ten minutes with one seed:
//
//   CUTS_MINUTES=10 CUTS_SEED=1 node --test suites/recovery-cuts.test.js
import { describe, test } from "node:test";
import { SEED, checkCuts } from "../support/cuts-test.js";
import { needsOwnServer } from "../support/server.js";

describe(`recovery under random cuts (CUTS_SEED=${SEED})`, { skip: needsOwnServer }, () => {
  test("clients have everything, or are told that they have not", (t) => checkCuts(t, "memory"));
});
