"""A client that remembers what it hears."""

import asyncio
import uuid

import socketio

DEADLINE = 20


class Person:
    def __init__(self, node):
        self.node = node
        self.answers = {}
        self._left = asyncio.Queue()
        self._heard = []
        self._news = asyncio.Event()
        self._client = socketio.AsyncClient(reconnection=False, handle_sigint=False)

    async def connect(self, namespaces):
        for namespace in namespaces:
            self._client.on("*", self._listener(namespace), namespace=namespace)
            self._client.on("disconnect", self._leaver(namespace), namespace=namespace)
        await self._client.connect(
            self.node.address, namespaces=list(namespaces), transports=["websocket"], wait_timeout=DEADLINE
        )

    def _listener(self, namespace):
        # Nothing is awaited before the event is kept: the client has a task for each packet, and they start in order.
        async def listen(event, *args):
            self._heard.append((namespace, event, list(args)))
            self._news.set()
            answer = self.answers.get(event)
            return await answer if isinstance(answer, asyncio.Future) else answer

        return listen

    def _leaver(self, namespace):
        return lambda _reason: self._left.put_nowait(namespace)

    def sid(self, namespace="/"):
        return self._client.get_sid(namespace)

    async def call(self, event, *args, namespace="/"):
        return await self._client.call(event, args, namespace=namespace, timeout=DEADLINE)

    async def send(self, event, *args, namespace="/"):
        """Without waiting until it is done."""
        await self._client.emit(event, args, namespace=namespace)

    async def relay(self, event, *args, namespace="/", **more):
        await self.call("relay", {"event": event, "args": list(args), **more}, namespace=namespace)

    async def next(self, event, namespace="/"):
        """The arguments of the next such event, which is taken."""
        return self._heard.pop(await self._come(event, namespace))[2]

    async def hears(self, event, within):
        """Whether there is such an event in time, which is taken."""
        try:
            async with asyncio.timeout(within):
                await self.next(event)
        except TimeoutError:
            return False
        return True

    async def until(self, marker, namespace="/"):
        """What came before the marker; all of it is taken."""
        position = await self._come(marker, namespace)
        heard, self._heard = self._heard[:position], self._heard[position + 1 :]
        return [[event, *args] for _, event, args in heard]

    async def left(self):
        """The namespace that was left, by either side."""
        async with asyncio.timeout(DEADLINE):
            return await self._left.get()

    async def _come(self, event, namespace):
        async with asyncio.timeout(DEADLINE):
            while (position := self._position(event, namespace)) is None:
                self._news.clear()
                await self._news.wait()
        return position

    def _position(self, event, namespace):
        return next((at for at, heard in enumerate(self._heard) if heard[:2] == (namespace, event)), None)

    async def leave(self):
        """Ends the connection."""
        await self._client.disconnect()


def unique(word):
    return f"{word}-{uuid.uuid4().hex[:12]}"
