// The cookie with the session's id.
export const scenarios = (add) => {
  for (const name of ["plain", "full", "bare", "none", "true"]) {
    add(`${name}, polling`, `cookie ${name}`, async (s) => {
      const session = await s.polling();
      await session.post("40");
      await session.get();
    });
    add(`${name}, WebSocket`, `cookie ${name}`, (s) => s.engine());
  }
  add("an old client's", "cookie plain", (s) => s.polling({ EIO: "3" }));
  add("not with a refusal", "cookie plain", (s) =>
    s.request("GET", s.target("EIO=4&transport=tube")),
  );
};
