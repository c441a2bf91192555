// Wrong clients, each with the expected message of the compiler.
export const cases = [
  ["an argument of another type", 'chat.emit("join", 7, () => {});', /'number' is not assignable to parameter of type 'string'/],
  ["a missing argument", "chat.emit(\"join\");", /Expected 3 arguments, but got 1/],
  ["an argument too many", 'job.emit("refresh", 1);', /Expected 1 arguments, but got 2/],
  ["an event that nobody handles", 'chat.emit("jion", "lobby", () => {});', /'"jion"' is not assignable/],
  ["an event of another namespace", 'main.emit("join", "lobby", () => {});', /'"join"' is not assignable/],
  ["an unknown word of an enum", 'chat.emit("post", { room: "a", text: "b", urgency: "later" }, () => {});', /'"later"' is not assignable/],
  ["a missing field", 'chat.emit("post", { room: "a" }, () => {});', /Property 'text' is missing/],
  ["an acknowledgement that is used as another type", 'const n: string = await job.emitWithAck("parts", 1);', /'Part' is not assignable to type 'string'/],
  ["a failure that is not handled", 'const n: number = await chat.emitWithAck("join", "a");', /'number \| EventError' is not assignable to type 'number'/],
  ["an event that is never received", 'chat.on("chat massage", () => {});', /'"chat massage"' is not assignable/],
  ["an argument that is received as another", 'chat.on("presence", (name: number) => {});', /Type 'string' is not assignable to type 'number'/],
  ["an acknowledgement of another type", 'chat.on("still there?", (ack) => ack("yes"));', /'string' is not assignable to parameter of type 'boolean'/],
  ["an auth without its fields", 'const auth: ChatAuth = { name: "ana" };', /Property 'token' is missing/],
  ["a namespace whose parameter is not a number", 'const path: JobIdPath = "/job/x";', /'"\/job\/x"' is not assignable/],
];

export const head = `import type { Socket } from "socket.io-client";
import type { ChatAuth, ChatClientToServerEvents, ChatServerToClientEvents, ClientToServerEvents, JobIdClientToServerEvents, JobIdPath, JobIdServerToClientEvents, ServerToClientEvents } from "./events.js";
declare const main: Socket<ServerToClientEvents, ClientToServerEvents>;
declare const chat: Socket<ChatServerToClientEvents, ChatClientToServerEvents>;
declare const job: Socket<JobIdServerToClientEvents, JobIdClientToServerEvents>;
export {};
`;
