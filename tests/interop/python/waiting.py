"""Waiting for conditions instead of for a time."""

import logging
import threading

DEADLINE = 10


class Heartbeats(logging.Handler):
    """Counts the server's pings, which python-engineio's client only reports to its logger."""

    def __init__(self):
        super().__init__()
        self._pings = 0
        self._changed = threading.Condition()
        self.logger = logging.Logger("heartbeats", logging.INFO)
        self.logger.addHandler(self)

    def emit(self, record):
        if record.getMessage().startswith("Received packet PING"):
            with self._changed:
                self._pings += 1
                self._changed.notify_all()

    def wait(self, pings: int):
        """Waits until so many pings have been received."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._pings >= pings, DEADLINE), f"only {self._pings} pings"
