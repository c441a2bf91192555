// The view of the chat: conversations, people, notices and the log of events. It does not use Socket.IO.

const KEPT = 200;

export const $ = (id) => document.getElementById(id);

export function element(tag, text, properties = {}) {
  return Object.assign(document.createElement(tag), { textContent: text }, properties);
}

function clock() {
  return new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

/** Adds a row at the end; the list stays at its end if it was there. */
function append(list, row) {
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  list.append(row);
  while (list.children.length > KEPT) list.firstChild.remove();
  if (atEnd) list.scrollTop = list.scrollHeight;
}

/** Calls `action` with the pressed button instead of loading another page. */
export function onSubmit(id, action) {
  $(id).onsubmit = (event) => {
    event.preventDefault();
    action(event.submitter ?? event.target.querySelector("button"));
  };
}

// Conversations: one with everybody, whose name is empty, and one for each room.

export const EVERYBODY = "";

const channels = new Map();
// Apart from the channels: the list of a room's members may come before the acknowledgement that opens its channel.
const membersOf = new Map();
let current;

export function openChannel(room) {
  if (!channels.has(room)) channels.set(room, { rows: [], unread: 0 });
  showChannel(room);
}

export function closeChannel(room) {
  channels.delete(room);
  membersOf.delete(room);
  if (current === room) showChannel(EVERYBODY);
  else showTabs();
}

export function showChannel(room) {
  current = room;
  const channel = channels.get(room);
  channel.unread = 0;
  $("channel-title").textContent = room || "Everybody";
  $("text").placeholder = room ? `Message ${room}` : "Message everybody";
  $("wave").hidden = Boolean(room);
  $("room-actions").hidden = !room;
  $("transcript").dataset.empty = room
    ? "No messages yet. Members of this room receive the messages that are sent after they have joined."
    : "No messages yet. Open this page in another tab or on another device, and say something.";
  $("transcript").replaceChildren(...channel.rows);
  $("transcript").scrollTop = $("transcript").scrollHeight;
  showTabs();
  showMembers();
}

export const currentChannel = () => current;
export const rooms = () => [...channels.keys()].filter((room) => room !== EVERYBODY);

function showTabs() {
  $("channels").replaceChildren(...[...channels].map(([room, { unread }]) => {
    const button = element("button", "", { type: "button", onclick: () => showChannel(room) });
    button.append(element("span", room || "Everybody"));
    if (unread > 0) button.append(element("span", unread, { className: "unread", title: "unread messages" }));
    if (room === current) button.setAttribute("aria-current", "true");
    const tab = element("li", "");
    tab.append(button);
    return tab;
  }));
  $("channels").querySelector("[aria-current]").scrollIntoView({ block: "nearest", inline: "nearest" });
}

function add(room, row, isUnread) {
  const channel = channels.get(room);
  if (!channel) return;
  channel.rows.push(row);
  if (channel.rows.length > KEPT) channel.rows.shift();
  if (room === current) append($("transcript"), row);
  else if (isUnread) {
    channel.unread += 1;
    showTabs();
  }
}

export function addMessage(room, who, text, isOwn) {
  const row = element("li", "", { className: isOwn ? "message own" : "message" });
  const head = element("small", "");
  if (!isOwn) head.append(element("b", who));
  head.append(element("time", clock()));
  row.append(head, element("p", text));
  add(room, row, true);
}

/** A line about the room rather than in it. */
export function addEvent(room, text) {
  add(room, element("li", `${text} · ${clock()}`, { className: "event" }), false);
}

// People

const names = new Map();
let self;

export const nameOf = (id) => names.get(id) ?? "somebody";

/** Takes the whole list, by id, and one's own id. */
export function setPeople(people, ownId) {
  self = ownId;
  names.clear();
  for (const [id, name] of Object.entries(people)) names.set(id, name);
  showPeople();
}

/** Returns the name that the person had before. */
export function setName(id, name) {
  const before = names.get(id);
  names.set(id, name);
  showPeople();
  return before;
}

export function removePerson(id) {
  names.delete(id);
  showPeople();
}

export function setMembers(room, ids) {
  membersOf.set(room, ids);
  showMembers();
}

function showPeople() {
  $("people").replaceChildren(...[...names].map(([id, name]) => element("li", name, { className: id === self ? "self" : "" })));
  if (names.has(self) && document.activeElement !== $("name")) $("name").value = names.get(self);
  showMembers();
}

function showMembers() {
  const members = current ? membersOf.get(current) ?? [] : [...names.keys()];
  const known = members.filter((id) => names.has(id));
  $("members").textContent = known.length === 0 ? "" : known.length === 1 ? "only you" : `${known.length} people`;
  $("members").title = known.map(nameOf).join(", ");
}

// The log of events

export function log(kind, event, ...details) {
  const row = element("li", "");
  row.dataset.kind = kind;
  const body = element("span", "");
  const shown = details.filter((detail) => detail !== undefined);
  body.append(element("b", event), ` ${shown.map((detail) => (kind === "state" && typeof detail === "string" ? detail : JSON.stringify(detail))).join(" ")}`);
  const title = { sent: "sent", received: "received", answer: "acknowledged", state: "connection" }[kind];
  const arrow = element("i", { sent: "→", received: "←", answer: "↩", state: "·" }[kind], { title });
  row.append(element("time", new Date().toLocaleTimeString([], { hour12: false })), arrow, body);
  append($("log"), row);
}

$("clear-log").onclick = () => $("log").replaceChildren();

// Views: on a narrow screen one at a time, and what is folded there is open on a wide one.

for (const button of document.querySelectorAll("[data-show]")) {
  button.onclick = () => {
    document.body.dataset.view = button.dataset.show;
    for (const each of document.querySelectorAll("[data-show]")) each.setAttribute("aria-pressed", each === button);
    for (const list of [$("transcript"), $("log")]) list.scrollTop = list.scrollHeight;
  };
}

const wide = matchMedia("(min-width: 700px)");
const unfold = () => { $("people-panel").open = wide.matches; };
wide.addEventListener("change", unfold);
unfold();

document.addEventListener("click", ({ target }) => {
  if (!wide.matches && !$("people-panel").contains(target)) $("people-panel").open = false;
});
