"""What the brokers have in common."""

import asyncio
import socket
import time

from processes import DEADLINE, Process, free_port


class Broker:
    """A broker that can be stopped, and started again on the same port."""

    kinds: tuple[str, ...]
    """The kinds of nodes that can take part."""

    publishing: tuple[str, ...]
    """Those of them that can publish."""

    reference: tuple[str, str] | None
    """The pair without a node of ours: what it does not pass is wrong in the tests."""

    needed_by: frozenset[str] = frozenset()
    """Kinds that do not start without it."""

    def __init__(self, directory):
        self.directory = directory
        self.port = free_port()
        self.running = False

    def url(self, port=None) -> str:
        """Its address, or that of a way to it."""
        raise NotImplementedError

    def start(self):
        """Starts it, and waits until it answers."""
        raise NotImplementedError

    def stop(self):
        """Ends it without a warning."""
        if self.running:
            self._process.kill()
        self.running = False

    def detour(self) -> tuple[int, int]:
        """The port on which a way around has to begin, and that to which it leads."""
        return free_port(), self.port

    def close(self):
        """Ends what has to stay while it is started again."""

    async def tap(self, channel) -> "Tap":
        raise NotImplementedError

    def _run(self, *command, env=None, accepts=None):
        """Its process, once it accepts connections."""
        self._process = Process(*command, env=env)
        self.running = True
        deadline = time.monotonic() + DEADLINE
        while not (accepts or self._accepts)():
            if self._process.ended or time.monotonic() > deadline:
                self.stop()
                self.close()
                raise RuntimeError(f"{command[0]} does not answer")
            time.sleep(0.05)
        return self

    def _accepts(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True


class Tap:
    """Somebody on a channel who is no node: hears what is published, as it is, and publishes whatever it likes."""

    def __init__(self, publish, receive, close):
        self.publish, self._receive, self.close = publish, receive, close

    async def next(self) -> bytes:
        async with asyncio.timeout(DEADLINE):
            return await self._receive()
