// Two transcripts side by side: what is random is given names, then lines are compared.

const ALPHABET = /^[A-Za-z0-9_-]{20}$/;

/** What comes from the application, with the members of objects in order: tables of Lua have none. */
function ordered(line) {
  const [, before, json, after] =
    /^(.*?42)(\["echo",.*?\])($|<1e>.*)/s.exec(line) ??
    /^(.*44\/[^,]*,)(\{.*\})()$/.exec(line) ??
    [];
  if (!json?.includes("{")) return line;
  const sort = (_, value) =>
    value?.constructor === Object ? Object.fromEntries(Object.entries(value).sort()) : value;
  return before + JSON.stringify(JSON.parse(json), sort) + after;
}

/** Ids of acknowledgements count up in a namespace, which scenarios share: only that they are the same counts. */
function withoutAckIds(text) {
  const ids = new Map();
  for (const [, id] of text.matchAll(/^ws< text 42(\d+)\["q"/gm)) {
    if (!ids.has(id)) ids.set(id, `<ack ${ids.size + 1}>`);
  }
  const name = (all, before, id, after) => (ids.has(id) ? before + ids.get(id) + after : all);
  return text.replace(/^(ws[<>] (?:text )?4(?:2|3|61-))(\d+)(\[)/gm, name);
}

/** Ids and times by what they are, in order of appearance, so that two runs can be compared. */
export function normalised(lines, given) {
  const text = withoutAckIds(lines.map(ordered).join("\n"));
  const kinds = new Map(given);
  for (const [, what, id] of text.matchAll(/\\?"(sid|pid)\\?":\\?"([^"\\]+)/g)) {
    if (kinds.has(id) || id.startsWith("custom-") || id.includes("#")) continue;
    kinds.set(id, ALPHABET.test(id) ? what : `odd ${what}`);
  }
  const names = new Map();
  const counts = {};
  for (const [id, kind] of kinds)
    names.set(id, `<${kind} ${(counts[kind] = (counts[kind] ?? 0) + 1)}>`);
  let result = text;
  for (const [id, name] of [...names].sort(([a], [b]) => b.length - a.length)) {
    result = result.replaceAll(id, name);
  }
  return result
    .replace(/^(<\s+date:) .* GMT$/gm, "$1 <date>")
    .replace(/^(<\s+sec-websocket-extensions: [^;]*; )(.*)$/gm, (_, name, parameters) =>
      name.concat(parameters.split("; ").sort().join("; ")),
    )
    .replace(/; Expires=\w{3}, .* GMT/g, (one) => (one.includes("2030") ? one : "; Expires=<date>"))
    .split("\n");
}

/** The lines that only one of two lists has: [[at, "-" or "+", line], ...]. */
export function difference(a, b) {
  const common = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i][j] =
        a[i] === b[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
    }
  }
  const only = [];
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    if (i < a.length && j < b.length && a[i] === b[j]) (i++, j++);
    else if (j === b.length || (i < a.length && common[i + 1][j] >= common[i][j + 1])) {
      only.push(["-", a[i++]]);
    } else only.push(["+", b[j++]]);
  }
  return only;
}

const matches = (wanted, line) => (wanted instanceof RegExp ? wanted.test(line) : wanted === line);

/** The positions in `only` of each of the lines that `allowed` names, or undefined. */
function positions(only, { reference = [], ours = [] }) {
  const found = [];
  for (const [sign, list] of [
    ["-", reference],
    ["+", ours],
  ]) {
    for (const wanted of list) {
      const at = only.findIndex(
        ([one, line], i) => one === sign && !found.includes(i) && matches(wanted, line),
      );
      if (at < 0) return undefined;
      found.push(at);
    }
  }
  return found;
}

/** What is left of a scenario's differences when those on purpose are taken away; marks these as used. */
export function unexplained(name, only, differences) {
  let left = only;
  for (const one of differences.filter(({ where }) => matches(where, name))) {
    for (let at; left.length && (at = positions(left, one));) {
      one.used = true;
      left = left.filter((_, i) => !at.includes(i));
    }
  }
  return left;
}
