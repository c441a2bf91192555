"use strict";

// A client in one namespace: Engine.IO 4 and Socket.IO 5 over WebSocket, without reconnection.
class Client {
  // `on` has the functions `connected(sid)`, `refused(message)`, `event(name, args, ack)` and `closed()`.
  constructor(server, path, namespace, auth, on) {
    this.namespace = namespace;
    this.on = on;
    this.acks = new Map();
    this.nextAck = 0;
    this.waiting = null;
    const url = new URL(path, server);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    url.search = "?EIO=4&transport=websocket";
    this.socket = new WebSocket(url);
    this.socket.binaryType = "arraybuffer";
    this.auth = auth;
    this.socket.onmessage = (message) => this.receive(message.data);
    this.socket.onclose = () => this.on.closed();
  }

  // Emits an event. `ack` is called with the arguments of the acknowledgement.
  emit(name, args, ack) {
    const id = this.nextAck++;
    this.acks.set(id, ack);
    this.send(2, id, [name, ...args]);
  }

  close() {
    this.socket.close();
  }

  // Sends a packet. `{"$base64": ".."}` in its values is binary data.
  send(type, id, values) {
    const attachments = [];
    const text = JSON.stringify(values, (_, value) => {
      if (value === null || typeof value !== "object" || typeof value.$base64 !== "string") return value;
      const bytes = Uint8Array.from(atob(value.$base64), (char) => char.charCodeAt(0));
      attachments.push(bytes);
      return { _placeholder: true, num: attachments.length - 1 };
    });
    const head = attachments.length > 0 ? `${type + 3}${attachments.length}-` : String(type);
    const namespace = this.namespace === "/" ? "" : `${this.namespace},`;
    this.socket.send(`4${head}${namespace}${id ?? ""}${text}`);
    for (const bytes of attachments) this.socket.send(bytes);
  }

  receive(message) {
    if (typeof message !== "string") return this.attachment(message);
    switch (message[0]) {
      case "0": {
        const namespace = this.namespace === "/" ? "" : `${this.namespace},`;
        const auth = this.auth === undefined ? "" : JSON.stringify(this.auth);
        return this.socket.send(`40${namespace}${auth}`);
      }
      case "2":
        return this.socket.send("3");
      case "4":
        return this.packet(message.slice(1));
    }
  }

  packet(text) {
    const [, type, count, , id, json] = /^(\d)(?:(\d+)-)?(\/[^,]*,)?(\d*)(.*)$/s.exec(text);
    const packet = { type: Number(type), id: id === "" ? undefined : Number(id), values: json === "" ? undefined : JSON.parse(json) };
    if (count === undefined || count === "0") return this.handle(packet);
    this.waiting = { packet, count: Number(count), attachments: [] };
  }

  attachment(bytes) {
    const waiting = this.waiting;
    if (waiting === null) return;
    waiting.attachments.push(bytes);
    if (waiting.attachments.length < waiting.count) return;
    this.waiting = null;
    const packet = waiting.packet;
    packet.values = JSON.parse(JSON.stringify(packet.values), (_, value) => {
      if (value === null || typeof value !== "object" || value._placeholder !== true) return value;
      const bytes = new Uint8Array(waiting.attachments[value.num]);
      return { $base64: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")) };
    });
    this.handle(packet);
  }

  handle({ type, id, values }) {
    switch (type) {
      case 0:
        return this.on.connected(values.sid);
      case 1:
        return this.close();
      case 2:
      case 5: {
        const ack = id === undefined ? undefined : (args) => this.send(3, id, args);
        return this.on.event(values[0], values.slice(1), ack);
      }
      case 3:
      case 6: {
        const ack = this.acks.get(id);
        this.acks.delete(id);
        return ack?.(values);
      }
      case 4:
        return this.on.refused(values.message ?? "refused");
    }
  }
}
