// Engine.IO's official client under Socket.IO, with packets made by hand.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { event, suite, transportsOf, within } from "./harness.mjs";
import { queued } from "./generations.mjs";

suite("engine", "engine", (server) => {
  for (const [transport, transports] of Object.entries(transportsOf)) {
    describe(transport, () => {
      async function open(options) {
        const client = queued(server.engine({ transports, ...options }));
        await event(client, "open");
        return client;
      }
      const openSocket = async () => {
        const client = await open();
        client.send("0");
        const answer = await client.next();
        assert.match(answer, /^0\{"sid":"[\w-]{20}"\}$/);
        return Object.assign(client, { socketId: JSON.parse(answer.slice(1)).sid });
      };

      describe("under Socket.IO", () => {
        test("an event and its echo", async () => {
          const client = await openSocket();
          client.send('2["echo",1,"two",[3],{"four":null}]');
          assert.equal(await client.next(), '2["echo",1,"two",[3],{"four":null}]');
        });

        test("white space in JSON is allowed, and not sent", async () => {
          const client = await openSocket();
          client.send('2[ "echo" ,\t[ 1 , 2 ],\n{ "a" : 1.50 } ]');
          assert.equal(await client.next(), '2["echo",[1,2],{"a":1.5}]');
        });

        test("escapes are understood", async () => {
          const client = await openSocket();
          client.send('2["echo","\\u017elu\\u0165 \\ud83d\\ude00 \\/ \\u0041"]');
          assert.equal(await client.next(), '2["echo","žluť 😀 / A"]');
          client.send('2["echo","\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u007f\u2028"]');
          assert.equal(
            await client.next(),
            '2["echo","\\"\\\\\\b\\f\\n\\r\\t\\u0001\u007f\u2028"]',
          );
        });

        test("numbers go out as JavaScript writes them, by value", async () => {
          const client = await openSocket();
          const numbers = "0,-1,42,9007199254740991,0.1,1e-7,1.5e+300,123456789012345680";
          client.send(`2["echo",${numbers}]`);
          const echo = JSON.parse((await client.next()).slice(1));
          assert.deepEqual(echo, ["echo", ...JSON.parse(`[${numbers}]`)]);
          client.send('2["echo",1.0,10e2,-0.0,2E3,100]');
          assert.equal(await client.next(), '2["echo",1,1000,0,2000,100]');
        });

        test("acknowledgements keep their number", async () => {
          const client = await openSocket();
          for (const id of ["0", "7", "123456789", "2147483648"]) {
            client.send(`2${id}["ask","x"]`);
            assert.equal(await client.next(), `3${id}["x"]`);
          }
          client.send('25["ask"]');
          assert.equal(await client.next(), "35[]");
        });

        test("attachments follow their packet", async () => {
          const client = await openSocket();
          const bytes = [Buffer.from([1, 2]), Buffer.from("three")];
          const body = '["echo",{"a":{"_placeholder":true,"num":0}},{"_placeholder":true,"num":1}]';
          client.send(`52-${body}`);
          for (const part of bytes) client.send(part);
          assert.equal(await client.next(), `52-${body}`);
          assert.deepEqual([await client.next(), await client.next()], bytes);
        });

        test("an acknowledgement with attachments", async () => {
          const client = await openSocket();
          client.send('51-3["ask",{"num":0,"_placeholder":true}]');
          client.send(Buffer.from("b"));
          assert.equal(await client.next(), '61-3[{"_placeholder":true,"num":0}]');
          assert.deepEqual(await client.next(), Buffer.from("b"));
        });

        test("the main namespace may be named", async () => {
          const client = await openSocket();
          client.send('2/,["echo",1]');
          assert.equal(await client.next(), '2["echo",1]');
        });

        test("acknowledgements nobody waits for are ignored", async () => {
          const client = await openSocket();
          client.send("399[1]");
          client.send('2["echo","on"]');
          assert.equal(await client.next(), '2["echo","on"]');
        });

        test("leaving and joining again", async () => {
          const client = await openSocket();
          const { socketId } = client;
          client.send("1");
          assert.deepEqual(await server.report("disconnect", socketId), [
            socketId,
            "client namespace disconnect",
          ]);
          client.send("0{}");
          assert.match(await client.next(), /^0\{"sid":"[\w-]{20}"\}$/);
          client.send('2["echo","again"]');
          assert.equal(await client.next(), '2["echo","again"]');
        });

        test("an unknown namespace is refused, the connection stays", async () => {
          const client = await openSocket();
          client.send("0/nowhere,");
          assert.equal(await client.next(), '4/nowhere,{"message":"Invalid namespace"}');
          client.send("0/elsewhere");
          assert.equal(await client.next(), '4/elsewhere,{"message":"Invalid namespace"}');
          client.send('2["echo",1]');
          assert.equal(await client.next(), '2["echo",1]');
        });

        const wrong = {
          "no packet type": "x",
          "unknown packet type": "9",
          "broken JSON": '2["echo"',
          "text after JSON": '2["echo"]x',
          "no array": '2{"echo":1}',
          "empty array": "2[]",
          "event name null": "2[null]",
          "event name an object": '2[{"toString":"echo"}]',
          "reserved event name": '2["disconnecting"]',
          "connect with an array": "0[]",
          "connect with a string": '0"x"',
          "disconnect with a payload": "1{}",
          "acknowledgement without array": "30{}",
          "error of the client": '4{"message":"x"}',
          "no attachment count": '5-["echo"]',
          "zero attachments": '50-["echo"]',
          "too many attachments": '511-["echo"]',
        };
        for (const [name, packet] of Object.entries(wrong)) {
          test(`${name} ends the connection`, async () => {
            const client = await openSocket();
            const closed = event(client, "close");
            client.send(packet);
            await closed;
            const [, reason] = await server.report("disconnect", client.socketId);
            assert.match(reason, /^forced (server )?close$/);
          });
        }
      });
    });
  }

  test("a session moves to a WebSocket, by hand", async () => {
    const session = await server.rawPolling();
    const query = `EIO=4&transport=websocket&sid=${session.handshake.sid}`;
    const ws = await server.webSocket({ query });
    const { answer } = await session.poll();
    ws.send("2probe");
    assert.equal(await ws.next(), "3probe");
    assert.equal((await answer).body, "6");
    await session.post('42["echo","by polling"]');
    ws.send("5");
    ws.send('42["echo","by WebSocket"]');
    assert.equal(await ws.next(), '42["echo","by polling"]');
    assert.equal(await ws.next(), '42["echo","by WebSocket"]');
    const late = await session.get();
    assert.deepEqual([late.status, JSON.parse(late.body).code], [400, 3]);
  });

  test("a wrong probe leaves the session as it was", async () => {
    const session = await server.rawPolling();
    const query = `EIO=4&transport=websocket&sid=${session.handshake.sid}`;
    const ws = await server.webSocket({ query });
    ws.send("2wrong");
    await within(ws.closed, "close of the WebSocket");
    await session.post('42["echo","still here"]');
    assert.equal((await session.get()).body, '42["echo","still here"]');
  });

  test("several packets in one post, several in one poll", async () => {
    const session = await server.rawPolling();
    await session.post(
      '42["echo",1]\x1e42["echo",2]\x1e451-["echo",{"_placeholder":true,"num":0}]\x1ebAQID',
    );
    const packets = [];
    while (packets.length < 4) packets.push(...(await session.get()).body.split("\x1e"));
    assert.deepEqual(packets, [
      '42["echo",1]',
      '42["echo",2]',
      '451-["echo",{"_placeholder":true,"num":0}]',
      "bAQID",
    ]);
  });
});
