// The chat itself: who I am, which conversations there are, and what the server tells of them.
// How that looks is in view.js. A conversation's id is "#room" or "@nickname", as on the server.

import { io } from "/socket.io/socket.io.esm.min.js";
import * as view from "./view.js";

const LOBBY = "#lobby";
const TYPING_TOLD = 1500; // ms between two words to the server that I am typing
const TYPING_SEEN = 3000; // ms for which such a word is believed

const socket = io({ reconnectionDelay: 500, reconnectionDelayMax: 3000 });
const me = recall();
const conversations = new Map();
let people = new Map([[LOBBY, []]]); // room to nicknames, of all rooms there are
let current = null;
let toldTyping = 0;

// --- what outlives the page, in this tab ---

function recall() {
  const stranger = { nick: undefined, key: newKey(), rooms: [] };
  try {
    return { ...stranger, ...JSON.parse(sessionStorage.getItem("chat")) };
  } catch {
    return stranger;
  }
}

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function remember() {
  try {
    sessionStorage.setItem("chat", JSON.stringify(me));
  } catch {
    // Storage is forbidden here: the nickname ends with the page.
  }
}

// --- conversations ---

// Only ASCII letters lose their case, as on the server.
const idOf = (nick) => `@${nick.replace(/[A-Z]/g, (letter) => letter.toLowerCase())}`;

function conversation(id, name = id) {
  let found = conversations.get(id);
  if (!found) {
    found = { id, name, lastId: 0, unread: 0, typing: new Map(), log: view.newLog(name) };
    conversations.set(id, found);
  }
  return found;
}

function show(id) {
  current = conversation(id);
  current.unread = 0;
  view.showLog(current.log);
  refresh();
}

function drop(id) {
  conversations.get(id).log.remove();
  conversations.delete(id);
  me.rooms = me.rooms.filter((room) => room !== id);
  remember();
  show(LOBBY);
}

function refresh() {
  view.showConversations(people, [...conversations.values()], current);
  view.showPeople(people.get(current?.id) ?? [], me.nick);
  view.showTyping([...(current?.typing.keys() ?? [])]);
}

function isSeen(talk) {
  return talk === current && !document.hidden;
}

function receive(talk, message) {
  if (message.id <= talk.lastId) return; // seen before the connection was lost
  talk.lastId = message.id;
  const mine = message.from === me.nick;
  if (!mine && !isSeen(talk)) talk.unread += 1;
  stopTyping(talk, message.from);
  view.addMessage(talk.log, message, mine);
}

// --- asking the server ---

// `use` gets the answer at once, before any event that the server has sent after it.
function ask(event, args, use = (answer) => answer) {
  return new Promise((resolve, reject) => {
    if (!socket.connected) throw new Error("There is no connection at the moment.");
    socket.timeout(10_000).emit(event, ...args, (silence, answer) => {
      if (silence) reject(new Error("The server has not answered."));
      else if (answer?.error) reject(new Error(answer.error));
      else resolve(use(answer));
    });
  });
}

async function enter(nick) {
  me.nick = await ask("enter", [nick, me.key]);
  remember();
  view.showMe(me.nick);
  await join(LOBBY);
  if (!current) show(LOBBY);
  await Promise.allSettled(me.rooms.map(join)); // without those that there are no longer
}

function join(room) {
  return ask("join", [room], (history) => {
    const isNew = !conversations.has(room);
    const talk = conversation(room);
    for (const message of history) receive(talk, message);
    if (isNew) talk.unread = 0; // what was said before I came is not news
    refresh();
  });
}

async function openRoom(room) {
  if (!conversations.has(room)) {
    await join(room);
    me.rooms = [...new Set([...me.rooms, room])];
    remember();
  }
  show(room);
}

function writeTo(nick) {
  conversation(idOf(nick), nick);
  show(idOf(nick));
}

function send(text) {
  toldTyping = 0;
  return ask("message", [current.id, text]);
}

async function leave() {
  const { id } = current;
  if (id.startsWith("#")) await ask("leave", [id]);
  drop(id);
}

// --- who is typing ---

function stopTyping(talk, nick) {
  clearTimeout(talk.typing.get(nick));
  talk.typing.delete(nick);
}

function startTyping(talk, nick) {
  clearTimeout(talk.typing.get(nick));
  const forget = () => {
    stopTyping(talk, nick);
    refresh();
  };
  talk.typing.set(nick, setTimeout(forget, TYPING_SEEN));
  refresh();
}

function typing() {
  const now = Date.now();
  if (now - toldTyping < TYPING_TOLD || !socket.connected) return;
  toldTyping = now;
  socket.volatile.emit("typing", current.id);
}

// --- what the server tells ---

function conversationOf({ from, to }) {
  if (to.startsWith("#") || from === me.nick) return conversations.get(to);
  return conversation(idOf(from), from);
}

socket.on("message", (message) => {
  const talk = conversationOf(message);
  if (talk) receive(talk, message);
  refresh();
});

socket.on("people", (rooms) => {
  const order = ([a], [b]) => (b === LOBBY) - (a === LOBBY) || a.localeCompare(b);
  people = new Map(Object.entries(rooms).sort(order));
  refresh();
});

for (const change of ["joined", "left"]) {
  socket.on(change, (room, nick) => {
    const talk = conversations.get(room);
    if (!talk) return;
    stopTyping(talk, nick);
    view.addNotice(talk.log, `${nick} ${change}`);
  });
}

socket.on("typing", (to, nick) => {
  const talk = conversations.get(to.startsWith("@") ? idOf(nick) : to);
  if (talk) startTyping(talk, nick);
});

// --- the connection ---

let wasConnected = false;
let verb = "connected";

function showTransport() {
  view.showConnection("connected", `${verb} via ${socket.io.engine.transport.name}`);
}

function showRestored() {
  verb = "restored";
  setTimeout(() => {
    verb = "connected";
    if (socket.connected) showTransport();
  }, 5000);
  for (const { log } of conversations.values()) view.addNotice(log, "Connection restored");
}

socket.on("connect", async () => {
  socket.io.engine.on("upgrade", showTransport);
  try {
    if (me.nick) await enter(me.nick);
    else view.askNick();
  } catch (problem) {
    if (!socket.connected) return;
    view.askNick(me.nick, problem.message);
  }
  if (wasConnected) showRestored();
  wasConnected = true;
  if (socket.connected) showTransport();
});

socket.on("disconnect", (reason) => {
  if (reason === "io server disconnect") {
    view.showConnection("lost", "continued in another window");
    return;
  }
  view.showConnection("waiting", "reconnecting…");
  for (const { log } of conversations.values()) view.addNotice(log, "Connection lost");
});

socket.on("connect_error", () => {
  view.showConnection("waiting", wasConnected ? "reconnecting…" : "cannot connect, trying again…");
});

// --- what the user does ---

view.start({
  enter,
  openRoom,
  writeTo,
  send,
  leave,
  typing,
  signOut() {
    Object.assign(me, { nick: undefined, rooms: [] });
    remember();
    socket.disconnect();
    location.reload();
  },
  seen() {
    if (current && !document.hidden) current.unread = 0;
    refresh();
  },
});
