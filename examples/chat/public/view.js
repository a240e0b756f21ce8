// What is seen. Text from people reaches the page as text alone (textContent), never as markup.

const LOG_LIMIT = 500; // lines kept in a conversation
const SAME_BREATH = 300; // seconds within which messages of one person share a head

const $ = (id) => document.getElementById(id);
const app = $("app");
let actions;

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// --- names and times ---

function avatar(nick) {
  let hue = 0;
  for (const character of nick) hue = (hue * 31 + character.codePointAt(0)) % 360;
  const textContent = [...nick][0].toUpperCase();
  const made = element("span", { className: "avatar", ariaHidden: "true", textContent });
  made.style.setProperty("--hue", hue);
  return made;
}

function nameOf(nick) {
  return element("bdi", { textContent: nick });
}

function timeOf(seconds) {
  const date = new Date(seconds * 1000);
  const isToday = date.toDateString() === new Date().toDateString();
  const style = isToday ? { timeStyle: "short" } : { dateStyle: "short", timeStyle: "short" };
  return element("time", {
    dateTime: date.toISOString(),
    title: date.toLocaleString(),
    textContent: date.toLocaleString(undefined, style),
  });
}

function badge(count) {
  const made = element("span", { className: "badge", textContent: count });
  made.append(element("span", { className: "unseen", textContent: " unread" }));
  return made;
}

// --- the log of a conversation ---

export function newLog(name) {
  const ariaLabel = `Messages in ${name}`;
  const log = element("div", { className: "log", hidden: true, tabIndex: 0, ariaLabel });
  log.setAttribute("role", "log");
  log.addEventListener("scroll", () => {
    if (isAtEnd(log)) $("jump").hidden = true;
  });
  $("logs").append(log);
  return log;
}

function isAtEnd(log) {
  return log.scrollHeight - log.scrollTop - log.clientHeight < 60;
}

function scrollToEnd(log) {
  log.scrollTop = log.scrollHeight;
  $("jump").hidden = true;
}

function append(log, line, follow) {
  const stay = !follow && !isAtEnd(log);
  log.append(line);
  if (log.children.length > LOG_LIMIT) log.firstElementChild.remove();
  if (log.hidden) return;
  if (stay) $("jump").hidden = false;
  else scrollToEnd(log);
}

export function addMessage(log, { from, text, time }, mine) {
  const last = log.lastElementChild?.dataset;
  const line = element("div", { className: mine ? "message mine" : "message" });
  Object.assign(line.dataset, { from, time });
  if (last?.from === from && time - last.time < SAME_BREATH) {
    line.classList.add("more");
    line.append(element("span", { className: "unseen", textContent: `${from}: ` }));
  } else {
    const author = mine
      ? element("span", { textContent: "You" })
      : element("button", { type: "button", title: `Write to ${from} alone` }, nameOf(from));
    author.className = "author";
    if (!mine) author.addEventListener("click", () => act("writeTo", from));
    line.append(avatar(from), element("p", { className: "head" }, author, timeOf(time)));
  }
  const { title } = timeOf(time);
  line.append(element("p", { className: "text", dir: "auto", textContent: text, title }));
  append(log, line, mine);
}

export function addNotice(log, text) {
  const line = element("div", { className: "notice" }, element("bdi", { textContent: text }), " ");
  line.append(timeOf(Date.now() / 1000));
  append(log, line);
}

export function showLog(log) {
  for (const other of $("logs").children) other.hidden = other !== log;
  scrollToEnd(log);
  openPanel(null);
  focusText();
}

$("jump").addEventListener("click", () => {
  const log = $("logs").querySelector(".log:not([hidden])");
  scrollToEnd(log);
  log.focus();
});

// --- lists ---

