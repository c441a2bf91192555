// Socket.IO packet by packet: packets that a client must not send, and packets that it may send although no official client does.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, describe, test } from "node:test";
import { beyondReference, conformance, needsOwnServer, ownConformance } from "../support/server.js";
import { Polling, Wire } from "../support/wire.js";

let server;
before(async () => { server = await conformance(); });
after(() => server?.stop());

const connected = (t, namespace) => Wire.connect(t, server.url, namespace);

describe("connecting to a namespace", () => {
  for (const [packet, confirmation, auth, skip = false] of [
    ["40", /^40\{"sid":"[\w-]{20}"\}$/, '42["auth",{}]'],
    ['40{"token":"123"}', /^40\{"sid":"[\w-]{20}"\}$/, '42["auth",{"token":"123"}]'],
    ["40/,", /^40\{"sid":"[\w-]{20}"\}$/, '42["auth",{}]'],
    ["40/custom,", /^40\/custom,\{"sid":"[\w-]{20}"\}$/, '42/custom,["auth",{}]'],
    ["40/custom", /^40\/custom,\{"sid":"[\w-]{20}"\}$/, '42/custom,["auth",{}]'],
    ['40/custom,{"token":"abc"}', /^40\/custom,\{"sid":"[\w-]{20}"\}$/, '42/custom,["auth",{"token":"abc"}]'],
    ["40/custom?a=b&c=d,", /^40\/custom,\{"sid":"[\w-]{20}"\}$/, '42/custom,["auth",{}]', beyondReference],
  ]) {
    test(`${packet} is confirmed, and what connect emits follows`, { skip }, async (t) => {
      const wire = await Wire.open(t, server.url, "/socket.io/");
      wire.send(packet);
      assert.match(await wire.next(), confirmation);
      assert.equal(await wire.next(), auth);
    });
  }

  for (const packet of ["40/random", "40/random,", '40/random,{"a":1}']) {
    test(`${packet} is refused, since there is no such namespace`, async (t) => {
      const wire = await Wire.open(t, server.url, "/socket.io/");
      wire.send(packet);
      assert.equal(await wire.next(), '44/random,{"message":"Invalid namespace"}');
    });
  }

  test("a client that connects to nothing is closed in time", { skip: needsOwnServer }, async (t) => {
    const strict = await ownConformance({ "connect-timeout": 300 });
    t.after(() => strict.stop());
    const wire = await Wire.open(t, strict.url, "/socket.io/");
    await wire.closed(2_000);
  });

  test("a refusal does not end that timeout", { skip: needsOwnServer }, async (t) => {
    const strict = await ownConformance({ "connect-timeout": 300 });
    t.after(() => strict.stop());
    const wire = await Wire.open(t, strict.url, "/socket.io/");
    wire.send("40/random,");
    await wire.closed(2_000);
  });

  test("a client that connected in time is left alone", { skip: needsOwnServer }, async (t) => {
    const strict = await ownConformance({ "connect-timeout": 300 });
    t.after(() => strict.stop());
    const wire = await Wire.connect(t, strict.url);
    await sleep(500);
    await wire.alive();
  });
});

