// The Socket.IO side of the chat: sends events, and passes those of the server to `view.js`, which shows them.
//
// `io` is the official client or the small one of the examples; this script is the same with either.
import {
  $, EVERYBODY, addEvent, addMessage, closeChannel, currentChannel, element, log, nameOf, onSubmit, openChannel, removePerson,
  rooms, setMembers, setName, setPeople, showChannel,
} from "./view.js";

const { io } = globalThis;

// Both share one connection; the first is opened below, the second when its form says so.
const socket = io({ autoConnect: false, auth: (send) => send({ name: sessionStorage.getItem("name") }) });
const notes = io("/notes");

connection();
people();
conversation();
acknowledgements();
board();
socket.connect();

// The connection: its state, its transport, its speed.

function connection() {
  let hasBeenConnected = false;
  let upgradedTo;
  $("client").textContent = io.client ?? "socket.io-client";

  const show = (trouble = "") => {
    const state = socket.connected ? "connected" : socket.active ? "connecting" : "disconnected";
    $("state").textContent = state;
    $("state").dataset.state = state;
    $("sid").textContent = socket.id ?? "–";
    $("transport").textContent = socket.connected ? socket.io.engine.transport.name : "–";
    $("trouble").hidden = trouble === "";
    $("trouble-text").textContent = trouble;
    $("connect").hidden = socket.active;
    for (const controls of document.querySelectorAll("fieldset")) controls.disabled = !socket.connected;
    if (!socket.connected) {
      $("question").hidden = true;
      for (const id of ["online", "tick", "round-trip"]) $(id).textContent = "–";
    }
  };

  // Each connection has an engine of its own, which may upgrade before the namespace is connected.
  socket.io.on("open", () => {
    upgradedTo = undefined;
    socket.io.engine.once("upgrade", ({ name }) => {
      upgradedTo = name;
      if (socket.connected) upgraded();
    });
  });
  const upgraded = () => {
    log("state", "upgraded", `to ${upgradedTo}`);
    show();
    measure();
  };
  socket.on("connect", () => {
    log("state", "connected", `as ${socket.id}, by ${upgradedTo ? "polling" : socket.io.engine.transport.name}`);
    hasBeenConnected = true;
    show();
    if (upgradedTo) upgraded();
    else measure();
  });
  socket.on("disconnect", (reason) => {
    log("state", "disconnected", reason);
    const why = reason === "io server disconnect" ? "The server has disconnected you." : "You are disconnected.";
    show(socket.active ? "Connection lost, trying again …" : why);
  });
  socket.on("connect_error", (error) => {
    if (socket.active) {
      log("state", hasBeenConnected ? "connection lost" : "no connection", `trying again: ${error.message}`);
      show(hasBeenConnected ? "Connection lost, trying again …" : "The server can't be reached, trying again …");
    } else {
      log("state", "refused", error.message, error.data);
      show(`The server has refused the connection: ${error.message}`);
    }
  });

  socket.on("tick", (count) => { $("tick").textContent = count; });
  socket.on("online", (count) => { $("online").textContent = count; });
  const silent = new Set(["tick", "online", "members"]);
  socket.onAny((event, ...args) => {
    if (typeof args.at(-1) === "function") args.pop();
    if (!silent.has(event)) log("received", event, ...args);
  });

  $("connect").onclick = () => { socket.connect(); show(); };
  $("disconnect").onclick = () => socket.disconnect();
  $("disconnect-request").onclick = () => send(socket, "disconnect request");
  setInterval(() => { if (!document.hidden) measure(); }, 3000);
}

async function measure() {
  if (!socket.connected) return;
  const began = performance.now();
  const answered = await socket.emitWithAck("ping time").then(() => true, () => false);
  if (answered) $("round-trip").textContent = `${(performance.now() - began).toFixed(1)} ms`;
}

// Who is here

function people() {
  socket.on("connect", () => socket.emit("people", (all) => setPeople(all, socket.id)));
  socket.on("disconnect", () => setPeople({}));
  socket.on("person", ({ id, name }) => {
    const before = setName(id, name);
    if (id === socket.id) return;
    if (before === undefined) addEvent(EVERYBODY, `${name} has come`);
    else if (before !== name) addEvent(EVERYBODY, `${before} is now ${name}`);
  });
  socket.on("left", (id) => {
    addEvent(EVERYBODY, `${nameOf(id)} has left`);
    removePerson(id);
  });
  onSubmit("rename", async () => {
    $("name").blur();
    const name = await send(socket, "rename", $("name").value);
    if (typeof name === "string") sessionStorage.setItem("name", name);
  });
}

