// Node socket.io on uWebSockets.js (npm @btc-vision/uwebsockets.js). `node server.js PORT`
const uws = require("@btc-vision/uwebsockets.js");
const { Server } = require("socket.io");
const app = require("../app.js");
const io = new Server();
const server = uws.App();
io.attachApp(server);
app.register(io);
server.listen("127.0.0.1", app.port, (ok) => { if (!ok) process.exit(1); });