// Keeps the focus on the entry that has it, although all are made anew.
function fill(list, entries) {
  const focused = list.contains(document.activeElement) && document.activeElement.dataset.key;
  list.replaceChildren(...entries);
  if (focused) list.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

function entry(key, selected, action, ...children) {
  const button = element("button", { type: "button" }, ...children);
  button.dataset.key = key;
  if (selected) button.setAttribute("aria-current", "true");
  button.addEventListener("click", action);
  return element("li", {}, button);
}

function roomEntry(id, count, talk, current) {
  const how = talk ? "" : " not-joined";
  const hint = element("span", { className: "unseen", textContent: talk ? " here" : " there, join" });
  const detail = element("span", { className: "count" }, String(count), hint);
  const made = entry(id, talk && talk === current, () => act("openRoom", id),
    element("span", { className: `name${how}`, textContent: id }), detail);
  if (talk?.unread) made.firstChild.append(badge(talk.unread));
  return made;
}

function privateEntry(talk, current) {
  const made = entry(talk.id, talk === current, () => act("writeTo", talk.name),
    avatar(talk.name), nameOf(talk.name));
  if (talk.unread) made.firstChild.append(badge(talk.unread));
  return made;
}

export function showConversations(people, talks, current) {
  const byId = new Map(talks.map((talk) => [talk.id, talk]));
  const privates = talks.filter(({ id }) => id.startsWith("@"));
  fill(
    $("rooms"),
    [...people].map(([id, nicks]) => roomEntry(id, nicks.length, byId.get(id), current)),
  );
  fill($("privates"), privates.map((talk) => privateEntry(talk, current)));
  $("privates-section").hidden = privates.length === 0;
  if (current) showHead(people, talks, current);
}

function showHead(people, talks, current) {
  const isRoom = current.id.startsWith("#");
  const isHere = [...people.values()].some((nicks) => nicks.includes(current.name));
  const count = people.get(current.id)?.length ?? 0;
  $("title").replaceChildren(nameOf(current.name));
  $("subtitle").textContent = isRoom
    ? `${count} ${count === 1 ? "person" : "people"}`
    : `private, ${isHere ? "online" : "not online"}`;
  $("text").placeholder = `Write to ${current.name}`;
  $("leave").hidden = current.id === "#lobby";
  $("leave").textContent = isRoom ? "Leave" : "Close";
  app.classList.toggle("private", !isRoom);
  const unread = talks.reduce((sum, talk) => sum + talk.unread, 0);
  $("unread-elsewhere").textContent = unread;
  $("unread-elsewhere").hidden = unread === 0;
  document.title = `${unread ? `(${unread}) ` : ""}${current.name} · Lua chat`;
}

export function showPeople(nicks, mine) {
  const sorted = [...nicks].sort((a, b) => a.localeCompare(b));
  fill($("people"), sorted.map((nick) => {
    if (nick === mine) {
      return element("li", { className: "person" }, avatar(nick), nameOf(nick), " (you)");
    }
    const made = entry(nick, false, () => act("writeTo", nick), avatar(nick), nameOf(nick));
    made.firstChild.title = `Write to ${nick} alone`;
    return made;
  }));
}

export function showTyping(nicks) {
  const who = nicks.length < 3 ? nicks.join(" and ") : "Several people";
  $("typing").textContent = who && `${who} ${nicks.length === 1 ? "is" : "are"} typing…`;
}

export function showMe(nick) {
  $("me").replaceChildren(avatar(nick), nameOf(nick));
  $("sign-out").hidden = false;
  if ($("enter").open) $("enter").close();
}

export function showConnection(state, text) {
  $("connection").dataset.state = state;
  $("connection").textContent = text;
}

// --- what the user does ---

async function act(name, ...args) {
  $("problem").textContent = "";
  try {
    await actions[name](...args);
    return true;
  } catch (problem) {
    $("problem").textContent = problem.message;
    return false;
  }
}

export function askNick(nick, problem = "") {
  $("nick-problem").textContent = problem;
  if ($("enter").open) return;
  if (nick) $("nick").value = nick;
  $("enter").showModal();
}

$("enter").addEventListener("cancel", (event) => event.preventDefault());
$("enter").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await actions.enter($("nick").value);
    focusText();
  } catch (problem) {
    $("nick-problem").textContent = problem.message;
    $("nick").select();
  }
});

// Not by itself where that would call up a keyboard on the screen.
function focusText() {
  if (matchMedia("(pointer: fine)").matches) $("text").focus();
}

function fitText() {
  $("text").style.height = "auto";
  $("text").style.height = `${$("text").scrollHeight}px`;
}

$("text").addEventListener("input", () => {
  fitText();
  if ($("text").value) actions.typing();
});

$("text").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $("composer").requestSubmit();
});

$("composer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = $("text").value;
  $("text").focus();
  if (!text.trim()) return;
  $("text").value = "";
  fitText();
  if (!(await act("send", text)) && !$("text").value) {
    $("text").value = text; // not lost
    fitText();
  }
});

$("leave").addEventListener("click", () => act("leave"));
$("sign-out").addEventListener("click", () => act("signOut"));
document.addEventListener("visibilitychange", () => actions.seen());

// --- panels of narrow windows ---

function openPanel(id) {
  const before = app.dataset.panel;
  app.dataset.panel = id ?? "";
  for (const opener of document.querySelectorAll("[data-opens]")) {
    opener.ariaExpanded = String(opener.dataset.opens === id);
  }
  document.querySelector("main").inert = Boolean(id);
  if (id) $(id).querySelector("button")?.focus();
  else if (before) document.querySelector(`[data-opens="${before}"]`).focus();
}

for (const opener of document.querySelectorAll("[data-opens]")) {
  opener.addEventListener("click", () => openPanel(opener.dataset.opens));
}
$("backdrop").addEventListener("click", () => openPanel(null));
document.addEventListener("keydown", (event) => event.key === "Escape" && openPanel(null));

export function start(given) {
  actions = given;
}