// Messages, to everybody or to a room

function conversation() {
  openChannel(EVERYBODY);

  onSubmit("composer", () => {
    const [room, text] = [currentChannel(), $("text").value];
    if (room === EVERYBODY) send(socket, "broadcast", text);
    else send(socket, "room message", { room, text });
    $("text").value = "";
    $("text").focus();
  });
  socket.on("broadcast", ({ from, text }) => addMessage(EVERYBODY, nameOf(from), text, from === socket.id));
  socket.on("room message", ({ room, from, text }) => addMessage(room, nameOf(from), text, from === socket.id));

  $("wave").onclick = async () => {
    await send(socket, "wave");
    addEvent(EVERYBODY, "You wave 👋");
  };
  socket.on("👋", (id) => addEvent(EVERYBODY, `${nameOf(id)} waves 👋`));

  onSubmit("join-form", async () => {
    const room = $("room").value;
    $("room").value = "";
    if (rooms().includes(room)) showChannel(room);
    else if (Array.isArray(await send(socket, "join", room))) openChannel(room);
    $("people-panel").open &&= matchMedia("(min-width: 700px)").matches;
  });
  $("leave").onclick = async () => {
    const room = currentChannel();
    await send(socket, "leave", room);
    closeChannel(room);
  };
  $("close").onclick = () => send(socket, "close room", currentChannel());
  socket.on("room closed", (room) => {
    closeChannel(room);
    addEvent(EVERYBODY, `The room ${room} was closed`);
  });
  socket.on("members", ({ room, members }) => setMembers(room, members));

  // A new connection is in no room, so the page joins its rooms again.
  socket.on("connect", () => {
    for (const room of rooms()) joinAgain(room);
  });
}

async function joinAgain(room) {
  if (Array.isArray(await send(socket, "join", room))) addEvent(room, "Connected again, and back in this room");
  else closeChannel(room);
}

// Acknowledgements: of the server, and of this page

function acknowledgements() {
  onSubmit("echo-form", () => send(socket, "echo", $("echo").value));

  // The server acknowledges "ask me" when this page has answered the server's question.
  $("ask").onclick = () => send(socket, "ask me");
  socket.on("question", (text, answer) => {
    $("question-text").textContent = text;
    $("question").hidden = false;
    $("answer").value = "";
    $("answer").focus();
    onSubmit("question", () => {
      $("question").hidden = true;
      answer($("answer").value);
      log("answer", "question", $("answer").value);
    });
  });
}

// The struct on /notes, which accepts clients with a name

function board() {
  const show = () => {
    $("board").hidden = !notes.connected;
    $("author").readOnly = notes.active;
    $("enter-button").textContent = notes.active ? "Leave" : "Enter";
  };
  onSubmit("enter", () => {
    $("refusal").hidden = true;
    if (notes.active) notes.disconnect();
    else {
      notes.auth = { name: $("author").value };
      notes.connect();
    }
    show();
  });
  notes.on("connect", () => {
    log("state", "/notes", `entered as ${$("author").value}`);
    $("refusal").hidden = true;
    show();
  });
  notes.on("disconnect", (reason) => { log("state", "/notes", reason); show(); });
  notes.on("connect_error", (error) => {
    // While it is active, the connection was lost: the client tries again, and the top of the page says so.
    if (notes.active) return;
    log("state", "/notes refused", error.message, error.data);
    $("refusal").textContent = error.message;
    $("refusal").hidden = false;
    show();
    if (error.data?.field === "name") $("author").focus();
  });
  notes.onAny((event, ...args) => log("received", `/notes ${event}`, ...args));

  const row = ({ by, text }) => {
    const note = element("li", text);
    note.append(element("small", by));
    return note;
  };
  notes.on("notes", (all) => $("notes").replaceChildren(...all.map(row)));
  notes.on("added", (note) => { $("notes").append(row(note)); $("notes").scrollTop = $("notes").scrollHeight; });
  notes.on("cleared", () => $("notes").replaceChildren());
  onSubmit("add", async () => {
    await send(notes, "add", $("note").value);
    $("note").value = "";
  });
  $("clear").onclick = () => send(notes, "clear all");
}

/** Emits, logs both ways, and resolves with the first argument of the acknowledgement. */
async function send(socket, event, ...args) {
  const label = socket.nsp === "/" ? event : `${socket.nsp} ${event}`;
  log("sent", label, ...args);
  const answer = await new Promise((resolve) => socket.emit(event, ...args, (...answer) => resolve(answer)));
  log("answer", label, ...answer);
  return answer[0];
}
