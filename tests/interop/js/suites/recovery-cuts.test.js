// Checks clients whose connections are cut at random against a model of what they must have. To run it for ten minutes with one seed:
//
//   CUTS_MINUTES=10 CUTS_SEED=1 node --test suites/recovery-cuts.test.js
import { describe, test } from "node:test";
import { SEED, checkCuts } from "../support/cuts-test.js";
import { needsOwnServer } from "../support/server.js";

describe(`recovery under random cuts (CUTS_SEED=${SEED})`, { skip: needsOwnServer }, () => {
  test("every client has all events, or a report that events are missing", (t) => checkCuts(t, "memory"));
});
