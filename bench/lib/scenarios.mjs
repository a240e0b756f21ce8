// What is measured for the table. Each row: the arguments of sioload, and what the result has to keep to.
//
//   load       arguments of sioload; -t and the like come from who measures
//   app        second argument of the server
//   without    servers that cannot do it
//   figure     which of sioload's figures counts (CPU of the server in microseconds per message)
//   aims       at most so much: `floor` and `node` as a ratio to that server, `value` in the figure's unit,
//              `plain`: what the row of that name costs, and one compression shared by all recipients
const CPU = "server_us_per_msg";

const broadcast = (clients, name, window, aims) => ({
  name: `broadcast 64 B to ${name}, ${window === 1 ? "one at a time" : `${window} under way`}`,
  load: ["fanout", `-c${clients}`, "-s64", `-w${window}`],
  figure: CPU,
  aims,
});

const PLAIN = "broadcast 4 KiB to 1000";

export const SCENARIOS = [
  { name: "echo 64 B", load: ["echo", "-c100", "-s64"], figure: CPU, aims: { floor: 1.3, node: 0.28 } },
  { name: "echo 64 B, 16 outstanding", load: ["echo", "-c100", "-s64", "-w16"], figure: CPU, aims: { node: 0.1 } },
  { name: "echo 16 KiB", load: ["echo", "-c100", "-s16384"], figure: CPU, aims: { floor: 1.5, node: 0.1 } },
  { name: "acknowledgement 64 B", load: ["ack", "-c100", "-s64"], figure: CPU, aims: { node: 0.22 } },
  { name: "binary 1 KiB", load: ["binary", "-c100", "-s1024"], figure: CPU, aims: { node: 0.15 } },
  { name: "long-polling echo 64 B", load: ["polling", "-c100", "-s64"], figure: CPU, aims: { node: 0.2 } },
  { name: "connect, CONNECT, disconnect", load: ["churn", "-c64"], figure: CPU, aims: { node: 0.2 } },
  broadcast(1000, "1000", 4, { floor: 1.25, node: 0.2 }),
  broadcast(1000, "1000", 1, { floor: 1.25 }),
  broadcast(10000, "10 000", 4, { floor: 1.25, node: 0.2 }),
  broadcast(10000, "10 000", 1, { floor: 1.25 }),
  { name: "rooms 64 B, 1000 in 100", load: ["rooms", "-c1000", "-s64", "--rooms", "100"], figure: CPU, aims: { node: 0.3 } },
  { name: PLAIN, load: ["fanout", "-c1000", "-s4096"], figure: CPU, aims: {} },
  {
    name: `${PLAIN}, permessage-deflate`,
    load: ["fanout", "-c1000", "-s4096", "--deflate"],
    app: "deflate",
    without: ["floor", "bun", "uws"],
    figure: CPU,
    aims: { plain: PLAIN },
  },
  {
    name: "idle connection, kB",
    load: ["idle", "-c5000"],
    figure: "kb_per_conn",
    aims: { value: 2, node: 0.12 },
  },
];

// Growth: one thing grows, the figure should not.
const spread = (rooms, members) => {
  const clients = 1000;
  if (rooms === 1) return [`-c${clients}`, "--rooms", "1", "--joined", String(members)];
  return [`-c${clients}`, "--rooms", String(rooms), "--join", String((rooms * members) / clients)];
};

export const GROWTH = [
  {
    name: "CPU per delivery, by recipients",
    unit: "µs",
    points: [10, 100, 1000, 10000],
    connections: true,
    load: (n) => ["fanout", `-c${n}`, "-s64"],
    figure: CPU,
  },
  {
    name: "CPU per message, by connections",
    unit: "µs",
    points: [1, 100, 1000, 10000],
    connections: true,
    load: (n) => ["echo", `-c${n}`, "-s64"],
    figure: CPU,
  },
  {
    name: "Memory per idle connection, by connections",
    unit: "kB",
    points: [1000, 10000, 20000],
    connections: true,
    load: (n) => ["idle", `-c${n}`],
    figure: "kb_per_conn",
  },
  {
    name: "CPU per delivery to a room of 4, by rooms",
    unit: "µs",
    points: [1, 1000, 100000],
    load: (n) => ["rooms", "-w1", "-s64", ...spread(n, 4)],
    figure: CPU,
  },
  {
    name: "CPU per join or leave, by rooms",
    unit: "µs",
    points: [1, 1000, 100000],
    load: (n) => ["joins", ...(n === 1 ? ["-c1000", "--rooms", "1"] : spread(n, 4))],
    figure: CPU,
  },
];

// Latency of some clients while others keep the server busy. What the slow readers are sent in `seconds` stays
// below what a server may hold back for a client.
export const VICTIMS = ["echo", "-c20", "-s64", "-r1000", "-w1024"];

export const NOISE = [
  { name: "nobody else", load: null },
  {
    name: "100 slow readers of a broadcast",
    load: (seconds) => {
      const rate = Math.floor(3e6 / 4096 / seconds);
      return ["rooms", "-c101", "--rooms", "1", "-s4096", `-r${rate}`, "-w60000", "--read-rate", "100000"];
    },
  },
  {
    name: "bursts of 1000 messages, 10 a second",
    load: () => ["echo", "-c10", "-s64", "-r10000", "--burst", "1000"],
  },
  { name: "messages of 1 MB, 20 a second", load: () => ["echo", "-c4", "-s999900", "-r20"] },
];
