"""Counts the instructions that a server executes in user space for one echo, with callgrind.

    cargo build --release --example bench_server
    python3 benches/instructions.py target/release/examples/bench_server [WINDOW] [OPTION..]

WINDOW events are sent at once, and the next when all have been echoed: 1 by default. Options are passed on to the server:
`--record DIRECTORY` counts with a recorder, `--recovery` with a client that can recover its session. The program of another
commit is measured in the same way, and the two numbers are compared. They vary by less than one part in a hundred.
"""

import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile

EVENT = '42["echo",{"id":7,"body":"hello, world"}]'
RUNS = (2_000, 12_000)  # the start of the server is the same in both


class Client:
    """A WebSocket client; it only reads short frames."""

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


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def instructions(program, events, window, options):
    port = free_port()
    with tempfile.TemporaryDirectory() as directory:
        output = pathlib.Path(directory) / "callgrind"
        command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=%s" % output, program, str(port), "typed", *options]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert server.stdout.readline() == "READY\n"
        client = Client(port)
        client.send("40")
        while not any(packet.startswith(b"40") for packet in client.packets()):
            pass
        for _ in range(events // window):
            client.send(*[EVENT] * window)
            echoed = 0
            while echoed < window:
                echoed += sum(packet.startswith(b"42") for packet in client.packets())
        server.send_signal(signal.SIGINT)
        server.wait()
        return int(re.search(r"^(?:summary|totals): (\d+)", output.read_text(), re.MULTILINE)[1])


def main(program, window=1, *options):
    window = int(window)
    few, many = (events // window * window for events in RUNS)
    counted = [instructions(program, events, window, options) for events in (few, many)]
    print("%.1f instructions for an echo" % ((counted[1] - counted[0]) / (many - few)))


if __name__ == "__main__":
    main(*sys.argv[1:])
