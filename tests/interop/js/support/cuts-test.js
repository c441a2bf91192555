// Runs a test of random cuts in a process of its own: see cuts-run.js.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const SEED = process.env.CUTS_SEED || String(Math.floor(Math.random() * 1_000_000));

export async function checkCuts(t, kind) {
  const program = fileURLToPath(new URL("cuts-run.js", import.meta.url));
  const child = spawn(process.execPath, [program, kind], { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, CUTS_SEED: SEED } });
  t.after(() => child.kill("SIGKILL"));
  let last = "null";
  createInterface({ input: child.stdout }).on("line", (line) => {
    last = line;
    console.log(line);
  });
  const [code] = await once(child, "close");
  assert.equal(code, 0, "the exit status of cuts-run.js");
  const { figures, mistakes } = JSON.parse(last);
  assert.deepEqual(mistakes, []);
  assert.ok(figures.recovered > 10 && figures.replayed > 50, "some clients have recovered, and some events were replayed");
}
