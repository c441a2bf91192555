// Random packets through the server, encoded and decoded by the official parsers: engine.io-parser and socket.io-parser. A run repeats
// with PARSER_SEED.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createRequire } from "node:module";
import { Decoder, Encoder, PacketType } from "socket.io-parser";
import { conformance } from "../support/server.js";
import { Polling, Wire } from "../support/wire.js";

// A dependency of engine.io-client.
const require = createRequire(createRequire(import.meta.url).resolve("engine.io-client"));
const { encodePayload, decodePayload } = require("engine.io-parser");

const seed = Number(process.env.PARSER_SEED ?? Date.now() % 1_000_000);
const ROUNDS = 300;

// mulberry32
let state = seed;
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
}
const below = (end) => Math.floor(random() * end);
const pick = (...values) => values[below(values.length)];

const TEXTS = ["", "a", "\u0000", "\u001e", "é☃", "😀", "\u2028\u2029", "\"\\/\b\f\n\r\t", "b", "0", "-", "[", "/chat,", "_placeholder", "\ufeff", "x".repeat(3_000)];
const NUMBERS = [0, 1, -1, 1.5, -0.25, 1e21, 1e-7, 5e-324, 1.7976931348623157e308, 2 ** 53 - 1, -(2 ** 53) + 1, 4294967296];

const text = () => Array.from({ length: below(4) }, () => pick(...TEXTS)).join("");
const bytes = () => Buffer.from(Array.from({ length: pick(0, 1, 2, 3, 4, 257) }, () => below(256)));

/** A value of JSON, with at most `binary.left` values of binary data at any depth. */
function value(depth, binary) {
  switch (below(depth > 0 ? 9 : 6)) {
    case 0: return null;
    case 1: return random() < 0.5;
    case 2: return pick(...NUMBERS);
    case 3:
      if (binary.left > 0) {
        binary.left -= 1;
        return bytes();
      }
      return pick(...NUMBERS);
    case 4: case 5: return text();
    case 6: return Array.from({ length: below(4) }, () => value(depth - 1, binary));
    default: {
      const object = Object.fromEntries(Array.from({ length: below(4) }, () => [text(), value(depth - 1, binary)]));
      // The parser itself refuses such an object in a packet with binary data ("illegal attachments"), and so does the server.
      if (object._placeholder === true) object._placeholder = "true";
      return object;
    }
  }
}

let server;
before(async () => { server = await conformance(); });
after(() => server?.stop());

const encode = (packets) => new Promise((resolve) => encodePayload(packets, resolve));

describe(`random packets (PARSER_SEED=${seed})`, () => {
  test("payloads of engine.io-parser are echoed as it decodes them", async () => {
    const session = await Polling.open(server.url);
    for (let round = 0; round < ROUNDS / 10; round += 1) {
      // U+001E separates packets, so that no text of a payload has it.
      const message = () => (random() < 0.3 ? bytes() : text().replaceAll("\u001e", ""));
      const sent = Array.from({ length: 1 + below(12) }, message);
      const posted = await session.post(await encode(sent.map((data) => ({ type: "message", data }))));
      assert.equal(posted.status, 200);
      await posted.text();
      const received = [];
      while (received.length < sent.length) {
        const payload = await (await session.get()).text();
        for (const packet of decodePayload(payload, "nodebuffer")) {
          if (packet.type === "ping") await session.send("3");
          else received.push(packet.data ?? ""); // of an empty text, the parser returns none
        }
      }
      assert.deepEqual(received, sent);
    }
  });

  test("packets of socket.io-parser come back as they were sent", async (t) => {
    const wire = await Wire.connect(t, server.url);
    const encoder = new Encoder();
    for (let id = 0; id < ROUNDS; id += 1) {
      const binary = { left: pick(0, 0, 1, 3, 10) };
      const values = Array.from({ length: below(4) }, () => value(4, binary));
      const packet = { type: PacketType.EVENT, nsp: "/", id, data: ["message-with-ack", ...values] };
      wire.send(...encoder.encode(packet).map((frame) => (typeof frame === "string" ? `4${frame}` : frame)));
      const decoder = new Decoder();
      let decoded;
      decoder.on("decoded", (packet) => { decoded = packet; });
      while (!decoded) {
        const frame = await wire.next();
        decoder.add(typeof frame === "string" ? frame.slice(1) : frame);
      }
      assert.equal(decoded.id, id);
      assert.deepEqual(decoded.data, values, JSON.stringify(values));
    }
  });
});
