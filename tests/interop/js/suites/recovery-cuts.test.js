// Clients that are cut at random, against a model of what they must have.
//
// CUTS_SEED     what is cut when (default: another one each time)
// CUTS_MINUTES  how long (default: until there were 150 cuts)
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { OPTIONS, Trial } from "../support/cuts.js";
import { freePort, needsOwnServer, start } from "../support/server.js";

const CLIENTS = 20;
const CUTS = 150;
const MINUTES = Number(process.env.CUTS_MINUTES || 0);
const SEED = Number(process.env.CUTS_SEED || Math.floor(Math.random() * 1_000_000));

describe("recovery under random cuts", { skip: needsOwnServer }, () => {
  test(`clients have everything, or are told that they have not (CUTS_SEED=${SEED})`, async (t) => {
    const port = await freePort();
    const server = start("cuts_server", ["--port", String(port), "--seed", String(SEED), ...OPTIONS]);
    t.after(() => server.stop());
    await server.line(/^READY$/);
    const trial = new Trial([port], SEED);
    t.after(() => trial.stop());
    await trial.start(CLIENTS);
    await trial.cut(MINUTES ? { milliseconds: MINUTES * 60_000 } : { cuts: CUTS });
    const figures = await trial.end();
    console.log(JSON.stringify(figures));
    assert.deepEqual(trial.mistakes, []);
    assert.deepEqual(trial.serverMistakes, []);
    assert.ok(figures.recovered > 20 && figures.replayed > 100, "clients have recovered");
  });
});
