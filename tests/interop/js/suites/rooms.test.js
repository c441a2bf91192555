import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { connect, onEveryTransport, open } from "../support/client.js";
import { chat, needsChat } from "../support/server.js";

describe("the chat example", { skip: needsChat }, () => {
  let server;
  before(async () => { server = await chat(); });
  after(() => server?.stop());

  onEveryTransport("rooms", (transports) => {
    const people = (t, count) => Promise.all(Array.from({ length: count }, () => connect(t, server.url, { transports })));

    // Rooms outlive a test while its clients close, so each test has rooms of its own.
    let rooms = 0;
    const freshRoom = () => `room ${transports.join("+")} ${(rooms += 1)}`;

    /** After this, everything emitted before on behalf of this client has reached `others`. */
    async function settled(...others) {
      for (const other of others) {
        await other.call("ping time");
      }
    }

    test("an echo reaches its sender only", async (t) => {
      const [ana, bo] = await people(t, 2);
      ana.emit("echo", "hello");
      assert.deepEqual(await ana.next("echo"), ["hello"]);
      await settled(bo);
      assert.equal(bo.untaken("echo"), 0);
    });

    test("a broadcast reaches everybody, its sender included", async (t) => {
      const [ana, bo, cy] = await people(t, 3);
      await ana.call("broadcast", "all of you");
      for (const client of [ana, bo, cy]) {
        assert.deepEqual(await client.next("broadcast"), [{ from: ana.id, text: "all of you" }]);
      }
    });

    test("a wave reaches everybody but its sender, under either name", async (t) => {
      const [ana, bo] = await people(t, 2);
      await ana.call("wave");
      await ana.call("👋");
      assert.deepEqual(await bo.next("👋"), [ana.id]);
      assert.deepEqual(await bo.next("👋"), [ana.id]);
      await settled(ana);
      assert.equal(ana.untaken("👋"), 0);
    });

    test("joining and leaving are acknowledged with the client's rooms", async (t) => {
      const [ana] = await people(t, 1);
      const room = freshRoom();
      const [joined] = await ana.call("join", room);
      assert.deepEqual(joined.toSorted(), [ana.id, room].toSorted());
      const [left] = await ana.call("leave", room);
      assert.deepEqual(left, [ana.id]);
    });

    test("a room's message reaches its members", async (t) => {
      const [ana, bo, outsider] = await people(t, 3);
      const room = freshRoom();
      await ana.call("join", room);
      await bo.call("join", room);
      await ana.call("room message", { room, text: "psst" });
      for (const member of [ana, bo]) {
        assert.deepEqual(await member.next("room message"), [{ room, from: ana.id, text: "psst" }]);
      }
      await settled(outsider);
      assert.equal(outsider.untaken("room message"), 0);
    });

    test("a client that has left a room no longer receives its messages", async (t) => {
      const [ana, bo] = await people(t, 2);
      const room = freshRoom();
      await ana.call("join", room);
      await bo.call("join", room);
      await bo.call("leave", room);
      await ana.call("room message", { room, text: "gone?" });
      await ana.next("room message");
      await settled(bo);
      assert.equal(bo.untaken("room message"), 0);
    });

    test("joining twice does not repeat messages", async (t) => {
      const [ana] = await people(t, 1);
      const room = freshRoom();
      await ana.call("join", room);
      await ana.call("join", room);
      await ana.call("room message", { room, text: "once" });
      await ana.next("room message");
      await settled(ana);
      assert.equal(ana.untaken("room message"), 0);
    });

    test("the members of a closed room are notified, and it is empty", async (t) => {
      const [ana, bo] = await people(t, 2);
      const room = freshRoom();
      await ana.call("join", room);
      await bo.call("join", room);
      await ana.call("close room", room);
      assert.deepEqual(await bo.next("room closed"), [room]);
      await ana.call("room message", { room, text: "anybody?" });
      await settled(ana, bo);
      assert.equal(ana.untaken("room message") + bo.untaken("room message"), 0);
    });

    test("a room's name may be any text", async (t) => {
      const [ana] = await people(t, 1);
      for (const room of [`größe 🚀 ${freshRoom()}`, `/${freshRoom()}`, `${freshRoom()},[]`, " "]) {
        await ana.call("join", room);
        await ana.call("room message", { room, text: "here" });
        assert.equal((await ana.next("room message"))[0].room, room);
        await ana.call("leave", room);
      }
    });

    test("each client has a room that is named after its id", async (t) => {
      const [ana, bo] = await people(t, 2);
      await ana.call("room message", { room: bo.id, text: "just you" });
      assert.equal((await bo.next("room message"))[0].text, "just you");
      await settled(ana);
      assert.equal(ana.untaken("room message"), 0);
    });

    test("the counter in the background ticks", async (t) => {
      const [ana] = await people(t, 1);
      const [first] = await ana.next("tick");
      const [second] = await ana.next("tick");
      assert.equal(second, first + 1);
    });
  });

  onEveryTransport("the notes namespace", (transports) => {
    const enter = (t, name) => connect(t, `${server.url}/notes`, { transports, auth: { name } });

    for (const [who, auth] of [["nobody", undefined], ["an empty name", { name: " " }]]) {
      test(`refuses ${who} with a message and data`, async (t) => {
        const client = open(t, `${server.url}/notes`, { transports, auth });
        const error = await client.refused();
        assert.equal(error.message, "a name is needed");
        assert.deepEqual(error.data, { field: "name" });
        assert.equal(client.socket.connected, false);
      });
    }

    test("a refused client may try again over the same connection", async (t) => {
      const client = open(t, `${server.url}/notes`, { transports, auth: {} });
      await client.refused();
      client.socket.auth = { name: "ada" };
      client.socket.connect();
      await client.next("notes");
      assert.ok(client.socket.connected);
    });

    test("a note is acknowledged with its number and shown to everybody", async (t) => {
      const [ada, bo] = [await enter(t, "ada"), await enter(t, "bo")];
      const [id] = await ada.call("add", "buy milk");
      assert.ok(Number.isInteger(id));
      for (const client of [ada, bo]) {
        assert.deepEqual(await client.next("added"), [{ id, by: "ada", text: "buy milk" }]);
      }
    });

    test("a client that enters receives the notes so far", async (t) => {
      const ada = await enter(t, "ada");
      const [id] = await ada.call("add", "for later");
      const bo = await enter(t, "bo");
      const [notes] = await bo.next("notes");
      assert.deepEqual(notes.at(-1), { id, by: "ada", text: "for later" });
    });

    test("the notes can be cleared", async (t) => {
      const ada = await enter(t, "ada");
      await ada.call("add", "soon gone");
      await ada.call("clear all");
      assert.deepEqual(await ada.next("cleared"), ["ada"]);
      const bo = await enter(t, "bo");
      assert.deepEqual(await bo.next("notes"), [[]]);
    });
  });
});
