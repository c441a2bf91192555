"""Nodes of several kinds, the clusters that they form, and the processes that only write."""

import base64
import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

from processes import Process, free_port

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
EXAMPLES = Path(os.environ.get("SOCKETIO_EXAMPLES", TARGET / "debug" / "examples"))

PROGRAMS = {
    "rust": [EXAMPLES / "cluster_node"],
    "python": [sys.executable, HERE / "nodes" / "threaded.py"],
    "asyncio": [sys.executable, HERE / "nodes" / "on_asyncio.py"],
}


class Node:
    """A server process of the cluster."""

    def __init__(self, kind: str, queue: str, channel: str):
        self.kind = kind
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._process = Process(*PROGRAMS[kind], "--port", self.port, "--queue", queue, "--channel", channel)

    def wait_until_ready(self):
        self._process.line("^READY$")

    def stop(self):
        self._process.kill()

    def __repr__(self):
        return f"<{self.kind} at {self.address}>"


class Writer:
    """A process that publishes and does not subscribe."""

    def __init__(self, kind: str, queue: str, channel: str):
        self._process = Process(
            *PROGRAMS[kind], "--write-only", "--queue", queue, "--channel", channel, stdin=subprocess.PIPE
        )

    def write(self, *commands: dict):
        """Sends the commands, and waits until the writer has published them."""
        self._process.write("".join(json.dumps(command, default=_base64) + "\n" for command in commands))
        for _ in commands:
            self._process.line("^ok$")

    def stop(self):
        self._process.kill()


def _base64(binary):
    return {"$bytes": base64.b64encode(binary).decode()}


class Cluster:
    """Two nodes on a channel of their own: `sender` sends, `receiver` receives."""

    def __init__(self, kinds, urls):
        self.channel = f"channel-{uuid.uuid4().hex}"
        self.sender, self.receiver = self.nodes = [Node(kind, url, self.channel) for kind, url in zip(kinds, urls)]

    def wait_until_ready(self):
        for node in self.nodes:
            node.wait_until_ready()
        return self

    def stop(self):
        for node in self.nodes:
            node.stop()
