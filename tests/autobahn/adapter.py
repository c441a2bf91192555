"""Lets Autobahn's suite talk to a server of Engine.IO: passes bytes on, and adds and removes what Engine.IO needs.

A message of Engine.IO that is a text begins with `4`. The adapter puts it in front of the payload of each frame that begins a text, where
that arrives, and changes nothing else: fragments, masks, invalid frames and the places at which bytes are cut stay as they are. From what the
server sends, it removes the `4`, and the packet that opens the session.
"""

import asyncio
import struct

PATH = b"/engine.io/?EIO=4&transport=websocket"
TEXT = 1


class Frames:
    """Changes the frames of one direction. Payloads pass through as they arrive."""

    def __init__(self):
        self.buffer = b""
        self.payload = 0

    def feed(self, data):
        out = b""
        self.buffer += data
        while self.buffer:
            if self.payload:
                part, self.buffer = self.buffer[: self.payload], self.buffer[self.payload :]
                self.payload -= len(part)
                out += part
                continue
            head = self.head()
            if head is None:
                break
            out += head
        return out

    def parse(self):
        """Returns the first two bytes, the length, the mask and the size of a head; `None` if it has not arrived."""
        if len(self.buffer) < 2:
            return None
        first, second = self.buffer[0], self.buffer[1]
        length, size = second & 0x7F, 2
        if length > 125:
            form = ">H" if length == 126 else ">Q"
            size += struct.calcsize(form)
            if len(self.buffer) < size:
                return None
            (length,) = struct.unpack(form, self.buffer[2:size])
        mask = b""
        if second & 0x80:
            mask = self.buffer[size : size + 4]
            size += 4
            if len(self.buffer) < size:
                return None
        return first, second, length, mask, size

    @staticmethod
    def write(first, length, mask):
        masked = 0x80 if mask else 0
        if length < 126:
            head = struct.pack(">BB", first, masked | length)
        elif length < 1 << 16:
            head = struct.pack(">BBH", first, masked | 126, length)
        else:
            head = struct.pack(">BBQ", first, masked | 127, length)
        return head + mask


class ToServer(Frames):
    def head(self):
        parsed = self.parse()
        if parsed is None:
            return None
        first, _, length, mask, size = parsed
        original, self.buffer = self.buffer[:size], self.buffer[size:]
        self.payload = length
        if first & 0x0F != TEXT:
            return original
        # One byte more in front: the mask begins one byte earlier.
        mask = mask[3:] + mask[:3]
        return self.write(first, length + 1, mask) + bytes([ord("4") ^ (mask[0] if mask else 0)])


class ToClient(Frames):
    def head(self):
        parsed = self.parse()
        if parsed is None:
            return None
        first, _, length, mask, size = parsed
        if first & 0x0F != TEXT or length == 0:
            original, self.buffer = self.buffer[:size], self.buffer[size:]
            self.payload = length
            return original
        if len(self.buffer) < size + 1:
            return None
        if self.buffer[size] == ord("0"):
            # It opens the session.
            if len(self.buffer) < size + length:
                return None
            self.buffer = self.buffer[size + length :]
            return b""
        assert self.buffer[size] == ord("4"), self.buffer[size : size + 20]
        self.buffer = self.buffer[size + 1 :]
        self.payload = length - 1
        return self.write(first, length - 1, mask)


async def pump(reader, writer, frames):
    try:
        while data := await reader.read(1 << 16):
            changed = frames.feed(data)
            if changed:
                writer.write(changed)
                await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except (OSError, RuntimeError):
        writer.close()


async def serve_client(reader, writer, port):
    request = await reader.readuntil(b"\r\n\r\n")
    line, rest = request.split(b"\r\n", 1)
    server_reader, server_writer = await asyncio.open_connection("127.0.0.1", port)
    server_writer.write(b"GET " + PATH + b" HTTP/1.1\r\n" + rest)
    writer.write(await server_reader.readuntil(b"\r\n\r\n"))
    await asyncio.gather(pump(reader, server_writer, ToServer()), pump(server_reader, writer, ToClient()))
    for one in (server_writer, writer):
        one.close()


async def start(port):
    """Starts an adapter for the server on a port, and returns its own."""

    async def connected(reader, writer):
        try:
            await serve_client(reader, writer, port)
        except (OSError, asyncio.IncompleteReadError):
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]
