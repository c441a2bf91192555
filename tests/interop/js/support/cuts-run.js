// Runs clients that are cut at random: `node cuts-run.js KIND`. The last line is JSON: the figures, and what was wrong.
//
// A process of its own, which ends at once: sockets that were reset while they were paused keep a process running.
//
// CUTS_SEED     what is cut and killed when (default: another one each time)
// CUTS          how many cuts (default: 100)
// CUTS_MINUTES  how long, instead of a number of cuts
// CUTS_LOG      shows each mistake at once, with what has happened to the client before
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { Site } from "../rolling/site.js";
import { MAX_DISCONNECTION, OPTIONS, Random, Trial } from "./cuts.js";
import { freePort, start } from "./server.js";

const MINUTES = Number(process.env.CUTS_MINUTES || 0);
const SEED = Number(process.env.CUTS_SEED);
const END = MINUTES ? { milliseconds: MINUTES * 60_000 } : { cuts: Number(process.env.CUTS || 100) };

/** Kills nodes at random, and starts them again. */
async function killNodes(site, trial, random, isOver) {
  while (!isOver()) {
    await sleep(1_500 + random.below(3_000));
    const index = random.below(site.ports.length);
    site.node(index).signal("SIGKILL");
    await site.node(index).gone;
    await sleep(random.below(1_500));
    await site.startNode(index, ["--seed", String(random.below(1_000_000))]);
  }
}

/** Breaks Redis again and again. Nobody has to be recovered then. */
async function breakRedis(site, trial, isOver, outage) {
  const { mustRecover } = trial;
  trial.queueIsDown = true;
  do {
    await sleep(3_000);
    trial.mustRecover = 0;
    await outage();
    const isHealthy = (control) => control.timeout(1_000).emitWithAck("health").catch(() => false);
    const deadline = performance.now() + 20_000;
    while (!(await Promise.all(trial.controls.map(isHealthy))).every(Boolean)) {
      assert.ok(performance.now() < deadline, "the store is not used again");
      await sleep(50);
    }
    // Those that were away meanwhile have come back.
    await sleep(2 * MAX_DISCONNECTION);
    trial.mustRecover = mustRecover;
  } while (!isOver());
}

const KINDS = {
  "nodes-killed": killNodes,
  "redis-killed": (site, trial, random, isOver) =>
    breakRedis(site, trial, isOver, async () => {
      await site.stopRedis();
      await sleep(random.below(4_000));
      await site.startRedis({ persists: true });
    }),
  "redis-stopped": (site, trial, random, isOver) =>
    breakRedis(site, trial, isOver, async () => {
      site.signalRedis("SIGSTOP");
      await sleep(20_000);
      site.signalRedis("SIGCONT");
    }),
};

async function inMemory() {
  const port = await freePort();
  const server = start("cuts_server", ["--port", String(port), "--seed", String(SEED), ...OPTIONS]);
  await server.line(/^READY$/);
  const trial = new Trial([port], SEED);
  await trial.start(20);
  await trial.cut(END);
  return [trial, await trial.end()];
}

async function withRedis(kind) {
  const site = await Site.start(3, [...OPTIONS, "--pause", "15"], { proxy: false, program: "cuts_server", persists: true });
  const trial = new Trial(site.ports, SEED);
  // It is counted by the processes, which are killed.
  trial.countsOrders = false;
  await trial.start(15);
  let isOver = false;
  const breaking = KINDS[kind](site, trial, new Random(SEED), () => isOver);
  await trial.cut(END);
  isOver = true;
  await breaking;
  const figures = await trial.end();
  await site.stop();
  return [trial, figures];
}

const kind = process.argv[2];
const [trial, figures] = await (kind === "memory" ? inMemory() : withRedis(kind));
const result = JSON.stringify({ figures, mistakes: [...trial.mistakes, ...trial.serverMistakes] });
process.stdout.write(`${result}\n`, () => process.exit(0));
