// Namespaces: middlewares and their order, refusals, those made on demand.
export const scenarios = (add) => {
  add("several on one connection", "plain", async (s) => {
    const ws = await s.client();
    await ws.ask("40/one,");
    await ws.ask('40/two,{"token":"x"}');
    await ws.ask('42/two,["facts"]', 3);
    await ws.ask('42/one,3["ack",1]');
    ws.text("41/one,");
    await s.hears("disconnect /one");
    await ws.ask('42["echo",1]');
    await ws.ask("40/one,");
    ws.leave();
    await ws.ends();
    await s.hears("engine close");
  });
  add("left and joined again", "plain", async (s) => {
    const ws = await s.client();
    ws.text("41");
    await s.hears("disconnect /");
    await ws.ask("40");
    await ws.ask('42["echo",1]');
  });
  add("left and joined in one breath", "plain", async (s) => {
    const session = await s.polling();
    await session.ask("40");
    await session.post(["41", "40"]);
    await s.settled();
    await session.get();
  });
  for (const auth of ["", '{"refuse":true}']) {
    add(`middlewares in order ${auth}`, "plain", async (s) => {
      const ws = await s.engine();
      await ws.ask(`40/chain,${auth}`, 2);
      if (auth) return;
      await ws.ask('42/chain,["facts"]', 3);
      await ws.ask('42/chain,["echo",1]');
      ws.text('42/chain,["forbidden",1,2]');
      await s.hears("error /chain");
      await ws.ask('42/chain,["slow"]');
      await ws.ask('42/chain,7["ack"]');
      await ws.ask('42/chain,["do","nsp",[["emit","all",1,2]]]');
    });
  }
  for (const name of ["/deny", "/deny-text", "/deny-later"]) {
    add(`refused by ${name}`, "plain", async (s) => {
      const ws = await s.engine();
      await ws.ask(`40${name},`);
      await ws.ask(`40${name},`);
      await ws.ask("40");
    });
    add(`refused by ${name}, polling`, "plain", async (s) => {
      const session = await s.polling();
      await session.ask(`40${name},`);
    });
  }
  add("an event to a namespace that refused", "plain", async (s) => {
    const ws = await s.engine();
    await ws.ask("40/deny,");
    ws.text('42/deny,["echo",1]');
    await ws.ends();
  });
  add("joining twice at once", "plain", async (s) => {
    const ws = await s.engine();
    ws.text("40/slow,");
    await ws.ask("40/slow,", 2);
  });
  add("an event before the answer", "plain", async (s) => {
    const ws = await s.engine();
    ws.text("40/slow,");
    ws.text('42/slow,["echo",1]');
    await ws.ends();
    await s.hears("engine close");
  });
  add("gone before the answer", "plain", async (s) => {
    const ws = await s.engine();
    ws.text("40/slow,");
    await s.hears("slow");
    ws.leave();
    await ws.ends();
    await s.hears("engine close");
  });
  add("leaving before the answer", "plain", async (s) => {
    const ws = await s.engine();
    ws.text("40/slow,");
    await s.hears("slow");
    ws.text("41/slow,");
    await ws.ends();
    await s.hears("engine close");
  });
  add("two namespaces, one slow", "plain", async (s) => {
    const ws = await s.engine();
    ws.text("40/slow,");
    ws.text("40/one,");
    await ws.next();
    await ws.next();
  });
  add("next called twice", "plain", async (s) => {
    const ws = await s.engine();
    ws.text("40/twice,");
    await ws.next();
  });
  add("a middleware that disconnects", "plain", async (s) => {
    const ws = await s.engine();
    ws.text("40/leaves,");
    await ws.rest();
    await ws.ask("40");
  });
  add("a middleware that closes the connection", "plain", async (s) => {
    const ws = await s.engine();
    ws.text("40/closes,");
    await ws.ends();
    await s.hears("engine close");
  });

  for (const server of ["plain", "cleanup"]) {
    add(`${server}: made by a pattern`, server, async (s) => {
      const ws = await s.engine();
      const name = `/made-${s.tag}-a`;
      await ws.ask(`40${name},`);
      await ws.ask(`42${name},["facts"]`, 3);
      ws.text(`41${name},`);
      await s.hears("disconnect");
      await ws.ask(`40${name},`);
    });
    add(`${server}: made and refused`, server, async (s) => {
      const ws = await s.engine();
      const name = `/made-${s.tag}-a`;
      await ws.ask(`40${name},{"refuse":true}`);
      await ws.ask(`40${name},`);
    });
    add(`${server}: two clients of one that is made`, server, async (s) => {
      const [a, b] = [await s.engine(), await s.engine()];
      const name = `/made-${s.tag}-a`;
      await a.ask(`40${name},`);
      await b.ask(`40${name},`);
      await b.ask(`42${name},["do","nsp",[["emit","x",1]]]`);
      await a.next();
      a.leave();
      await a.ends();
      await s.hears("engine close");
      await b.ask(`42${name},["echo",1]`);
    });
  }
  for (const auth of ["", '{"later":true}', '{"error":true}']) {
    add(`made by a function ${auth}`, "plain", async (s) => {
      const ws = await s.engine();
      const given = auth ? auth.replace("}", `,"tag":"${s.tag}"}`) : `{"tag":"${s.tag}"}`;
      await ws.ask(`40/asked-${s.tag},${given}`);
      await ws.ask(`40/unknown-${s.tag},${given}`);
    });
  }
  add("made by a function, asked twice at once", "plain", async (s) => {
    const ws = await s.engine();
    const other = await s.engine();
    const given = `{"later":true,"tag":"${s.tag}"}`;
    ws.text(`40/asked-${s.tag},${given}`);
    other.text(`40/asked-${s.tag},${given}`);
    await ws.next();
    await other.next();
  });
};