describe("what ends a connection", () => {
  const name = (text) => `an event named ${text}`;
  const OFFENCES = [
    ["no packet", "4abc"], ["an empty packet", "4"], ["an unknown type", "47"],
    ["an event without data", "42", beyondReference], ["an event with an empty array", "42[]"], ["an event that is no array", '42{"message":1}'],
    ["an event that is text", '42"message"'], ["cut off JSON", '42["message",'], ["something after the JSON", '42["message"]x'],
    [name("by an object"), "42[{}]"], [name("by null"), "42[null]"], [name("by an array"), '42[["message"]]'], [name("by a truth"), "42[true]"],
    ["an event for a namespace not joined", '42/custom,["message"]'], ["an ack for a namespace not joined", "43/custom,1[]"],
    ["an event for a namespace that isn't there", '42/random,["message"]'],
    ["an ack that is no array", '431{"a":1}'], ["an ack without data", "431", beyondReference],
    ["an auth that is text", '40/custom,"token"'], ["an auth that is an array", "40/custom,[]"], ["a goodbye with a message", '41{"a":1}'],
    ["fifty attachments announced as 50-", '450-["message"]'], ["eleven attachments", '4511-["message"]'],
    ["a million attachments", '451000000-["message"]'], ["attachments that are no number", '45x-["message"]'],
    ["a binary event without a count", '45["message"]'], 
    ["attachments for a namespace not joined", '451-/custom,["message",{"_placeholder":true,"num":0}]', beyondReference],
    ["bytes that nobody announced", Buffer.from([1])],
    ...["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"]
      .map((reserved) => [`the reserved event ${reserved}`, `42["${reserved}"]`]),
  ];

  for (const [what, packet, skip = false] of OFFENCES) {
    test(`${what}, over websocket`, { skip }, async (t) => {
      const wire = await connected(t);
      wire.send(packet);
      assert.deepEqual(await wire.closed(), [], "nothing is answered");
    });
  }

  for (const [what, packet, skip = false] of OFFENCES) {
    test(`${what}, over polling`, { skip }, async () => {
      const session = await Polling.open(server.url, "/socket.io/");
      await session.send("40");
      await collect(session, 2);
      await session.post(Buffer.isBuffer(packet) ? `b${packet.toString("base64")}` : packet).then((answer) => answer.text());
      const answer = await session.get();
      const body = await answer.text();
      assert.ok(answer.status === 400 || body.split("\u001e").at(-1) === "1", `the poll was answered ${answer.status}: ${body}`);
    });
  }

  test("anything but a CONNECT as a first packet", async (t) => {
    for (const packet of ["4abc", '42["message"]', "41", "431[]"]) {
      const wire = await Wire.open(t, server.url, "/socket.io/");
      wire.send(packet);
      await wire.closed();
    }
  });

  const placeholder = (num) => `{"_placeholder":true,"num":${num}}`;
  for (const [what, ...frames] of [
    ["a placeholder out of range", `451-["message",${placeholder(1)}]`, Buffer.from([1])],
    ["a placeholder below zero", `451-["message",${placeholder(-1)}]`, Buffer.from([1])],
    ["a placeholder numbered in words", `451-["message",${placeholder('"0"')}]`, Buffer.from([1])],
    ["a placeholder numbered splice", `451-["message",${placeholder('"splice"')}]`, Buffer.from([1])],
    ["text where an attachment is due", `451-["message",${placeholder(0)}]`, '42["message"]'],
    ["more attachments than announced", `451-["message",${placeholder(0)}]`, Buffer.from([1]), Buffer.from([2])],
  ]) {
    test(what, async (t) => {
      const wire = await connected(t);
      wire.send(...frames);
      await wire.closed();
    });
  }

  test("a placeholder between two", { skip: beyondReference }, async (t) => {
    const wire = await connected(t);
    wire.send(`452-["message",${placeholder(0.5)}]`, Buffer.from([1]), Buffer.from([2]));
    await wire.closed();
  });

  test("JSON that is nested too deeply, and only that connection", async (t) => {
    const wire = await connected(t);
    const other = await connected(t);
    wire.send(`42["message",${"[".repeat(400_000)}`);
    await wire.closed();
    await other.alive();
  });
});

