// What every application under test shares; see control.lua.
import { createServer } from "node:http";

/** A function that sends the tests a report. */
export function reporter(server) {
  return (...args) => server.of("/control").emit("report", ...args);
}

/** Serves until the tests ask for the end. `ready` may put more on the HTTP server. */
export function serve(server, ready) {
  server.of("/control").on("connection", (socket) => {
    // The official server keeps a timer of half a minute for each polling session that an error
    // has ended, and with it the process; and it waits without end for the client of an upgrade
    // that it does not serve.
    socket.on("shutdown", () => {
      server.close(() => process.exit());
      setTimeout(() => process.exit(), 2000);
    });
  });
  const http = createServer((_, res) => res.writeHead(404).end());
  server.attach(http);
  ready?.(http);
  http.listen(Number(process.env.PORT ?? 0), "127.0.0.1", () => {
    console.log(`listening ${http.address().port}`);
  });
}
