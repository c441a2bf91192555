// The same server with Node.js: node node.mjs PORT [--recovery]
import { createServer } from "node:http";
import { Server } from "socket.io";

const [port, ...options] = process.argv.slice(2);
const http = createServer();
const recovery = { connectionStateRecovery: { maxDisconnectionDuration: 120_000 } };
const io = new Server(http, options.includes("--recovery") ? recovery : {});
io.on("connection", (socket) => {
  socket.on("start", ({ count, interval }) => {
    let number = 0;
    const timer = setInterval(() => {
      io.emit("message", (number += 1));
      if (number === count) clearInterval(timer);
    }, interval);
  });
});
process.on("SIGTERM", () => process.exit(0));
http.listen(Number(port), "127.0.0.1", () => console.log("ready"));