describe("what is accepted", () => {
  test("an event name may be escaped", async (t) => {
    const wire = await connected(t);
    wire.send('42["\\u006dess\\u0061ge","escaped \\ud83d\\ude80"]');
    assert.equal(await wire.next(), '42["message-back","escaped 🚀"]');
  });

  test("JSON may have spaces", async (t) => {
    const wire = await connected(t);
    wire.send('42[ "message" , { "a" : [ 1 , 2 ] } ] ');
    assert.equal(await wire.next(), '42["message-back",{"a":[1,2]}]');
  });

  test("placeholders may come in any order, and their keys too", async (t) => {
    const wire = await connected(t);
    wire.send('452-["message",{"num":1,"_placeholder":true},{"_placeholder":true,"num":0}]', Buffer.from([1]), Buffer.from([2]));
    const event = await wire.next();
    assert.match(event, /^452-\["message-back",/);
    const attachments = [await wire.next(), await wire.next()];
    const numbers = JSON.parse(event.slice(4)).slice(1).map(({ num }) => attachments[num][0]);
    assert.deepEqual(numbers, [2, 1]);
  });

  test("a placeholder in a text packet is ordinary data", async (t) => {
    const wire = await connected(t);
    wire.send('42["message",{"_placeholder":true,"num":0}]');
    assert.equal(await wire.next(), '42["message-back",{"_placeholder":true,"num":0}]');
  });

  test("a binary event comes back unchanged", async (t) => {
    const wire = await connected(t);
    const data = '[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]';
    wire.send(`452-["message",${data.slice(1)}`, Buffer.from([1, 2, 3]), Buffer.from([4, 5, 6]));
    assert.equal(await wire.next(), `452-["message-back",${data.slice(1)}`);
    assert.deepEqual([...await wire.next()], [1, 2, 3]);
    assert.deepEqual([...await wire.next()], [4, 5, 6]);
  });

  test("a binary event with an ack is answered with a binary ack", async (t) => {
    const wire = await connected(t);
    wire.send('451-789["message-with-ack",{"_placeholder":true,"num":0}]', Buffer.from([9]));
    assert.equal(await wire.next(), '461-789[{"_placeholder":true,"num":0}]');
    assert.deepEqual([...await wire.next()], [9]);
  });

  for (const id of ["0", "456", "9007199254740991"]) {
    test(`the ack id ${id} comes back as it was written`, async (t) => {
      const wire = await connected(t);
      wire.send(`42${id}["message-with-ack",1,"2",{"3":[true]}]`);
      assert.equal(await wire.next(), `43${id}[1,"2",{"3":[true]}]`);
    });
  }

  for (const id of ["007", "18446744073709551615"]) {
    test(`the ack id ${id} comes back as it was written`, { skip: beyondReference }, async (t) => {
      const wire = await connected(t);
      wire.send(`42${id}["message-with-ack"]`);
      assert.equal(await wire.next(), `43${id}[]`);
    });
  }

  test("an ack that nobody waits for is ignored", async (t) => {
    const wire = await connected(t);
    wire.send("43999[]", '431["again"]', '431["again"]');
    await wire.alive();
  });

  test("an event after the client's own disconnect is ignored", { skip: beyondReference }, async (t) => {
    const wire = await connected(t);
    wire.send("40/custom,");
    assert.match(await wire.next(), /^40\/custom,/);
    assert.equal(await wire.next(), '42/custom,["auth",{}]');
    wire.send("41/custom,", '42/custom,["message","late"]', "41/custom,");
    await wire.alive();
  });

  test("a namespace that refused the client may be left", { skip: beyondReference }, async (t) => {
    const wire = await connected(t);
    wire.send("40/random,");
    assert.match(await wire.next(), /^44\/random,/);
    wire.send("41/random,", '42/random,["message"]');
    await wire.alive();
  });

  for (const [value, back] of [["NaN", "null"], ["-Infinity", "null"], ["1e999", "null"], ['"abc\\ud83d"', '"abc\ufffd"']]) {
    test(`${value} does no harm`, { skip: beyondReference }, async (t) => {
      const wire = await connected(t);
      wire.send(`42["message",${value}]`, '42["message",1]');
      assert.equal(await wire.next(), `42["message-back",${back}]`);
      assert.equal(await wire.next(), '42["message-back",1]');
    });
  }

  test("a value that is not JSON fails its event", { skip: beyondReference }, async (t) => {
    const wire = await connected(t);
    wire.send('427["message-with-ack",undefined]');
    assert.match(await wire.next(), /^437\[\{"error":/);
    await wire.alive();
  });

  test("a namespace may end with a slash", { skip: beyondReference }, async (t) => {
    const wire = await Wire.open(t, server.url, "/socket.io/");
    wire.send("40/custom/,");
    assert.match(await wire.next(), /^40\/custom\/,\{"sid":"[\w-]{20}"\}$/);
    assert.equal(await wire.next(), '42/custom/,["auth",{}]');
  });

  test("leaving one namespace leaves the other", async (t) => {
    const wire = await connected(t);
    wire.send("40/custom,");
    assert.match(await wire.next(), /^40\/custom,/);
    assert.equal(await wire.next(), '42/custom,["auth",{}]');
    wire.send("41/custom,");
    await wire.alive();
  });

  // The reference acts on the second packet before the first.
  test("the main namespace can be left and joined again at once", { skip: beyondReference }, async (t) => {
    const wire = await connected(t);
    wire.send("41", "40");
    assert.match(await wire.next(), /^40\{"sid":/);
    assert.equal(await wire.next(), '42["auth",{}]');
    await wire.alive();
  });

  test("a binary event that a disconnect cuts off leaves nothing behind", async (t) => {
    const wire = await connected(t);
    wire.send('451-["message",{"_placeholder":true,"num":0}]');
    wire.ws.close();
    await wire.closed();
    await (await connected(t)).alive();
  });

  test("events over polling come back in one session, in order", async () => {
    const session = await Polling.open(server.url, "/socket.io/");
    await session.send("40");
    await collect(session, 2);
    await session.send('42["message",1]', '451-["message",{"_placeholder":true,"num":0}]', "bAQID", '42["message",2]');
    assert.deepEqual(await collect(session, 4), [
      '42["message-back",1]', '451-["message-back",{"_placeholder":true,"num":0}]', "bAQID", '42["message-back",2]',
    ]);
  });
});

/** Polls until `count` packets have come. */
async function collect(session, count) {
  const packets = [];
  while (packets.length < count) packets.push(...await session.poll());
  return packets;
}
