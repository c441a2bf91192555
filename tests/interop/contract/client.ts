// A client that is written against the contract. It exits with 0 if the server does what the types say.
import assert from "node:assert/strict";
import { io, type Socket } from "socket.io-client";
import type {
  Binary, ChatAuth, ChatClientToServerEvents, ChatMessage, ChatServerToClientEvents, ClientToServerEvents, EventError, JobIdClientToServerEvents,
  JobIdPath, JobIdServerToClientEvents, JobState, NewMessage, Part, ServerToClientEvents,
} from "./events.js";

const server = process.argv[2]!;
const auth: ChatAuth = { name: "ana", token: "secret" };
const main: Socket<ServerToClientEvents, ClientToServerEvents> = io(server);
const chat: Socket<ChatServerToClientEvents, ChatClientToServerEvents> = io(`${server}/chat`, { auth });
const path: JobIdPath = "/job/7";
const job: Socket<JobIdServerToClientEvents, JobIdClientToServerEvents> = io(server + path);

// Returns the acknowledgement of an event that did not fail.
function succeeded<T>(reply: T | EventError): T {
  if (typeof reply === "object" && reply !== null && "error" in reply) throw new Error(reply.error);
  return reply;
}

const received: ChatMessage[] = [];
const present: string[] = [];
chat.on("chat message", (message) => received.push(message));
chat.on("presence", (name, isThere) => present.push(`${name} ${isThere}`));
chat.on("still there?", (ack) => ack(true));

const rooms: number = succeeded(await chat.emitWithAck("join", "lobby"));
assert.equal(rooms, 1);

const picture: Binary = new Uint8Array([1, 2, 3]);
const message: NewMessage = { room: "lobby", text: "hello", urgency: "now", picture };
const id: number = succeeded(await chat.emitWithAck("post", message));
assert.equal(id, 3);
assert.deepEqual(received, [{ id: 3, from: "ana", text: "hello", urgency: "now" }]);
assert.deepEqual(present, ["ana true"]);
succeeded(await chat.emitWithAck("post", { room: "lobby", text: "with defaults" }));
assert.equal(received[1]?.urgency, "when-you-have-time");

const isThere: boolean = succeeded(await chat.emitWithAck("wake"));
assert.equal(isThere, true);
const failed = await new Promise<number | EventError>((resolve) => chat.timeout(5000).emit("join", "x".repeat(5000), (_, reply) => resolve(reply)));
assert.ok(typeof failed === "object" && typeof failed.error === "string");

const [sum, mean] = await new Promise<[number, number]>((resolve) => main.emit("sum", 1, 2, 6, (sum, mean) => resolve([sum, mean])));
assert.deepEqual([sum, mean], [9, 3]);

const state = new Promise<JobState>((resolve) => job.on("state", resolve));
job.emit("refresh");
const now = await state;
assert.equal(now.state, "running");
assert.equal(now.state === "running" && now.percent, 7);
const part: Part = await job.emitWithAck("parts", 2);
assert.deepEqual(part, { name: "job 7", parts: [{ name: "level 2", parts: [] }] });
assert.deepEqual((await job.emitWithAck("parts", null)).parts.map(({ name }) => name), ["level 1"]);

for (const socket of [main, chat, job]) socket.disconnect();
console.log("done");
