"""Counts the instructions that a server executes in user space for one echo, one broadcast or one connection, with callgrind.

    cargo build --release --example bench_server
    python3 benches/instructions.py target/release/examples/bench_server [WINDOW] [--clients N] [--poll] [--bytes] [--open] [OPTION..]

WINDOW events are sent at once, and the next when all have been echoed: 1 by default. With `--clients N`, one of N clients has
its events broadcast to all of them, and what is counted is one broadcast. With `--poll`, a client echoes over polling: one POST while
a GET waits. With `--bytes`, it echoes 1 KiB of bytes, one at a time. With `--open`, connections join the main namespace one after the other and are closed when all are open; what is
counted is one connection from its handshake to its end, over a WebSocket or, with `--poll`, over polling. `--profile FILE` keeps what
callgrind has written about the longer run, for `callgrind_annotate`. Options are passed on to the server:
`--record DIRECTORY` counts with a recorder, `--api` with the rows of the HTTP API (a server with the feature `api`), `--recovery`
with clients that can recover their sessions. Handlers take an owned struct, or what `raw` or `value` says (see the example). All threads count, that of a recorder included. The program of another commit is measured in the same way, and the two
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

BYTES = bytes(range(256)) * 4
DATA = '{"id":7,"body":"hello, world"}'
# The start of the server is the same in both.
ECHOES = (2_000, 12_000)
BROADCASTS = (20, 120)
POLLS = (500, 2_500)
OPENED = (50, 550)


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

    def close(self):
        """Closes the WebSocket, and waits for the server's close frame."""
        self.stream.sendall(struct.pack(">BBIH", 0x88, 0x82, 0, 1000))
        self.receive()
        self.stream.close()

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


class Poller:
    """A client over polling, with a connection for GET and one for POST that are kept alive."""

    def __init__(self, port):
        self.get, self.post = (Http(port) for _ in range(2))
        self.path = "/socket.io/?EIO=4&transport=polling"
        self.get.send("GET", self.path)
        self.path += "&sid=" + re.search(rb'"sid":"([^"]+)"', self.get.response())[1].decode()
        self.exchange("40", b"40")

    def exchange(self, packet, start):
        """Posts a packet while a poll waits, and returns when the poll has been answered."""
        self.get.send("GET", self.path)
        self.post.send("POST", self.path, packet)
        assert self.post.response() == b"ok"
        while not (response := self.get.response()).startswith(start):
            assert response == b"2", response
            self.post.send("POST", self.path, "3")
            self.post.response()
            self.get.send("GET", self.path)

    def close(self):
        self.post.send("POST", self.path, "1")
        self.post.response()
        self.get.stream.close()
        self.post.stream.close()


class Http:
    """A connection of HTTP/1.1."""

    def __init__(self, port):
        self.stream = socket.create_connection(("127.0.0.1", port))
        self.stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, method, path, body=""):
        head = "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n" % (method, path, len(body))
        self.stream.sendall((head + body).encode())

    def response(self):
        read = b""
        while True:
            data = self.stream.recv(1 << 16)
            assert data, "the server has closed the connection"
            read += data
            head, end, body = read.partition(b"\r\n\r\n")
            if end and len(body) == int(re.search(rb"(?i)content-length: (\d+)", head)[1]):
                assert head.startswith(b"HTTP/1.1 200 "), head
                return body


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


def echo_bytes(client, events):
    text = '451-["bin",{"_placeholder":true,"num":0}]'
    frames = struct.pack(">BBI", 0x81, 0x80 | len(text), 0) + text.encode()
    frames += struct.pack(">BBHI", 0x82, 0x80 | 126, len(BYTES), 0) + BYTES
    for _ in range(events):
        client.stream.sendall(frames)
        while BYTES not in client.packets():
            pass


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


def poll(client, events):
    for _ in range(events):
        client.exchange('42["echo",%s]' % DATA, b"42")


def open_and_close(port, kind, number):
    # What the first connection does once is the same in both runs.
    opened = [kind(port) for _ in range(number)]
    for client in opened:
        client.close()


def instructions(program, options, profile, work):
    port = free_port()
    with tempfile.TemporaryDirectory() as directory:
        output = pathlib.Path(directory) / "callgrind"
        command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=%s" % output, program, str(port), *options]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert server.stdout.readline() == "READY\n"
        work(port)
        server.send_signal(signal.SIGINT)
        server.wait()
        if profile:
            pathlib.Path(profile).write_text(output.read_text())
        return int(re.search(r"^(?:summary|totals): (\d+)", output.read_text(), re.MULTILINE)[1])


def main(program, *options):
    options = list(options)
    flags = {flag: flag in options for flag in ("--poll", "--open", "--bytes")}
    options = [option for option in options if option not in flags]
    profile = take(options, "--profile")
    clients = int(take(options, "--clients") or 1)
    window = int(options.pop(0)) if options and options[0].isdigit() else 1
    offsets = "--recovery" in options
    # The first argument after the port, since an older program reads no other.
    kinds = [option for option in options if option in ("value", "raw", "typed")]
    options = [*(kinds or ["typed"]), *(option for option in options if option not in kinds)]
    if flags["--open"]:
        kind = Poller if flags["--poll"] else Client
        runs, what = OPENED, "a connection"
        work = lambda events: lambda port: open_and_close(port, kind, events)
    elif flags["--poll"]:
        runs, what = POLLS, "an echo over polling"
        work = lambda events: lambda port: poll(Poller(port), events)
    elif flags["--bytes"]:
        runs, what = ECHOES, "an echo of 1 KiB of bytes"
        work = lambda events: lambda port: echo_bytes(Client(port), events)
    elif clients > 1:
        runs, what = BROADCASTS, "a broadcast to %d clients" % clients
        work = lambda events: lambda port: broadcast([Client(port) for _ in range(clients)], events, window, offsets)
    else:
        runs, what = ECHOES, "an echo"
        work = lambda events: lambda port: echo(Client(port), events, window, offsets)
    few, many = (events // window * window for events in runs)
    counted = [instructions(program, options, profile, work(events)) for events in (few, many)]
    print("%.1f instructions for %s" % ((counted[1] - counted[0]) / (many - few), what))


def take(options, name):
    """Removes an option with its value, and returns the value."""
    if name not in options:
        return None
    place = options.index(name)
    _, value = options[place : place + 2]
    del options[place : place + 2]
    return value


if __name__ == "__main__":
    main(*sys.argv[1:])
