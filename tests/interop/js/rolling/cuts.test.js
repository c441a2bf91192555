// Clients that are cut at random, of nodes that are killed at random, and of a Redis that is killed and that stands still, against a model of
// what each client must have.
//
// CUTS_SEED     what is cut and killed when (default: another one each time)
// CUTS_MINUTES  how long (default: a short one)
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { MAX_DISCONNECTION, OPTIONS, Random, Trial } from "../support/cuts.js";
import { Site } from "./site.js";

const CLIENTS = 15;
const MINUTES = Number(process.env.CUTS_MINUTES || 0);
const SEED = Number(process.env.CUTS_SEED || Math.floor(Math.random() * 1_000_000));

/** Kills nodes at random, and starts them again. */
async function killNodes(site, random, isOver) {
  while (!isOver()) {
    await sleep(1_500 + random.below(3_000));
    const index = random.below(site.ports.length);
    site.node(index).signal("SIGKILL");
    await site.node(index).gone;
    await sleep(random.below(1_500));
    await site.startNode(index, ["--seed", String(random.below(1_000_000))]);
  }
}

/** Redis is killed, or stands still, for some time. Nobody has to be recovered then. */
async function breakRedis(site, trial, kind, milliseconds) {
  const { mustRecover } = trial;
  trial.mustRecover = 0;
  trial.queueIsDown = true;
  if (kind === "kill") {
    await site.stopRedis();
    await sleep(milliseconds);
    await site.startRedis({ persists: true });
  } else {
    site.signalRedis("SIGSTOP");
    await sleep(milliseconds);
    site.signalRedis("SIGCONT");
  }
  const isHealthy = (control) => control.timeout(1_000).emitWithAck("health").catch(() => false);
  const deadline = performance.now() + 20_000;
  while (!(await Promise.all(trial.controls.map(isHealthy))).every(Boolean)) {
    assert.ok(performance.now() < deadline, "the store is not used again");
    await sleep(50);
  }
  // Those that were away meanwhile have come back.
  await sleep(2 * MAX_DISCONNECTION);
  trial.mustRecover = mustRecover;
}

async function run(t, name, during) {
  const site = await Site.start(3, [...OPTIONS, "--pause", "15"], { proxy: false, program: "cuts_server", persists: true });
  t.after(() => site.stop());
  const trial = new Trial(site.ports, SEED);
  t.after(() => trial.stop());
  // It is counted by the processes, which are killed.
  trial.countsOrders = false;
  await trial.start(CLIENTS);
  let isOver = false;
  const end = MINUTES ? { milliseconds: MINUTES * 60_000 } : { cuts: 100 };
  const breaking = during(site, trial, new Random(SEED), () => isOver);
  await trial.cut(end);
  isOver = true;
  await breaking;
  const figures = await trial.end();
  console.log(name, JSON.stringify(figures));
  assert.deepEqual(trial.mistakes, []);
  assert.deepEqual(trial.serverMistakes, []);
  assert.ok(figures.recovered > 10 && figures.replayed > 50, "clients have recovered");
}

describe(`random cuts with Redis (CUTS_SEED=${SEED})`, () => {
  test("nodes that are killed", (t) => run(t, "nodes", (site, _, random, isOver) => killNodes(site, random, isOver)));

  test("Redis that is killed, and keeps its data", (t) =>
    run(t, "Redis killed", async (site, trial, random, isOver) => {
      do {
        await sleep(3_000);
        await breakRedis(site, trial, "kill", random.below(4_000));
      } while (!isOver());
    }));

  test("Redis that stands still", { skip: MINUTES ? false : "takes longer than a minute: CUTS_MINUTES" }, (t) =>
    run(t, "Redis stopped", async (site, trial, random, isOver) => {
      do {
        await sleep(3_000);
        await breakRedis(site, trial, "stop", 20_000);
      } while (!isOver());
    }));
});
