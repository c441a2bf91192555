"""A client that records the events it receives."""

import asyncio
import uuid

import socketio

from waiting import DEADLINE


class Client:
    def __init__(self, node):
        self.node = node
        self.responses = {}
        """What it acknowledges an event with, by the event's name: a value, or a future."""
        self._disconnects = asyncio.Queue()
        self._received = []
        self._arrival = asyncio.Event()
        self._client = socketio.AsyncClient(reconnection=False, handle_sigint=False)

    async def connect(self, namespaces):
        for namespace in namespaces:
            self._client.on("*", self._on_event(namespace), namespace=namespace)
            self._client.on("disconnect", self._on_disconnect(namespace), namespace=namespace)
        await self._client.connect(
            self.node.address, namespaces=list(namespaces), transports=["websocket"], wait_timeout=DEADLINE
        )

    def _on_event(self, namespace):
        # Nothing is awaited before the event is recorded: the client has a task for each packet, and they start in order.
        async def on_event(event, *args):
            self._received.append((namespace, event, list(args)))
            self._arrival.set()
            response = self.responses.get(event)
            return await response if isinstance(response, asyncio.Future) else response

        return on_event

    def _on_disconnect(self, namespace):
        return lambda _reason: self._disconnects.put_nowait(namespace)

    def sid(self, namespace="/"):
        return self._client.get_sid(namespace)

    async def call(self, event, *args, namespace="/"):
        return await self._client.call(event, args, namespace=namespace, timeout=DEADLINE)

    async def send(self, event, *args, namespace="/"):
        """Emits without waiting for the acknowledgement."""
        await self._client.emit(event, args, namespace=namespace)

    async def relay(self, event, *args, namespace="/", **options):
        """Makes the node emit an event."""
        await self.call("relay", {"event": event, "args": list(args), **options}, namespace=namespace)

    async def next(self, event, namespace="/"):
        """Removes the next such event, and returns its arguments."""
        return self._received.pop(await self._wait_for(event, namespace))[2]

    async def receives(self, event, within):
        """Removes the next such event, and returns whether it arrived in time."""
        try:
            async with asyncio.timeout(within):
                await self.next(event)
        except TimeoutError:
            return False
        return True

    async def until(self, marker, namespace="/"):
        """Removes everything up to the marker, and returns what was before it."""
        position = await self._wait_for(marker, namespace)
        received, self._received = self._received[:position], self._received[position + 1 :]
        return [[event, *args] for _, event, args in received]

    async def disconnected(self):
        """Waits until a namespace is disconnected by either side, and returns it."""
        async with asyncio.timeout(DEADLINE):
            return await self._disconnects.get()

    async def _wait_for(self, event, namespace):
        async with asyncio.timeout(DEADLINE):
            while (position := self._position(event, namespace)) is None:
                self._arrival.clear()
                await self._arrival.wait()
        return position

    def _position(self, event, namespace):
        return next((at for at, received in enumerate(self._received) if received[:2] == (namespace, event)), None)

    async def disconnect(self):
        await self._client.disconnect()


def unique(word):
    return f"{word}-{uuid.uuid4().hex[:12]}"
