// Tests that pass behind every proxy, with the configuration in examples/proxies.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, onEveryTransport } from "./client.js";
import { Site, agentFrom, request } from "./proxy.js";

/** Longer than most proxies keep idle connections, shorter than the nodes do. */
const IDLE = 62_000;

export function throughProxy(name) {
  /** A proxy for the tests of a suite. */
  const site = (options) => {
    const shared = {};
    before(async () => Object.assign(shared, { it: await Site.start(name, options) }));
    after(() => shared.it?.stop());
    return shared;
  };

  describe(`${name}: idle connections`, () => {
    const shared = site();
    test("a request after a minute of silence is answered", async () => {
      const { url } = shared.it;
      // Several at once, so that the proxy has several connections to the nodes.
      await Promise.all(Array.from({ length: 8 }, () => session(url)));
      await sleep(IDLE);
      await Promise.all(Array.from({ length: 8 }, () => session(url)));
    });
  });

  onEveryTransport(name, (transports, transport) => {
    const shared = site();
    const options = (more) => ({ transports, withCredentials: true, ...more });

    test("events go both ways, for pages of the origin that the proxy serves", async (t) => {
      const { url } = shared.it;
      const client = await connect(t, url, options({ extraHeaders: { origin: url } }));
      if (transport === "upgrade") await client.upgraded();
      assert.equal(client.socket.io.engine.transport.name, transport === "polling" ? "polling" : "websocket");
      for (const text of ["hello", "x".repeat(900_000)]) {
        assert.deepEqual(await client.call("echo", text), [text]);
      }
    });

    test("pages of another origin are refused", async (t) => {
      const extraHeaders = { origin: "http://elsewhere.test" };
      await assert.rejects(connect(t, shared.it.url, options({ extraHeaders })));
    });

    test("the node knows the address and the URL of the client, whatever headers the client sends", async (t) => {
      const { url } = shared.it;
      const extraHeaders = {
        "x-forwarded-for": "203.0.113.9",
        "x-forwarded-host": "elsewhere.test",
        "x-forwarded-proto": "https",
        "x-forwarded-port": "444",
        forwarded: "for=203.0.113.9;host=elsewhere.test;proto=https",
      };
      const agent = agentFrom(url, "127.0.0.9");
      const client = await connect(t, url, options({ agent, extraHeaders }));
      const [welcome] = await client.next("welcome");
      assert.equal(welcome.address, "127.0.0.9");
      assert.ok(welcome.url.startsWith(`${url}/socket.io/?`), welcome.url);
    });

    test("clients are spread over the nodes, and return to the same node", async (t) => {
      const counts = { a: 0, b: 0 };
      for (let number = 10; number < 34 && !(counts.a && counts.b); number++) {
        const visitor = await shared.it.visitor(number);
        const client = await connect(t, shared.it.url, options({ ...visitor, reconnection: true, reconnectionDelay: 10 }));
        const [{ node }] = await client.next("welcome");
        counts[node]++;
        for (let round = 0; round < 3; round++) {
          if (transport === "upgrade") await client.upgraded();
          assert.deepEqual(await client.call("echo", `round ${round}`), [`round ${round}`]);
          client.socket.io.engine.close();
          const [again] = await client.next("welcome");
          assert.equal(again.node, node);
        }
      }
      assert.ok(counts.a && counts.b, JSON.stringify(counts));
    });
  });

  onEveryTransport(`${name} with TLS`, (transports, transport) => {
    const shared = site({ tls: true });
    test("pages of its origin connect, and the node knows that it is HTTPS", async (t) => {
      const { url } = shared.it;
      const tls = { transports, withCredentials: true, rejectUnauthorized: false };
      const client = await connect(t, url, { ...tls, extraHeaders: { origin: url } });
      if (transport === "upgrade") await client.upgraded();
      const [welcome] = await client.next("welcome");
      assert.ok(welcome.url.startsWith(`${url}/socket.io/?`), welcome.url);
      assert.deepEqual(await client.call("echo", "hello"), ["hello"]);

      const plain = { origin: url.replace("https:", "http:").replace("127.0.0.1", "localhost") };
      await assert.rejects(connect(t, url, { ...tls, extraHeaders: plain }));
    });
  });

  onEveryTransport(`${name} without a node`, (transports) => {
    const shared = site();
    test("clients of the node that is gone go to the other", async (t) => {
      const visitor = await shared.it.visitor(10);
      const options = { transports, withCredentials: true, reconnection: true, reconnectionDelay: 100, reconnectionDelayMax: 500 };
      const client = await connect(t, shared.it.url, { ...visitor, ...options });
      const [{ node }] = await client.next("welcome");
      await shared.it.nodes[node].stop();
      const [other] = await client.next("welcome");
      assert.notEqual(other.node, node);
      assert.deepEqual(await client.call("echo", "hello"), ["hello"]);
    });
  });
}

/** Opens a session over polling and joins a namespace, as a client would, on connections of their own. */
async function session(url) {
  const target = `${url}/socket.io/?EIO=4&transport=polling`;
  const opened = await request(target);
  assert.equal(opened.status, 200, opened.body);
  const { sid } = JSON.parse(opened.body.slice(1));
  const cookie = (opened.headers["set-cookie"] ?? []).map((line) => line.split(";")[0]).join("; ");
  const posted = await request(`${target}&sid=${sid}`, { method: "POST", body: "40", headers: { cookie, "content-type": "text/plain" } });
  assert.equal(posted.status, 200, posted.body);
}
