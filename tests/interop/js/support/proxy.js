// Starts the proxies with the configurations in examples/proxies, in front of two nodes of the example `behind_proxy`.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import https from "node:https";
import { connect as connectTcp, createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { start } from "./server.js";

const configurations = fileURLToPath(new URL("../../../../examples/proxies/", import.meta.url));

/**
 * The differences between the proxies. `sticky` is the criterion that selects the node of a client. `adapt` changes the configuration
 * where it would touch the system; ports and files are replaced in all of them.
 */
const PROXIES = {
  nginx: {
    // Not `NGINX`, which means something to nginx itself.
    program: process.env.NGINX_PROGRAM ?? "nginx",
    configuration: "nginx/nginx.conf",
    sticky: "address",
    args: (directory, file) => ["-e", "stderr", "-p", directory, "-c", file],
    adapt(text, directory) {
      const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
      const paths = temporary.map((name) => `${name}_temp_path ${directory}/${name};`);
      return replaced(text, "access_log off;", `access_log off;\n${paths.join("\n")}`);
    },
  },
  haproxy: {
    program: process.env.HAPROXY_PROGRAM ?? "haproxy",
    configuration: "haproxy/haproxy.cfg",
    sticky: "cookie",
    args: (_, file) => ["-db", "-f", file],
  },
  apache: {
    program: process.env.APACHE_PROGRAM ?? "apache2",
    configuration: "apache/socketio.conf",
    sticky: "cookie",
    args: (directory, file) => {
      const standalone = path.join(configurations, "apache/standalone.conf");
      return ["-d", directory, "-f", standalone, "-c", `Include ${file}`, "-D", "FOREGROUND"];
    },
    // Its TLS is that of the whole site.
    tlsPort: ({ port }) => port,
  },
  caddy: {
    program: process.env.CADDY_PROGRAM ?? "caddy",
    configuration: "caddy/Caddyfile",
    sticky: "address",
    args: (_, file) => ["run", "--adapter", "caddyfile", "--config", file],
    // Or it would listen at port 80, too.
    adapt: (text) => replaced(text, "admin off", "admin off\n\tauto_https disable_redirects"),
  },
};

function replaced(text, from, to) {
  assert.ok(text.includes(from), `${from} is in the configuration`);
  return text.replaceAll(from, to);
}

/** Removes the comment signs of the lines below `# TLS: ..`. */
function withTls(text) {
  let inside = false;
  const lines = text.split("\n").map((line) => {
    if (inside && /^\s*# /.test(line)) return line.replace("# ", "");
    inside = /^\s*# TLS: /.test(line);
    return line;
  });
  assert.notEqual(lines.join("\n"), text);
  return lines.join("\n");
}

/** A proxy in front of two nodes. */
export class Site {
  nodes = {};
  #proxy;
  #gone;
  #directory;

  /** Starts the nodes and the proxy. With `tls`, its address is one of HTTPS. */
  static async start(name, { tls = false } = {}) {
    for (let attempt = 1; ; attempt++) {
      const site = new Site();
      site.proxy = PROXIES[name];
      try {
        await site.#start(tls);
        return site;
      } catch (error) {
        // Another process may have taken a port meanwhile.
        await site.stop();
        if (attempt === 3) throw error;
      }
    }
  }

  async #start(tls) {
    // Proxies that root has started work as other users.
    this.#directory = await mkdtemp(path.join(tmpdir(), "socketio-proxy-"));
    await chmod(this.#directory, 0o755);
    const ports = { port: await freePort(), tls: await freePort() };
    for (const node of ["a", "b"]) {
      ports[node] = await freePort();
      this.nodes[node] = start("behind_proxy", [`127.0.0.1:${ports[node]}`, node], { output: "stderr" });
    }
    await Promise.all(Object.values(this.nodes).map((node) => node.line(/listening/)));

    const file = await this.#configuration(ports, tls);
    const child = spawn(this.proxy.program, this.proxy.args(this.#directory, file), {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, HOME: this.#directory, XDG_DATA_HOME: this.#directory, XDG_CONFIG_HOME: this.#directory },
    });
    this.#proxy = child;
    this.#gone = new Promise((resolve) => {
      child.once("exit", resolve);
      child.once("error", resolve);
    });
    let ended = false;
    this.#gone.then(() => (ended = true));
    const port = tls ? (this.proxy.tlsPort?.(ports) ?? ports.tls) : ports.port;
    while (!(await isOpen(port)) && !ended) await sleep(20);
    assert.ok(!ended, `${this.proxy.program} did not start`);
    this.url = `http${tls ? "s" : ""}://127.0.0.1:${port}`;
  }

  async #configuration(ports, tls) {
    const directory = this.#directory;
    let text = await readFile(path.join(configurations, this.proxy.configuration), "utf8");
    text = this.proxy.adapt?.(text, directory) ?? text;
    if (tls) {
      text = withTls(text);
      const [certificate, key] = ["certificate.pem", "key.pem"].map((name) => path.join(directory, name));
      const names = "subjectAltName=IP:127.0.0.1,DNS:localhost";
      const make = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext ${names} -keyout ${key} -out ${certificate}`;
      execFileSync("openssl", make.split(" "), { stdio: "ignore" });
      await writeFile(path.join(directory, "certificate-and-key.pem"), (await readFile(certificate, "utf8")) + (await readFile(key, "utf8")));
      text = replaced(text, "/etc/ssl/", `${directory}/`);
    }
    for (const [from, to] of [[8080, ports.port], [5001, ports.a], [5002, ports.b]]) {
      text = replaced(text, `127.0.0.1:${from}`, `127.0.0.1:${to}`);
    }
    text = text.replaceAll("127.0.0.1:8443", `127.0.0.1:${ports.tls}`);
    const file = path.join(directory, "proxy.conf");
    await writeFile(file, text);
    return file;
  }

  /** The options of a client with an address of its own, and with the cookie of the page it has loaded, if there is one. */
  async visitor(number) {
    const agent = agentFrom(this.url, `127.0.0.${number}`);
    if (this.proxy.sticky === "address") return { agent };
    const page = await request(this.url, { agent });
    const cookie = page.headers["set-cookie"].map((line) => line.split(";")[0]).join("; ");
    assert.ok(cookie.startsWith("NODE="));
    // From the same address as all others: the cookie decides.
    return { extraHeaders: { cookie } };
  }

  async stop() {
    // With its workers: Apache would wait ten seconds for them.
    const { pid } = this.#proxy ?? {};
    const workers = pid ? await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "") : "";
    // One that could not be started has no id, and a signal would go to the process group of this test.
    if (pid) this.#proxy.kill("SIGKILL");
    for (const worker of workers.match(/\d+/g) ?? []) process.kill(Number(worker), "SIGKILL");
    await this.#gone;
    await Promise.allSettled(Object.values(this.nodes).map((node) => node.stop()));
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** An agent whose connections come from an address of this machine. */
export function agentFrom(url, localAddress) {
  const { Agent } = url.startsWith("https:") ? https : http;
  return new Agent({ localAddress, rejectUnauthorized: false });
}

/** Sends a request on a connection of its own, and reads the response. */
export function request(url, { method = "GET", body, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const sent = http.request(url, { method, ...options }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

let nextPort = 10_000 + ((process.pid * 97) % 20_000);

/** A port that nobody listens on, and that the system does not choose for connections. */
async function freePort() {
  for (;;) {
    const port = nextPort++;
    const probe = createServer();
    const isFree = await new Promise((resolve) => {
      probe.once("listening", () => probe.close(() => resolve(true)));
      probe.once("error", () => resolve(false));
      probe.listen(port, "127.0.0.1");
    });
    if (isFree) return port;
  }
}

function isOpen(port) {
  return new Promise((resolve) => {
    const socket = connectTcp(port, "127.0.0.1");
    socket.once("connect", () => resolve(true) || socket.destroy());
    socket.once("error", () => resolve(false));
  });
}
