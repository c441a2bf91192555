"""Counts the instructions that a server executes in user space for one echo, or one broadcast, with callgrind.

    cargo build --release --example bench_server
    python3 benches/instructions.py target/release/examples/bench_server [WINDOW] [--clients N] [OPTION..]

WINDOW events are sent at once, and the next when all have been echoed: 1 by default. With `--clients N`, one of N clients has
its events broadcast to all of them, and what is counted is one broadcast. Options are passed on to the server:
`--record DIRECTORY` counts with a recorder, `--api` with the rows of the HTTP API (a server with the feature `api`), `--recovery`
with clients that can recover their sessions. All threads count, that of a recorder included. The program of another commit is measured in the same way, and the two
numbers are compared. They vary by less than one part in a hundred.
"""

import pathlib
import re
import selectors
import signal
import socket
import struct
import subprocess
import sys
import tempfile

DATA = '{"id":7,"body":"hello, world"}'
# The start of the server is the same in both.
ECHOES = (2_000, 12_000)
BROADCASTS = (20, 120)


class Client:
    """A WebSocket client; it only reads short frames. It presents itself as one in JavaScript, and so can recover."""

    def __init__(self, port):
        self.stream = socket.create_connection(("127.0.0.1", port))
        self.stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.read = b""
        head = (
            "GET /socket.io/?EIO=4&transport=websocket&recovery=1 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        self.stream.sendall(head.encode())
        while b"\r\n\r\n" not in self.read:
            self.receive()
        self.read = self.read.split(b"\r\n\r\n", 1)[1]
        self.send("40")
        while not any(packet.startswith(b"40") for packet in self.packets()):
            pass

    def receive(self):
        data = self.stream.recv(1 << 20)
        assert data, "the server has closed the connection"
        self.read += data

    def send(self, *packets):
        frame = lambda packet: struct.pack(">BBI", 0x81, 0x80 | len(packet), 0) + packet.encode()
        self.stream.sendall(b"".join(map(frame, packets)))

    def packets(self):
        """Waits for packets, and answers pings."""
        packets = []
        while not packets:
            self.receive()
            while len(self.read) >= 2 and len(self.read) >= 2 + self.read[1]:
                length = self.read[1]
                if length > 125:
                    assert not packets or length == 126, "a long frame"
                    if len(self.read) < 4 or len(self.read) < 4 + struct.unpack(">H", self.read[2:4])[0]:
                        break
                    start, length = 4, struct.unpack(">H", self.read[2:4])[0]
                else:
                    start = 2
                packets.append(self.read[start : start + length])
                self.read = self.read[start + length :]
        if b"2" in packets:
            self.send("3")
        return packets

    def events(self, offsets):
        """Waits for packets, and returns how many are events, which have an offset or not."""
        events = [packet for packet in self.packets() if packet.startswith(b"42")]
        has_offset = re.compile(rb'},"[^"]+"\]$')
        assert all(bool(has_offset.search(event)) == offsets for event in events), events
        return len(events)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def echo(client, events, window, offsets):
    for _ in range(events // window):
        client.send(*['42["echo",%s]' % DATA] * window)
        echoed = 0
        while echoed < window:
            echoed += client.events(offsets)


def broadcast(clients, events, window, offsets):
    with selectors.DefaultSelector() as selector:
        for client in clients:
            selector.register(client.stream, selectors.EVENT_READ, client)
        for _ in range(events // window):
            clients[0].send(*['42["broadcast",%s]' % DATA] * window)
            received = 0
            while received < window * len(clients):
                for key, _ in selector.select():
                    received += key.data.events(offsets)


def instructions(program, clients, events, window, options):
    port = free_port()
    with tempfile.TemporaryDirectory() as directory:
        output = pathlib.Path(directory) / "callgrind"
        command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=%s" % output, program, str(port), "typed", *options]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert server.stdout.readline() == "READY\n"
        connected = [Client(port) for _ in range(clients)]
        offsets = "--recovery" in options
        if clients == 1:
            echo(connected[0], events, window, offsets)
        else:
            broadcast(connected, events, window, offsets)
        server.send_signal(signal.SIGINT)
        server.wait()
        return int(re.search(r"^(?:summary|totals): (\d+)", output.read_text(), re.MULTILINE)[1])


def main(program, *options):
    options = list(options)
    window = int(options.pop(0)) if options and options[0].isdigit() else 1
    clients, runs, what = 1, ECHOES, "an echo"
    if options[:1] == ["--clients"]:
        clients, runs = int(options[1]), BROADCASTS
        what = "a broadcast to %d clients" % clients
        options = options[2:]
    few, many = (events // window * window for events in runs)
    counted = [instructions(program, clients, events, window, options) for events in (few, many)]
    print("%.1f instructions for %s" % ((counted[1] - counted[0]) / (many - few), what))


if __name__ == "__main__":
    main(*sys.argv[1:])
