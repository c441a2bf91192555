"""Runs one client against a server of its own, which is killed and shut down while the client is connected."""

import json
import os
import queue
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
SERVER = Path(os.environ.get("SOCKETIO_EXAMPLES", TARGET / "debug" / "examples")) / "matrix_server"

# How long a client may take from one step to the next.
STEP = 20.0


class Process:
    """A program that prints lines."""

    def __init__(self, command, **options):
        self._popen = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True, **options)
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self._popen.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def line(self, deadline):
        """The next line; None at the end, or when the time is over."""
        try:
            return self._lines.get(timeout=max(deadline - time.monotonic(), 0.01))
        except queue.Empty:
            return None

    def close_input(self):
        self._popen.stdin.close()

    def end(self, number):
        self._popen.send_signal(number)
        self._popen.wait()


class Server:
    """The server of a client, always on the same port."""

    def __init__(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self.start()

    def start(self):
        self._process = Process([SERVER, "--port", self._port], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + STEP
        while (line := self._process.line(deadline)) != "READY":
            assert line is not None, "the server has not started"

    def end(self, number):
        self._process.end(number)


class Run:
    """What a client has reported."""

    def __init__(self, client, transport):
        self.steps = {}
        # Seconds until the client had reconnected after the signal; None if it had not.
        self.back = {"SIGKILL": None, "SIGTERM": None}
        self.lost = []
        # What it reports at the end about the connection that the server had closed.
        self.end = None
        self.errors = CLIENT_LOGS / f"{client.id}-{transport}.log"
        self._converse(client, transport)

    def _converse(self, client, transport):
        server = Server()
        self.errors.parent.mkdir(parents=True, exist_ok=True)
        with open(self.errors, "w") as errors:
            command = [*client.command, server.url, transport]
            process = Process(command, stdin=subprocess.PIPE, stderr=errors)
            try:
                if self._until(process, "ready", STEP):
                    for number in (signal.SIGKILL, signal.SIGTERM):
                        server.end(number)
                        server.start()
                        began = time.monotonic()
                        if not self._until(process, "back", client.patience):
                            break
                        self.back[number.name] = time.monotonic() - began
                    process.close_input()
                    self._until(process, "end", STEP)
            finally:
                process.end(signal.SIGKILL)
                server.end(signal.SIGKILL)

    def _until(self, process, wanted, patience):
        """Reads the report up to a step. `patience` is for each line before `ready`, and for all lines afterwards."""
        deadline = time.monotonic() + patience
        while (line := process.line(deadline)) is not None:
            told = json.loads(line)
            step, value = told["step"], told.get("value")
            if step == "lost":
                self.lost.append(value)
            elif step == "end":
                self.end = value
            elif step not in ("ready", "back"):
                self.steps[step] = value
                deadline = time.monotonic() + patience
            if step == wanted:
                return True
        return False


CLIENT_LOGS = Path(os.environ.get("MATRIX_LOGS", REPOSITORY / "tests" / ".cache" / "logs" / "clients"))
