"""The base of the brokers."""

import asyncio
import json
import socket

from processes import Process, free_port
from waiting import DEADLINE, wait_until


class Broker:
    """A broker that can be stopped, and started again on the same port."""

    kinds: tuple[str, ...]
    """The kinds of nodes that work with it."""

    publishing: tuple[str, ...]
    """The kinds that can publish."""

    reference: tuple[str, str] | None
    """A pair of Python nodes: a test that it fails is wrong."""

    needed_by: frozenset[str] = frozenset()
    """The kinds that don't start while it is stopped."""

    too_large: int | None = None
    """The size of a message that it refuses, in bytes."""

    def __init__(self, directory):
        self.directory = directory
        self.port = free_port()
        self.running = False

    def url(self, port=None) -> str:
        """Its URL, or that of a proxy to it."""
        raise NotImplementedError

    def start(self):
        """Starts it, and waits until it accepts connections."""
        raise NotImplementedError

    def stop(self):
        """Kills it."""
        if self.running:
            self._process.kill()
        self.running = False

    def proxy_ports(self) -> tuple[int, int]:
        """The port on which a proxy must listen, and the port that it must connect to."""
        return free_port(), self.port

    def close(self):
        """Stops what keeps running between two starts."""

    async def tap(self, channel) -> "Tap":
        raise NotImplementedError

    def _run(self, *command, env=None, accepts=None):
        """Starts its process, and waits until it accepts connections."""
        self._process = Process(*command, env=env)
        self.running = True
        try:
            wait_until(lambda: self._process.ended or (accepts or self._accepts)(), f"the start of {command[0]}")
            if self._process.ended:
                raise RuntimeError(f"{command[0]} has ended")
        except Exception:
            self.stop()
            self.close()
            raise
        return self

    def _accepts(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True


# Messages that only Rust nodes understand: about missed messages, acknowledgements and queries. Python ignores them.
EXTENSIONS = {"roll_call", "present", "missed", "gone", "again", "asked", "query", "answer"}


def is_extension(message: bytes) -> bool:
    try:
        return json.loads(message)["method"] in EXTENSIONS
    except (ValueError, TypeError, KeyError):
        return False


class Tap:
    """A client of the broker on a channel: receives the messages as they are, without those that only Rust nodes understand, and
    publishes arbitrary ones."""

    def __init__(self, publish, receive, close):
        self.publish, self._receive, self.close = publish, receive, close

    async def next(self) -> bytes:
        async with asyncio.timeout(DEADLINE):
            while is_extension(message := await self._receive()):
                pass
            return message
