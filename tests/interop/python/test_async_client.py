"""python-socketio's asyncio client, where it can differ from the threaded one: it has its own transports and ordered handlers."""

import asyncio

import pytest
import socketio

from waiting import DEADLINE, Heartbeats


class Person:
    """A client that remembers what it receives."""

    def __init__(self, namespace="/"):
        self.heartbeats = Heartbeats()
        self.client = socketio.AsyncClient(
            reconnection=False, handle_sigint=False, engineio_logger=self.heartbeats.logger
        )
        self.refusal = asyncio.Queue()
        self.reason = asyncio.Queue()
        self._namespace = namespace
        self._received = {}
        self.client.on("*", self._receive, namespace=namespace)
        self.client.on("connect_error", self.refusal.put, namespace=namespace)
        self.client.on("disconnect", self.reason.put, namespace=namespace)

    async def _receive(self, event, *args):
        await self._queue(event).put(list(args))

    def _queue(self, event):
        return self._received.setdefault(event, asyncio.Queue())

    async def next(self, event):
        return await asyncio.wait_for(self._queue(event).get(), DEADLINE)

    async def refused(self):
        return await asyncio.wait_for(self.refusal.get(), DEADLINE)

    async def ended(self):
        return await asyncio.wait_for(self.reason.get(), DEADLINE)

    async def emit(self, event, data=None):
        await self.client.emit(event, data, namespace=self._namespace)

    async def call(self, event, data=None):
        return await self.client.call(event, data, namespace=self._namespace, timeout=DEADLINE)


@pytest.fixture
async def connect(transports):
    people = []

    async def connect(address, namespace="/", auth=None):
        person = Person(namespace)
        people.append(person)
        await person.client.connect(
            address, namespaces=[namespace], auth=auth, transports=transports, wait_timeout=DEADLINE
        )
        return person

    connect.people = people
    yield connect
    for person in people:
        await person.client.disconnect()


async def test_connecting_with_auth(connect, conformance, transports):
    person = await connect(conformance, auth={"token": "größe"})
    assert await person.next("auth") == [{"token": "größe"}]
    assert person.client.transport() == transports[-1]


async def test_a_custom_namespace(connect, conformance):
    person = await connect(conformance, namespace="/custom", auth={"a": 1})
    assert await person.next("auth") == [{"a": 1}]


async def test_an_unknown_namespace_is_refused(connect, conformance):
    with pytest.raises(socketio.exceptions.ConnectionError):
        await connect(conformance, namespace="/random")
    assert await connect.people[0].refused() == {"message": "Invalid namespace"}


async def test_text_and_binary_data_come_back_unchanged(connect, conformance):
    person = await connect(conformance)
    sent = ("grüße 👩‍🚀", b"\0\xff", {"deep": [b"two", None]}, [], 2**53)
    await person.emit("message", sent)
    assert await person.next("message-back") == list(sent)


async def test_a_large_message_comes_back_unchanged(connect, conformance):
    person = await connect(conformance)
    text = "x" * 900_000
    await person.emit("message", text)
    assert await person.next("message-back") == [text]


async def test_a_thousand_messages_stay_complete(connect, conformance):
    person = await connect(conformance)
    for i in range(1000):
        await person.emit("message", i)
    assert sorted([(await person.next("message-back"))[0] for _ in range(1000)]) == list(range(1000))


async def test_concurrent_calls_get_their_own_acknowledgements(connect, conformance):
    person = await connect(conformance)
    answers = await asyncio.gather(*(person.call("message-with-ack", (i, bytes([i]))) for i in range(100)))
    assert answers == [(i, bytes([i])) for i in range(100)]


async def test_the_server_calls_the_client_and_gets_the_acknowledgement(connect, chat):
    person = await connect(chat)

    async def answer(_):
        return "green"

    person.client.on("question", answer)
    assert "green" in await person.call("ask me")


async def test_a_refusal_has_a_message_and_data(connect, chat):
    with pytest.raises(socketio.exceptions.ConnectionError):
        await connect(chat, namespace="/notes", auth={})
    assert await connect.people[0].refused() == {"message": "a name is needed", "data": {"field": "name"}}


async def test_both_sides_get_the_reason_of_the_end(connect, chat):
    leaver, sent_away, witness = await connect(chat), await connect(chat), await connect(chat)
    left = {leaver.client.get_sid(), sent_away.client.get_sid()}
    await sent_away.emit("disconnect request")
    assert await sent_away.ended() == socketio.AsyncClient.reason.SERVER_DISCONNECT
    await leaver.client.disconnect()
    assert await leaver.ended() == socketio.AsyncClient.reason.CLIENT_DISCONNECT
    while left:
        left.discard((await witness.next("left"))[0])


async def test_a_client_stays_connected_for_many_heartbeats(connect, own_conformance):
    _, address = own_conformance(ping_interval=300, ping_timeout=1000)
    person = await connect(address)
    await asyncio.to_thread(person.heartbeats.wait, 5)
    assert await person.call("message-with-ack", "alive") == "alive"


async def test_fifty_clients_at_once(connect, conformance):
    people = await asyncio.gather(*(connect(conformance) for _ in range(50)))
    answers = await asyncio.gather(*(person.call("message-with-ack", i) for i, person in enumerate(people)))
    assert answers == list(range(50))
