"""Starts the example servers that the tests talk to; the environment variables are those of ../js/support/server.js."""

import os
import re
import select
import signal
import socket
import subprocess
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
EXAMPLES = Path(os.environ.get("SOCKETIO_EXAMPLES", TARGET / "debug" / "examples"))

START_DEADLINE = 10.0

# Long enough that a busy machine is never taken for a dead client.
CALM = {"ping-interval": 25_000, "ping-timeout": 20_000, "connect-timeout": 10_000}


class Server:
    """One example, running until `stop`."""

    def __init__(self, example: str, *arguments: str):
        program = EXAMPLES / example
        if not program.exists():
            raise FileNotFoundError(f"{program} is missing: run `cargo build --examples` first")
        self._process = subprocess.Popen([program, *arguments], stdout=subprocess.PIPE)

    def line(self, pattern: str) -> re.Match:
        """Waits for a printed line that fits."""
        printed = b""
        deadline = time.monotonic() + START_DEADLINE
        while time.monotonic() < deadline:
            if select.select([self._process.stdout], [], [], 0.1)[0]:
                chunk = os.read(self._process.stdout.fileno(), 4096)
                printed += chunk
                if match := re.search(pattern, printed.decode()):
                    return match
                if not chunk:
                    raise RuntimeError(f"the server ended with {self._process.wait()}")
        raise TimeoutError(f"nothing like {pattern!r} in {printed!r}")

    def freeze(self):
        """Stops the process until `thaw`; returns when it has stopped, which is a little after the signal."""
        self._process.send_signal(signal.SIGSTOP)
        _, status = os.waitpid(self._process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), f"the server ended with status {status}"

    def thaw(self):
        """Resumes a process that `freeze` has stopped."""
        self._process.send_signal(signal.SIGCONT)

    def stop(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()


def conformance(**figures: int) -> tuple[Server, str]:
    """A conformance server and its address; `figures` replace those of its command line (`_` for `-`, True for a flag)."""
    port = free_port()
    options = CALM | {name.replace("_", "-"): figure for name, figure in figures.items()}
    arguments = [
        text for name, figure in options.items() for text in ([f"--{name}"] if figure is True else [f"--{name}", str(figure)])
    ]
    server = Server("conformance", "--port", str(port), *arguments)
    server.line("READY")
    return server, f"http://127.0.0.1:{port}"


def chat() -> tuple[Server, str]:
    """The chat example and its address."""
    server = Server("chat", "--port", "0")
    return server, server.line(r"http://[\d.]+:\d+").group()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
