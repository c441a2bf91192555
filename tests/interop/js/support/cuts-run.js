// Runs clients whose connections are cut at random: `node cuts-run.js KIND`. The last line of its output is JSON: the figures and the mistakes.
//
// It is a process of its own, which calls `exit`: sockets that were reset while they were paused would keep a process running.
//
// CUTS_SEED     the seed of cuts and kills (required; the tests choose one at random by default)
// CUTS          the number of cuts (default: 100)
// CUTS_MINUTES  the duration in minutes, instead of a number of cuts
// CUTS_LOG      prints each mistake at once, after the latest events of its client
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

/** Breaks Redis repeatedly. During an outage, no client has to be recovered. */
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
      assert.ok(performance.now() < deadline, "the nodes do not use the store again");
      await sleep(50);
    }
    // By then, clients that were away during the outage have come back.
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
  // Orders are counted in the nodes, which are killed.
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
