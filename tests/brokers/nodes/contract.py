"""What the nodes have in common: their command line, the shape of their arguments, and when they are ready."""

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


def answer(value):
    """What `call` returned, as the list of the answer's arguments."""
    return [] if value is None else list(value) if isinstance(value, tuple) else [value]


def orders():
    """What a writer is told to do, line by line."""
    for line in sys.stdin:
        yield json.loads(line, object_hook=_bytes)


def _bytes(o):
    return base64.b64decode(o["$bytes"]) if o.keys() == {"$bytes"} else o


def say(word):
    print(word, flush=True)


class Readiness:
    """Notices the first message that a manager receives, which is when it has subscribed."""

    def __init__(self, manager):
        self.heard = threading.Event()
        listen = manager._listen

        def noticing():
            for message in listen():
                self.heard.set()
                yield message

        async def noticing_later():
            async for message in listen():
                self.heard.set()
                yield message

        manager._listen = noticing_later if inspect.isasyncgenfunction(listen) else noticing
