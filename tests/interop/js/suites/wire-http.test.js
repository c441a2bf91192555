// Engine.IO over HTTP, request by request: the handshake, refusals, long-polling.
import assert from "node:assert/strict";
import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, describe, test } from "node:test";
import { conformance, needsOwnServer, ownConformance } from "../support/server.js";
import { Polling, status } from "../support/wire.js";

let server;
before(async () => { server = await conformance(); });
after(() => server?.stop());

for (const path of ["/engine.io/", "/socket.io/"]) {
  describe(`the handshake of ${path}`, () => {
    const ask = (query, options = {}) => fetch(`${server.url}${path}?${query}`, options);

    test("is five keys with figures in whole numbers", async () => {
      const { handshake } = await Polling.open(server.url, path);
      assert.deepEqual(Object.keys(handshake).toSorted(), ["maxPayload", "pingInterval", "pingTimeout", "sid", "upgrades"]);
      for (const figure of ["maxPayload", "pingInterval", "pingTimeout"]) assert.ok(Number.isInteger(handshake[figure]));
      assert.deepEqual(handshake.upgrades, ["websocket"]);
      assert.match(handshake.sid, /^[\w-]{20}$/);
    });

    test("is plain text, which browsers don't render as a page", async () => {
      const answer = await ask("EIO=4&transport=polling");
      assert.match(answer.headers.get("content-type"), /^text\/plain/);
      await answer.text();
    });

    const refusals = [
      ["no transport", "EIO=4", {}, 0, "Transport unknown"],
      ["an unknown transport", "EIO=4&transport=abc", {}, 0, "Transport unknown"],
      ["a transport named __proto__", "EIO=4&transport=__proto__", {}, 0, "Transport unknown"],
      ["a transport named constructor", "EIO=4&transport=constructor", {}, 0, "Transport unknown"],
      ["an unknown session", "EIO=4&transport=polling&sid=abc", {}, 1, "Session ID unknown"],
      ["a session named constructor", "EIO=4&transport=polling&sid=constructor", {}, 1, "Session ID unknown"],
      ["a POST to an unknown session", "EIO=4&transport=polling&sid=abc", { method: "POST", body: "4x" }, 1, "Session ID unknown"],
      ["a handshake by POST", "EIO=4&transport=polling", { method: "POST", body: "" }, 2, "Bad handshake method"],
      ["a handshake by PUT", "EIO=4&transport=polling", { method: "PUT", body: "" }, 2, "Bad handshake method"],
      ["a WebSocket handshake without an upgrade", "EIO=4&transport=websocket", {}, 3, "Bad request"],
      ["no protocol version", "transport=polling", {}, 5, "Unsupported protocol version"],
      ["a version that is no number", "EIO=abc&transport=polling", {}, 5, "Unsupported protocol version"],
      ["an old version", "EIO=3&transport=polling", {}, 5, "Unsupported protocol version"],
    ];
    for (const [what, query, options, code, message] of refusals) {
      test(`refuses ${what} with code ${code}`, async () => {
        const answer = await ask(query, options);
        assert.equal(answer.status, 400);
        assert.match(answer.headers.get("content-type"), /^application\/json/);
        const { reason, ...rest } = await answer.json();
        assert.deepEqual(rest, { code, message }, reason);
      });
    }

    test("allows the requesting origin, also in refusals", async () => {
      for (const query of ["EIO=4&transport=polling", "EIO=4&transport=abc"]) {
        const answer = await ask(query, { headers: { origin: "http://elsewhere.example" } });
        assert.match(answer.headers.get("access-control-allow-origin"), /^(\*|http:\/\/elsewhere\.example)$/);
        await answer.text();
      }
    });

    test("answers a preflight", async () => {
      const answer = await ask("EIO=4&transport=polling", {
        method: "OPTIONS",
        headers: { origin: "http://elsewhere.example", "access-control-request-method": "POST" },
      });
      assert.ok(answer.ok);
      assert.match(answer.headers.get("access-control-allow-origin"), /^(\*|http:\/\/elsewhere\.example)$/);
      assert.match(answer.headers.get("access-control-allow-methods"), /POST/);
    });
  });
}

