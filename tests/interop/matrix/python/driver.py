"""The steps of the matrix with python-socketio's threaded client: python driver.py URL TRANSPORT

The steps and their output are described in ../README.md.
"""

import os
import queue
import sys
import threading

import socketio

from steps import AUTH, BYTES, TEXT, connect_options, hex_of, report

URL, TRANSPORT = sys.argv[1:]


class Client:
    """A client whose events can be awaited."""

    def __init__(self, *namespaces):
        self.sio = socketio.Client()
        self.namespaces = namespaces
        self._received = {}
        for namespace in namespaces:
            for event in ("hello", "echoed", "asked", "connect_error", "disconnect"):
                self._collect(namespace, event)

    def _collect(self, namespace, event):
        self._received[namespace, event] = received = queue.Queue()
        self.sio.on(event, lambda *args: received.put(list(args)), namespace=namespace)

    def connect(self):
        self.sio.connect(URL, **connect_options(self.sio.connect, TRANSPORT, self.namespaces))

    def emit(self, event, *args, namespace="/"):
        self.sio.emit(event, args, namespace=namespace)

    def ask(self, event, *args):
        """The arguments of an acknowledgement."""
        answered = queue.Queue()
        self.sio.emit(event, args, callback=lambda *answer: answered.put(list(answer)))
        return answered.get()

    def next(self, event, namespace="/"):
        return self._received[namespace, event].get()


def connect_in_vain(client):
    try:
        client.connect()
    except socketio.exceptions.ConnectionError:
        pass  # The reason is in `connect_error`.


def main():
    client = Client("/", "/chat")
    client.connect()
    report("connect", client.next("hello"))
    report("namespace", client.next("hello", "/chat"))

    client.emit("echo", TEXT, 1, {"a": [True, None]}, namespace="/chat")
    report("event", client.next("echoed", "/chat"))
    report("ack", client.ask("answer", TEXT, [2]))

    def answer(*args):
        report("question", list(args))
        return "because", {TEXT: [1]}

    client.sio.on("question", answer)
    client.emit("ask", "why")
    report("asked", client.next("asked"))

    client.emit("echo", TEXT, BYTES, {"deep": [BYTES[:3]]})
    report("binary", hex_of(client.next("echoed")))
    report("binary ack", hex_of(client.ask("answer", BYTES)))
    report("transport", client.ask("transport")[0])

    # It is not waited for: over polling, `connect` of a refused client does not send its close packet if its last POST has not been answered
    # yet, and then fails only after the next ping.
    refused = Client("/refused")
    threading.Thread(target=connect_in_vain, args=[refused], daemon=True).start()
    report("refused", refused.next("connect_error", "/refused")[0])

    client.emit("leave", namespace="/chat")
    report("server disconnect", *client.next("disconnect", "/chat"))

    # It reconnects after other ends, but not after this one.
    closed = Client("/")
    connects = []
    closed.sio.on("connect", lambda: connects.append(1))
    closed.connect()
    closed.next("hello")
    closed.emit("close")
    report("server close", *closed.next("disconnect"))

    def back(*args):
        client.ask("answer", 1)
        report("back", list(args))

    client.sio.on("disconnect", lambda *reason: report("lost", *reason))
    client.sio.on("hello", lambda *args: threading.Thread(target=back, args=args).start())
    report("ready")
    sys.stdin.read()
    report("end", {"connects": len(connects)})


main()
sys.stdout.flush()
# Threads of the client would keep the process.
os._exit(0)
