"""python-socketio 4's asyncio client."""

import asyncio

import pytest_asyncio
import socketio

DEADLINE = 10


class Person:
    """A client that remembers what it receives."""

    def __init__(self):
        self.client = socketio.AsyncClient(reconnection=False)
        self._received = {event: asyncio.Queue() for event in ("connect", "message-back")}
        for event, received in self._received.items():
            self.client.on(event, lambda *args, received=received: received.put_nowait(list(args)))

    async def next(self, event):
        return await asyncio.wait_for(self._received[event].get(), DEADLINE)


@pytest_asyncio.fixture
async def connect(transports):
    people = []

    async def connect(address):
        person = Person()
        people.append(person)
        await person.client.connect(address, transports=transports)
        await person.next("connect")
        return person

    yield connect
    for person in people:
        await person.client.disconnect()


async def test_events_acknowledgements_and_binary_data_come_back(connect, conformance):
    person = await connect(conformance)
    for values in [("hé 😀",), (b"\x01\x02", "é")]:
        await person.client.emit("message", values)
        assert await person.next("message-back") == list(values)
    assert await person.client.call("message-with-ack", b"\x03", timeout=DEADLINE) == b"\x03"
