// Packets of Socket.IO, good and bad, by both transports, before and after joining.
const P = (num) => `{"_placeholder":true,"num":${num}}`;

const good = {
  "an event": ['42["echo",1]'],
  "an event without arguments": ['42["echo"]'],
  "an event of a number": ["42[1,2]"],
  "an event that nobody knows": ['42["nobody",1]'],
  "an event in the main namespace by name": ['42/,["echo",1]'],
  "an event with space in its payload": ['42 ["echo",1]', '42[ "echo" , 1 ]'],
  "an event with an id": ['421["ack",1]'],
  "an event with a long id": ['4200012["ack",1]'],
  "an event with an id beyond doubles": ['429007199254740993["ack",1]'],
  "an event with an id that nobody answers": ['425["nobody"]'],
  "an event called error": ['42["error",1]'],
  "an event called connection": ['42["connection",1]', '42["echo",1]'],
  "an event with an empty name": ['42["",1]'],
  "an event of a name of Lua": ['42["__index",1]', '42["constructor",1]', '42["__proto__",1]'],
  "an event with a placeholder": [`42["echo",${P(0)}]`],
  "an answer that nobody waits for": ["4312[1]"],
  "an answer without an id": ["43[1]"],
  "values of all kinds": [
    '42["echo",null,true,false,0,-0,1.5,1e21,1e-7,"",[],{},[[]],{"a":[1,{"b":null}]}]',
  ],
  "large numbers": ['42["echo",9007199254740993,1e400,0.1,123456789012345680000,5e-324,1e308]'],
  "strings of all kinds": [
    '42["echo","\\u0000\\u001f\\"\\\\\\/\\b","€😀","\\ud83d\\ude00","\\u2028/"]',
  ],
  "half a surrogate pair": ['42["echo","\\ud800"]'],
  "names of objects": ['42["echo",{"":1,"a b":2,"€":3,"1":4}]'],
  "a name twice": ['42["echo",{"a":1,"a":2}]'],
  "a leave": ["41", "40"],
  "a leave by name": ["41/,", "40"],
};

const bad = {
  "no array": ["42{}"],
  "no name": ["42[]"],
  "a name of null": ["42[null]"],
  "a name of true": ["42[true]"],
  "a name of an object": ['42[{"toString":"a"}]'],
  "no payload": ["42"],
  "an id alone": ["4212"],
  "something after the payload": ['42["echo"]x'],
  "a negative id": ['42-1["echo"]'],
  "a fractional id": ['421.5["echo"]'],
  "spaces in an id": ['421 2["ack"]'],
  "an unknown type": ["47"],
  "no type": ["4"],
  letters: ["4abc"],
  "a payload cut short": ['42["echo"'],
  "a payload of text": ['42"echo"'],
  "a payload of single quotes": ["42['echo']"],
  "a trailing comma": ['42["echo",]'],
  "a raw control character": ['42["echo","\t"]'],
  "a number with a leading zero": ['42["echo",01]'],
  NaN: ['42["echo",NaN]'],
  "the name connect": ['42["connect"]'],
  "the name connect_error": ['42["connect_error"]'],
  "the name disconnect": ['42["disconnect"]'],
  "the name disconnecting": ['42["disconnecting"]'],
  "the name newListener": ['42["newListener"]'],
  "the name removeListener": ['42["removeListener"]'],
  "a second connect": ["40"],
  "a second connect by name": ["40/,"],
  "a connect error": ['44{"message":"x"}'],
  "an event to a namespace not joined": ['42/one,["echo",1]'],
  "an event to an unknown namespace": ['42/none,["echo",1]'],
  "an answer to a namespace not joined": ["43/one,1[]"],
  "a leave of a namespace not joined": ["41/one,"],
  "a leave with a payload": ["41{}"],
  "an answer that is no array": ["431{}"],
  "a connect of an array": ["40/one,[]"],
  "a connect of null": ["40/one,null"],
  "a connect of a string": ['40/one,"a"'],
  "a connect of a number": ["40/one,1"],
  "attachments without a number": ["45-[1]"],
  "attachments without a dash": ["451["],
  "attachments with a fraction": ["451.5-[]"],
  "no attachments": ['450-["echo"]'],
  "eleven attachments": ['4511-["echo"]'],
  "negative attachments": ['45-1-["echo"]'],
  "attachments as 1e1": ['451e1-["echo"]'],
  "text instead of an attachment": [`451-["echo",${P(0)}]`, '42["echo",1]'],
  "an attachment that nobody waits for": [Buffer.from([1])],
  "an attachment too many": [`451-["echo",${P(0)}]`, Buffer.from([1]), Buffer.from([2])],
  "a placeholder out of range": [`451-["echo",${P(1)}]`, Buffer.from([1])],
  "a negative placeholder": [`451-["echo",${P(-1)}]`, Buffer.from([1])],
  "a placeholder of text": [`451-["echo",${P('"splice"')}]`, Buffer.from([1])],
  "a placeholder of a fraction": [`451-["echo",${P(0.5)}]`, Buffer.from([1])],
};

