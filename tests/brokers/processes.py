"""Programs that run beside the tests and end with them."""

import os
import re
import select
import socket
import subprocess
import time

from waiting import DEADLINE


class Process:
    """A program in the process group of the tests, so that a signal to them reaches it too."""

    def __init__(self, *command, env=None, stdin=None):
        self._printed = b""
        self._process = subprocess.Popen(
            [str(word) for word in command],
            env=os.environ | (env or {}),
            stdin=stdin or subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )

    def line(self, pattern: str) -> re.Match:
        """Waits for a printed line that matches, and discards the output up to there."""
        deadline = time.monotonic() + DEADLINE
        while True:
            while b"\n" in self._printed:
                line, self._printed = self._printed.split(b"\n", 1)
                if match := re.search(pattern, line.decode()):
                    return match
            if not select.select([self._process.stdout], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise TimeoutError(f"{self._process.args} has printed nothing like {pattern!r}")
            chunk = os.read(self._process.stdout.fileno(), 65536)
            if not chunk:
                raise RuntimeError(f"{self._process.args} ended with {self._process.wait()}")
            self._printed += chunk

    def write(self, text: str):
        self._process.stdin.write(text.encode())
        self._process.stdin.flush()

    def kill(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        if self._process.stdin:
            self._process.stdin.close()

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None


def free_ports(count: int) -> list[int]:
    """Ports that are free now, and differ."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def free_port() -> int:
    return free_ports(1)[0]
