// Three nodes with Redis behind nginx, which sends each client to the node that the hash of its name says, or to the next one.
import { spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort, start } from "../support/server.js";

const children = new Set();
process.on("exit", () => children.forEach((child) => child.kill("SIGKILL")));

function run(program, args) {
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] });
  children.add(child);
  const gone = new Promise((resolve) => {
    child.once("error", (error) => {
      children.delete(child);
      resolve(error);
    });
    child.once("exit", () => {
      children.delete(child);
      resolve();
    });
  });
  return {
    signal: (name) => child.kill(name),
    kill(signal = "SIGKILL") {
      child.kill(signal);
      return gone;
    },
  };
}

/** Waits until a process listens on the port. */
async function listening(port) {
  for (let attempt = 0; attempt < 1_000; attempt += 1) {
    const open = await new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
      socket.once("close", () => socket.destroy());
    });
    if (open) return;
    await sleep(10);
  }
  throw new Error(`nobody listens on ${port}`);
}

export class Site {
  #proxy;
  #nodes = [];
  #redis;

  /** Starts `count` nodes, and nginx in front of them unless `proxy` is false. With `persists`, Redis keeps its data when it is killed. */
  static async start(count, options, { proxy = true, program = "rolling_node", persists = false } = {}) {
    const site = new Site();
    site.program = program;
    site.directory = await mkdtemp(path.join(tmpdir(), "socketio-rolling-"));
    // nginx works as another user if root has started it.
    await chmod(site.directory, 0o755);
    site.options = options;
    site.effectsFile = path.join(site.directory, "effects");
    await writeFile(site.effectsFile, "");
    site.redisPort = await freePort();
    site.redis = `redis://127.0.0.1:${site.redisPort}`;
    await site.startRedis({ persists });
    site.ports = [];
    for (let index = 0; index < count; index += 1) site.ports.push(await freePort());
    for (const index of site.ports.keys()) await site.startNode(index);
    if (proxy) await site.#startProxy();
    return site;
  }

  /** Starts Redis. What it has is lost when it is stopped, unless it `persists`. */
  async startRedis({ persists = false } = {}) {
    const data = ["--dir", this.directory, "--save", "", "--appendonly", persists ? "yes" : "no", "--appendfsync", "always"];
    const args = ["--port", String(this.redisPort), "--bind", "127.0.0.1", "--loglevel", "warning", ...data];
    this.#redis = run("redis-server", args);
    await listening(this.redisPort);
  }

  stopRedis() {
    return this.#redis.kill();
  }

  /** Sends a signal to Redis, such as SIGSTOP or SIGCONT. */
  signalRedis(name) {
    this.#redis.signal(name);
  }

  async #startProxy() {
    this.port = await freePort();
    this.url = `http://127.0.0.1:${this.port}`;
    const file = path.join(this.directory, "nginx.conf");
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    await writeFile(file, `
      daemon off;
      pid ${this.directory}/nginx.pid;
      error_log stderr crit;
      events { worker_connections 8192; }
      http {
        access_log off;
        ${temporary.map((name) => `${name}_temp_path ${this.directory}/${name};`).join("\n")}
        map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
        upstream nodes {
          hash $arg_client consistent;
          # A node is never out of use for clients that it still has: each request tries it first, and then the next one.
          ${this.ports.map((port) => `server 127.0.0.1:${port} max_fails=0;`).join("\n")}
        }
        server {
          listen 127.0.0.1:${this.port} backlog=4096;
          location / {
            proxy_pass http://nodes;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_set_header Host $http_host;
            proxy_next_upstream error timeout http_503 non_idempotent;
            proxy_connect_timeout 1s;
            proxy_read_timeout 60s;
            proxy_buffering off;
          }
        }
      }`);
    this.#proxy = run("nginx", ["-e", "stderr", "-p", this.directory, "-c", file]);
    await listening(this.port);
  }

  /** Starts a node at its port, and waits until it is ready. */
  async startNode(index, more = []) {
    const port = this.ports[index];
    const args = ["--redis", this.redis, "--port", String(port), "--effects", this.effectsFile, ...this.options, ...more];
    const node = start(this.program, args);
    await node.line(/^ready$/i);
    this.#nodes[index] = node;
    return node;
  }

  /** Ends a node with SIGTERM. Returns how long that took, in milliseconds. */
  async endNode(index) {
    const began = performance.now();
    this.#nodes[index].signal("SIGTERM");
    const { code, signal } = await this.#nodes[index].gone;
    if (code !== 0) throw new Error(`node ${index} ended with ${code ?? signal}`);
    return performance.now() - began;
  }

  node(index) {
    return this.#nodes[index];
  }

  /** The keys of the effects, each as often as it has happened. */
  async effects() {
    const counts = new Map();
    for (const line of (await readFile(this.effectsFile, "utf8")).split("\n").filter(Boolean)) {
      const { key } = JSON.parse(line);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return counts;
  }

  async stop() {
    await Promise.all(this.#nodes.map((node) => node?.stop()));
    // nginx ends its workers then.
    await this.#proxy?.kill("SIGTERM");
    await this.#redis?.kill();
    await rm(this.directory, { recursive: true, force: true });
  }
}