const binary = {
  "one attachment": [`451-["echo",${P(0)}]`, Buffer.from([1, 2])],
  "two attachments": [`452-["echo",{"a":[${P(0)},${P(1)}]}]`, Buffer.from([1]), Buffer.from([2])],
  "attachments in another order": [
    `452-["echo",${P(1)},${P(0)}]`,
    Buffer.from([1]),
    Buffer.from([2]),
  ],
  "an attachment twice": [`451-["echo",${P(0)},${P(0)}]`, Buffer.from([1])],
  "an attachment that is not used": ['451-["echo",1]', Buffer.from([1])],
  "an empty attachment": [`451-["echo",${P(0)}]`, Buffer.alloc(0)],
  "an attachment with an id": [`451-7["ack",${P(0)}]`, Buffer.from([1, 2])],
  "ten attachments": [
    `4510-["echo",${[...Array(10).keys()].map(P)}]`,
    ...Array.from({ length: 10 }, (_, i) => Buffer.from([i])),
  ],
  "a binary answer": [`461-5[${P(0)}]`, Buffer.from([1])],
};

const early = {
  "an event": '42["echo",1]',
  "an answer": "431[]",
  "a leave": "41",
  "a connect error": '44{"message":"x"}',
  "something bad": "4x",
  binary: Buffer.from([1]),
};

const connects = {
  "with an object": '40{"a":1}',
  "with an empty object": "40{}",
  "with an id": "4012{}",
  "with an array": "40[]",
  "with null": "40null",
  "with text": '40"x"',
  "with a number": "401",
  "with something broken": "40{",
  "by name": "40/,",
  "by name without a comma": "40/",
  "to another namespace": "40/one,",
  "to another namespace without a comma": "40/one",
  "to another namespace with an object": '40/one,{"b":2}',
  "to a namespace named without a slash": "40/two,",
  "to an unknown namespace": "40/none,",
  "to an unknown namespace with a query": "40/one?a=b,",
  "to a namespace of many levels": "40/one/two,",
};

const part = (packet) => (typeof packet === "string" ? packet : `b${packet.toString("base64")}`);

/** Sends packets one by one: each has been dealt with when the next goes out. */
async function send(ws, packets) {
  for (const packet of packets) {
    if (typeof packet === "string") await ws.text(packet);
    else await ws.binary(packet);
    await ws.scenario.settled();
  }
}

export const scenarios = (add) => {
  for (const [name, packets] of Object.entries({ ...good, ...binary })) {
    add(`${name}, WebSocket`, "plain", async (s) => {
      const ws = await s.client();
      await send(ws, packets);
    });
    add(`${name}, polling`, "plain", async (s) => {
      const session = await s.polling();
      await session.ask("40");
      await session.post(packets.map(part));
      await s.settled();
      await session.ask(name.startsWith("a leave") ? '42["facts"]' : '42["echo","after"]');
    });
  }
  for (const [name, packets] of Object.entries(bad)) {
    add(`bad: ${name}, WebSocket`, "plain", async (s) => {
      const ws = await s.client();
      await send(ws, packets);
    });
    add(`bad: ${name}, polling`, "plain", async (s) => {
      const session = await s.polling();
      await session.ask("40");
      const poll = await session.poll();
      await session.post(packets.map(part));
      await poll.now();
    });
  }
  for (const [name, packet] of Object.entries(early)) {
    add(`before joining: ${name}`, "plain", async (s) => {
      const ws = await s.engine();
      await send(ws, [packet]);
      await ws.ends();
      await s.hears("engine close");
    });
  }
  for (const [name, packet] of Object.entries(connects)) {
    add(`joining ${name}`, "plain", async (s) => {
      const ws = await s.engine();
      await send(ws, [packet]);
      await ws.rest();
      await send(ws, ['42["facts"]']);
      await ws.rest();
      await send(ws, ['42/one,["facts"]']);
    });
  }
};
