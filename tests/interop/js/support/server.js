// Starts the example servers that the suites talk to.
//
// SOCKETIO_EXAMPLES  the directory of the built `conformance` and `chat` (default: target/debug/examples)
// SOCKETIO_URL       a server already running that fulfils the contract of `conformance`, instead of one of our own;
//                    SOCKETIO_CHAT_URL likewise for `chat`. Tests that must start, stop or configure a server are skipped then.
// SOCKETIO_REFERENCE when set, the server is the reference implementation: tests of deliberate differences are skipped
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../../..");
const examples =
  process.env.SOCKETIO_EXAMPLES ??
  path.join(process.env.CARGO_TARGET_DIR ?? path.join(repository, "target"), "debug/examples");

const START_DEADLINE = 10_000;

// Long enough that a busy machine is never taken for a dead client; the heartbeat suite chooses its own.
const CALM = { "ping-interval": 25_000, "ping-timeout": 20_000, "connect-timeout": 10_000 };

const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/** What `skip` takes: false, or why a test that needs a server of its own can't run. */
export const needsOwnServer = process.env.SOCKETIO_URL ? "needs a server of its own" : false;
/** The same for a test of the chat example. */
export const needsChat =
  process.env.SOCKETIO_URL && !process.env.SOCKETIO_CHAT_URL ? "there is no SOCKETIO_CHAT_URL" : false;

/** Likewise for a test of a deliberate difference to the reference implementation. */
export const beyondReference = process.env.SOCKETIO_REFERENCE ? "the reference implementation does otherwise" : false;

/** A shared conformance server: the running one when SOCKETIO_URL names it, else a new one. */
export async function conformance() {
  return process.env.SOCKETIO_URL ? external(process.env.SOCKETIO_URL) : ownConformance();
}

/** A conformance server for one test, with options in milliseconds and bytes, and `parser` and `client`. */
export async function ownConformance({ port, ...figures } = {}) {
  port ??= await freePort();
  const options = Object.entries({ ...CALM, ...figures }).flatMap(([name, value]) => [`--${name}`, ...(value === true ? [] : [String(value)])]);
  const server = start("conformance", ["--port", String(port), ...options]);
  await server.line(/^READY$/);
  return Object.assign(server, { url: `http://127.0.0.1:${port}`, port });
}

/** The chat example: the running one when SOCKETIO_CHAT_URL names it, else a new one. */
export async function chat(options) {
  return process.env.SOCKETIO_CHAT_URL ? external(process.env.SOCKETIO_CHAT_URL) : ownChat(options);
}

/** A chat server for one test, whose page has the `own` or the `official` client. */
export async function ownChat({ port = 0, client = "official" } = {}) {
  const server = start("chat", ["--port", String(port), "--client", client]);
  const [url] = await server.line(/http:\/\/[\d.]+:\d+/);
  return Object.assign(server, { url, port: Number(new URL(url).port) });
}

function external(url) {
  return { url: url.replace(/\/$/, ""), stop: async () => {} };
}

/** Any of the built examples; `output` is where it prints the lines that are waited for. */
export function start(example, args, { output = "stdout", env = {} } = {}) {
  const stdio = ["ignore", ...["stdout", "stderr"].map((each) => (each === output ? "pipe" : "inherit"))];
  const child = spawn(path.join(examples, example), args, { stdio, env: { ...process.env, ...env } });
  running.add(child);
  const gone = new Promise((resolve, reject) => {
    child.once("error", (error) => {
      running.delete(child);
      reject(new Error(`${example} did not start (${error.code}): run \`cargo build --examples\` first`));
    });
    child.once("exit", (code, signal) => {
      running.delete(child);
      resolve({ code, signal });
    });
  });
  gone.catch(() => {});

  const printed = [];
  const lines = createInterface({ input: child[output] });
  lines.on("line", (line) => printed.push(line));

  return {
    /** Resolves with the match once a line that fits has been printed. */
    async line(pattern) {
      const seen = () => printed.map((text) => text.match(pattern)).find(Boolean);
      const deadline = AbortSignal.timeout(START_DEADLINE);
      while (!seen()) {
        await Promise.race([
          once(lines, "line", { signal: deadline }),
          gone.then(({ code }) => Promise.reject(new Error(`${example} ended with ${code} before it was ready`))),
        ]);
      }
      return seen();
    },
    pid: child.pid,
    signal: (name) => child.kill(name),
    /** Stops the process until it gets SIGCONT; resolves when it has stopped, which is a little after the signal. */
    async freeze() {
      child.kill("SIGSTOP");
      while (!/\) T /.test(await readFile(`/proc/${child.pid}/stat`, "utf8"))) await setTimeout(1);
    },
    /** Resolves with `{ code, signal }` when the process has ended. */
    gone,
    async stop() {
      // One that could not be started has no id, and the signal would go to the process group of this test.
      if (child.pid) child.kill("SIGKILL");
      await gone;
    },
  };
}

/** A port that nobody listens on. */
export async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}
