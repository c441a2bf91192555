// A client in JavaScript that talks in a room and counts: node client.mjs URL NAME ROOM MESSAGES
//
// Prints `joined`; says its messages when it reads a line with the number of messages that everybody in the room will say
// together; prints what it has counted as JSON when all of them have come, and disconnects.
import { once } from "node:events";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(new URL("../interop/js/package.json", import.meta.url));
const { io } = require("socket.io-client");

const [url, name, room, messages] = process.argv.slice(2);
const counted = { connected: 0, sent: {}, acknowledged: 0, received: {} };
const input = createInterface({ input: process.stdin });

const socket = io(url, { auth: { name }, reconnection: false });
socket.on("connect", () => counted.connected++);
socket.onAny((event) => (counted.received[event] = (counted.received[event] ?? 0) + 1));

function emit(event, ...args) {
  counted.sent[event] = (counted.sent[event] ?? 0) + 1;
  socket.emit(event, ...args);
}

async function call(event, ...args) {
  counted.sent[event] = (counted.sent[event] ?? 0) + 1;
  const answer = await socket.timeout(20_000).emitWithAck(event, ...args);
  counted.acknowledged++;
  return answer;
}

await once(socket, "connect");
await call("log in", { name, password: "open sesame" });
await call("join", room);
console.log("joined");

const [expected] = await once(input, "line");
for (let number = 0; number < Number(messages); number++) {
  await call("say", room, `${name} says ${number}`);
}
emit("nobody handles this", 1, 2);
// Events are handled in order: the one before has arrived when this one is acknowledged.
await call("echo", "bye");
// A broken wait ends with the test's own deadline.
while ((counted.received.said ?? 0) < Number(expected)) await once(socket, "said");
console.log(JSON.stringify(counted));
socket.disconnect();
input.close();
