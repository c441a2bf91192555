"""The steps of the matrix with python-socketio's asyncio client: python driver_asyncio.py URL TRANSPORT

The steps and their output are described in ../README.md.
"""

import asyncio
import os
import sys

import socketio

from steps import AUTH, BYTES, TEXT, connect_options, hex_of, report

URL, TRANSPORT = sys.argv[1:]


class Client:
    """A client whose events can be awaited."""

    def __init__(self, *namespaces):
        self.sio = socketio.AsyncClient()
        self.namespaces = namespaces
        self._received = {}
        for namespace in namespaces:
            for event in ("hello", "echoed", "asked", "connect_error", "disconnect"):
                self._collect(namespace, event)

    def _collect(self, namespace, event):
        self._received[namespace, event] = received = asyncio.Queue()
        self.sio.on(event, lambda *args: received.put_nowait(list(args)), namespace=namespace)

    async def connect(self):
        await self.sio.connect(URL, **connect_options(self.sio.connect, TRANSPORT, self.namespaces))

    async def emit(self, event, *args, namespace="/"):
        await self.sio.emit(event, args, namespace=namespace)

    async def ask(self, event, *args):
        """The arguments of an acknowledgement."""
        answered = asyncio.Queue()
        await self.sio.emit(event, args, callback=lambda *answer: answered.put_nowait(list(answer)))
        return await answered.get()

    async def next(self, event, namespace="/"):
        return await self._received[namespace, event].get()


async def main():
    client = Client("/", "/chat")
    await client.connect()
    report("connect", await client.next("hello"))
    report("namespace", await client.next("hello", "/chat"))

    await client.emit("echo", TEXT, 1, {"a": [True, None]}, namespace="/chat")
    report("event", await client.next("echoed", "/chat"))
    report("ack", await client.ask("answer", TEXT, [2]))

    async def answer(*args):
        report("question", list(args))
        return "because", {TEXT: [1]}

    client.sio.on("question", answer)
    await client.emit("ask", "why")
    report("asked", await client.next("asked"))

    await client.emit("echo", TEXT, BYTES, {"deep": [BYTES[:3]]})
    report("binary", hex_of(await client.next("echoed")))
    report("binary ack", hex_of(await client.ask("answer", BYTES)))
    report("transport", (await client.ask("transport"))[0])

    # It is not waited for: over polling, `connect` of a refused client does not send its close packet if its last POST has not been answered
    # yet, and then fails only after the next ping.
    refused = Client("/refused")
    connecting = asyncio.create_task(refused.connect())
    connecting.add_done_callback(lambda task: task.exception())
    report("refused", (await refused.next("connect_error", "/refused"))[0])

    await client.emit("leave", namespace="/chat")
    report("server disconnect", *await client.next("disconnect", "/chat"))

    # It reconnects after other ends, but not after this one.
    closed = Client("/")
    connects = []
    closed.sio.on("connect", lambda: connects.append(1))
    await closed.connect()
    await closed.next("hello")
    await closed.emit("close")
    report("server close", *await closed.next("disconnect"))

    async def back(*args):
        await client.ask("answer", 1)
        report("back", list(args))

    client.sio.on("disconnect", lambda *reason: report("lost", *reason))
    client.sio.on("hello", back)
    report("ready")
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    report("end", {"connects": len(connects)})
    sys.stdout.flush()
    # Without the farewell of clients that reconnect.
    os._exit(0)


asyncio.run(main())
