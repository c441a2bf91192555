"""Measures how much memory a server keeps after a burst: WebSocket clients that each echo one large message at the same time.

    cargo build --release --example bench_server
    python3 benches/memory/bursts.py target/release/examples/bench_server [--clients 5000] [--kib 100] [--bursts 1] [--seconds 60]

Prints the resident memory of the server before, at its peak and afterwards, and the ratio that is left. The environment is passed on
to the server, so that allocators can be compared: `MALLOC_ARENA_MAX=2`, `LD_PRELOAD=libjemalloc.so.2`. Needs two open files for each
client (`ulimit -n`) in this process and in the server together.
"""

import argparse
import pathlib
import selectors
import socket
import struct
import subprocess
import time

HEAD = (
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
# The number of connections that are opened at a time, which the queue of the listener can hold.
BATCH = 100
PATIENCE = 120


def frame(text):
    """A text frame with a mask of zeroes."""
    payload = text.encode()
    length = len(payload)
    if length < 126:
        head = struct.pack(">BB", 0x81, 0x80 | length)
    elif length < 1 << 16:
        head = struct.pack(">BBH", 0x81, 0xFE, length)
    else:
        head = struct.pack(">BBQ", 0x81, 0xFF, length)
    return head + bytes(4) + payload


class Client:
    """A WebSocket client that answers pings. It does not keep long messages."""

    def __init__(self, port):
        self.stream = socket.create_connection(("127.0.0.1", port))
        self.stream.setblocking(False)
        self.read = b""
        self.skip = 0
        self.upgraded = self.joined = False
        self.echoed = 0
        self.out = []
        self.send(HEAD)

    def fileno(self):
        return self.stream.fileno()

    def send(self, data):
        self.out.append(memoryview(data))

    def write(self):
        while self.out:
            try:
                sent = self.stream.send(self.out[0])
            except BlockingIOError:
                return
            self.out[0] = self.out[0][sent:]
            if not self.out[0]:
                self.out.pop(0)

    def receive(self):
        while True:
            try:
                data = self.stream.recv(1 << 16)
            except BlockingIOError:
                return
            assert data, "the server has closed a connection"
            if self.skip >= len(data):
                self.skip -= len(data)
                self.echoed += self.skip == 0
                continue
            if self.skip:
                self.echoed += 1
            self.read += data[self.skip :]
            self.skip = 0
            self.frames()

    def frames(self):
        if not self.upgraded:
            if b"\r\n\r\n" not in self.read:
                return
            self.read = self.read.split(b"\r\n\r\n", 1)[1]
            self.upgraded = True
            self.send(frame("40"))
        while len(self.read) >= 2:
            length, start = self.read[1], 2
            if length > 125:
                format = ">H" if length == 126 else ">Q"
                start += struct.calcsize(format)
                if len(self.read) < start:
                    return
                (length,) = struct.unpack(format, self.read[2:start])
            if length > 4096:
                self.skip = start + length - len(self.read)
                if self.skip > 0:
                    self.read = b""
                    return
                self.skip = 0
                self.echoed += 1
            elif len(self.read) < start + length:
                return
            text = self.read[start : start + length]
            self.read = self.read[start + length :]
            if text == b"2":
                self.send(frame("3"))
            self.joined |= text.startswith(b"40")


class Clients:
    def __init__(self, port, count):
        self.selector = selectors.DefaultSelector()
        self.all = []
        while len(self.all) < count:
            for _ in range(min(BATCH, count - len(self.all))):
                client = Client(port)
                self.all.append(client)
                self.selector.register(client, selectors.EVENT_READ, client)
                client.write()
            self.until(lambda: all(client.joined for client in self.all[-BATCH:]))

    def turn(self, timeout):
        for key, events in self.selector.select(timeout):
            client = key.data
            if events & selectors.EVENT_READ:
                client.receive()
            client.write()
            wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if client.out else 0)
            if key.events != wanted:
                self.selector.modify(client, wanted, client)

    def until(self, condition, meanwhile=lambda: None):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, "the server takes too long"
            self.turn(0.1)
            meanwhile()

    def idle(self, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.turn(0.1)

    def burst(self, message, meanwhile):
        before = [client.echoed for client in self.all]
        for client in self.all:
            client.send(message)
            self.selector.modify(client, selectors.EVENT_READ | selectors.EVENT_WRITE, client)
        expected = [count + 1 for count in before]
        self.until(lambda: [client.echoed for client in self.all] == expected, meanwhile)


def rss(pid):
    status = pathlib.Path("/proc/%d/status" % pid).read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("--clients", type=int, default=5_000)
    parser.add_argument("--kib", type=int, default=100)
    parser.add_argument("--bursts", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen([options.server, str(port)], stdout=subprocess.PIPE)
    try:
        assert server.stdout.readline() == b"READY\n"
        clients = Clients(port, options.clients)
        clients.idle(2)
        before = rss(server.pid)
        peak = [before]
        message = frame('42["echo","%s"]' % ("x" * (options.kib << 10)))
        began = time.monotonic()
        for _ in range(options.bursts):
            clients.burst(message, lambda: peak.append(max(peak.pop(), rss(server.pid))))
        print("%.0f MiB before, %.0f at the peak, %.1f s" % (before, peak[0], time.monotonic() - began), flush=True)
        ended = time.monotonic()
        while time.monotonic() - ended < options.seconds:
            now = rss(server.pid)
            print("after %2.0f s: %4.0f MiB, %.2f times" % (time.monotonic() - ended, now, now / before), flush=True)
            clients.idle(min(10, options.seconds))
        now = rss(server.pid)
        print("after %2.0f s: %4.0f MiB, %.2f times" % (time.monotonic() - ended, now, now / before))
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    main()
