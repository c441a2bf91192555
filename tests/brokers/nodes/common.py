"""Shared by the Python nodes: the command line, the form of arguments and responses, and when a node is ready."""

import argparse
import base64
import inspect
import json
import sys
import threading

NAMESPACES = ("/", "/chat")


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int)
    parser.add_argument("--queue", required=True)
    parser.add_argument("--channel", required=True)
    parser.add_argument("--write-only", action="store_true")
    return parser.parse_args()


def data(o):
    """The arguments of an emit, in the form that python-socketio takes: a tuple of them."""
    return tuple(o.get("args", ()))


def response(value):
    """The value that `call` returned, as the list of the acknowledgement's arguments."""
    return [] if value is None else list(value) if isinstance(value, tuple) else [value]


def commands():
    """The commands to a writer, one per line."""
    for line in sys.stdin:
        yield json.loads(line, object_hook=_bytes)


def _bytes(o):
    return base64.b64decode(o["$bytes"]) if o.keys() == {"$bytes"} else o


def say(word):
    print(word, flush=True)


class Readiness:
    """Is set by the first message that a manager receives: it has subscribed then."""

    def __init__(self, manager):
        self.received = threading.Event()
        listen = manager._listen

        def receiving():
            for message in listen():
                self.received.set()
                yield message

        async def receiving_async():
            async for message in listen():
                self.received.set()
                yield message

        manager._listen = receiving_async if inspect.isasyncgenfunction(listen) else receiving