test("everything else is not found", async () => {
  for (const path of ["/", "/socket.iox/", "/other/?EIO=4&transport=polling"]) {
    assert.equal(await status(fetch(`${server.url}${path}`)), 404, path);
  }
});

describe("long-polling", () => {
  test("a POST is answered ok", async () => {
    const session = await Polling.open(server.url);
    const answer = await session.post("4hello");
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get("content-type"), /^text\/(html|plain)/);
    assert.equal(await answer.text(), "ok");
    assert.deepEqual(await session.poll(), ["4hello"]);
  });

  test("several packets travel in one payload", async () => {
    const session = await Polling.open(server.url);
    await session.send("4one", "4", "bAQIDBA==", "4größe 👩‍🚀");
    assert.deepEqual(await session.poll(), ["4one", "4", "bAQIDBA==", "4größe 👩‍🚀"]);
  });

  test("a burst of five hundred packets in one payload is accepted", async () => {
    const session = await Polling.open(server.url);
    const packets = Array.from({ length: 500 }, (_, i) => `4${i}`);
    // The POST is answered when all of it has found room, so a client that sends much must poll meanwhile, as all do.
    const sent = session.send(...packets);
    const received = [];
    while (received.length < packets.length) received.push(...await session.poll());
    await sent;
    assert.deepEqual(received, packets);
  });

  test("a waiting poll is answered when there is a message", async () => {
    const session = await Polling.open(server.url);
    const waiting = session.poll();
    await session.send("4late");
    assert.deepEqual(await waiting, ["4late"]);
  });

  test("a poll is never taken from a cache", async () => {
    const session = await Polling.open(server.url);
    await session.send("4x");
    const answer = await session.get();
    assert.match(answer.headers.get("cache-control") ?? "no-store", /no-store/);
    await answer.text();
  });

  test("a poll sent while another waits ends the session", async () => {
    const session = await Polling.open(server.url);
    const first = session.get();
    await sleep(30);
    assert.equal(await status(session.get()), 400);
    const answer = await first;
    assert.equal(answer.status, 200);
    assert.equal(await answer.text(), "1");
    assert.equal(await status(session.get()), 400);
  });

  test("a poll that is sent again takes over, and the older one is answered", async () => {
    const session = await Polling.open(server.url);
    const older = session.poll();
    await sleep(200);
    const newer = session.poll();
    assert.deepEqual(await older, ["6"]);
    await session.send("4hello");
    assert.deepEqual(await newer, ["4hello"]);
  });

  test("concurrent POSTs are all accepted", async () => {
    const session = await Polling.open(server.url);
    const packets = Array.from({ length: 20 }, (_, i) => `4${i}`);
    const sent = Promise.all(packets.map((packet) => session.send(packet)));
    const received = [];
    while (received.length < packets.length) received.push(...await session.poll());
    await sent;
    assert.deepEqual(received.toSorted(), packets.toSorted());
  });

  test("base64 may come in lines, without padding, or as an octet stream", async () => {
    const session = await Polling.open(server.url);
    await session.send("bAQID\r\nBA==\r\n", "bAQIDBA", "4text");
    assert.deepEqual(await session.poll(), ["bAQIDBA==", "bAQIDBA==", "4text"]);
    const answer = await session.post("4hello", { "content-type": "application/octet-stream" });
    assert.equal(await status(answer), 200);
    assert.deepEqual(await session.poll(), ["4hello"]);
  });

  test("a poll whose client has gone ends the session", async () => {
    const session = await Polling.open(server.url);
    const gone = new AbortController();
    const poll = session.get({ signal: gone.signal });
    await sleep(30);
    gone.abort();
    await assert.rejects(poll);
    await sleep(100);
    assert.equal(await status(session.get()), 400);
  });

  test("a client that closes is answered noop and ok, and then unknown", async () => {
    const session = await Polling.open(server.url);
    const waiting = session.poll();
    await session.send("1");
    assert.deepEqual(await waiting, ["6"]);
    assert.equal(await status(session.get()), 400);
    assert.equal(await status(session.post("4late")), 400);
  });

  test("a client that closes and polls at the same moment is answered so, whichever comes first", async () => {
    // The official protocol suites do this; two connections may be served by two threads.
    for (let i = 0; i < 50; i += 1) {
      const session = await Polling.open(server.url);
      const [packets] = await Promise.all([session.poll(), session.send("1")]);
      assert.deepEqual(packets, ["6"]);
      assert.equal(await status(session.get()), 400);
    }
  });

  test("a body above the limit is refused and the session lives on", async () => {
    const session = await Polling.open(server.url);
    // A server that has seen enough may answer before the whole body is written, which some clients report as an error.
    const outcome = await session.post(`4${"x".repeat(1_000_001)}`).then((answer) => status(answer), () => 413);
    assert.equal(outcome, 413);
    await session.send("4still here");
    assert.deepEqual(await session.poll(), ["4still here"]);
  });

  test("a chunked body is counted while it is read", { skip: needsOwnServer }, async (t) => {
    const small = await ownConformance({ "max-payload": 10_000 });
    t.after(() => small.stop());
    const session = await Polling.open(small.url);
    const outcome = await new Promise((resolve, reject) => {
      const request = http.request(`${small.url}/engine.io/?EIO=4&transport=polling&sid=${session.sid}`, { method: "POST" });
      request.on("response", (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on("error", () => resolve("cut off"));
      const pump = setInterval(() => request.write("4".repeat(4_000)), 5);
      setTimeout(() => reject(new Error("the body was never refused")), 3_000).unref();
      request.on("close", () => clearInterval(pump));
    });
    assert.ok([413, "cut off"].includes(outcome), `${outcome}`);
  });

  for (const [what, body] of [
    ["no packet", "abc"], ["an unknown type", "7"], ["an unknown type before a good one", "9\u001e4x"],
    ["a client's ping", "2"], ["an empty packet between others", "4a\u001e\u001e4b"],
  ]) {
    test(`${what} in a payload ends the session`, async () => {
      const session = await Polling.open(server.url);
      await status(session.post(body));
      assert.equal(await endOf(session), "ended");
    });
  }

  /** Polls until the session says that it has ended, one way or the other. */
  async function endOf(session) {
    for (let polls = 0; polls < 3; polls += 1) {
      const answer = await session.get();
      const body = await answer.text();
      if (answer.status === 400 || body.split("\u001e").includes("1")) return "ended";
    }
    return "alive";
  }

  test("a body of raw bytes is refused and ends the session", async () => {
    const session = await Polling.open(server.url);
    assert.equal(await status(session.post(Buffer.from([4, 1]), { "content-type": "application/octet-stream" })), 400);
    assert.equal(await status(session.get()), 400);
  });

  test("a later request must speak the version of its handshake", async () => {
    const session = await Polling.open(server.url);
    const answer = await fetch(`${server.url}/engine.io/?EIO=3&transport=polling&sid=${session.sid}`);
    assert.equal(answer.status, 400);
    await answer.text();
  });

  test("a session without an answer to its ping ends at the announced time", { skip: needsOwnServer }, async (t) => {
    const quick = await ownConformance({ "ping-interval": 300, "ping-timeout": 200 });
    t.after(() => quick.stop());
    const session = await Polling.open(quick.url);
    assert.deepEqual(await session.poll(), ["2"]);
    await sleep(250);
    assert.equal(await status(session.get()), 400);
  });

  test("an answered ping keeps the session", { skip: needsOwnServer }, async (t) => {
    const quick = await ownConformance({ "ping-interval": 300, "ping-timeout": 200 });
    t.after(() => quick.stop());
    const session = await Polling.open(quick.url);
    for (let i = 0; i < 4; i += 1) {
      assert.deepEqual(await session.poll(), ["2"]);
      await session.send("3");
    }
  });
});
