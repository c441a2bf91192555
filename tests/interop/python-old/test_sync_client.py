"""python-socketio 4's threaded client."""

import queue

import pytest
import socketio

DEADLINE = 10
UNICODE = "hé € 😀 \u2028 \n \\n"


class Person:
    """A client that remembers what it receives, for each namespace and event."""

    def __init__(self, reconnection=False):
        self.client = socketio.Client(reconnection=reconnection, reconnection_delay=0.1, reconnection_delay_max=0.2)
        self._received = {}
        for namespace in ("/", "/custom", "/refused", "/unknown"):
            for event in ("connect", "disconnect", "connect_error", "auth", "message-back", "told"):
                self.client.on(event, self._receiver(namespace, event), namespace=namespace)

    def _receiver(self, namespace, event):
        def receive(*args):
            self._queue(namespace, event).put(list(args))

        return receive

    def _queue(self, namespace, event):
        return self._received.setdefault((namespace, event), queue.Queue())

    def next(self, event, namespace="/"):
        return self._queue(namespace, event).get(timeout=DEADLINE)

    def emit(self, event, data=None, namespace="/"):
        self.client.emit(event, data, namespace=namespace)

    def call(self, event, data=None, namespace="/"):
        return self.client.call(event, data, namespace=namespace, timeout=DEADLINE)


@pytest.fixture
def connect(transports):
    people = []

    def connect(address, namespaces=None, **options):
        person = Person(**options)
        people.append(person)
        person.client.connect(address, transports=transports, namespaces=namespaces)
        person.next("connect")
        return person

    yield connect
    for person in people:
        person.client.disconnect()


def test_it_uses_the_transport_that_it_asked_for(connect, conformance, transports):
    person = connect(conformance)
    assert person.client.transport() == (transports or ["websocket"])[-1]
    assert person.call("message-with-ack", "here") == "here"


@pytest.mark.parametrize(
    # Not empty bytes, which this client reads as `None`.
    "values", [(UNICODE,), ("a", 1, {"b": [None, True]}), (b"\x01\x02\x03", "é"), ({"inside": b"\x04"},)]
)
def test_events_and_acknowledgements_come_back(connect, conformance, values):
    person = connect(conformance)
    person.emit("message", values)
    assert person.next("message-back") == list(values)
    back = person.call("message-with-ack", values)
    assert back == values if len(values) > 1 else back == values[0]


@pytest.mark.parametrize("question", [UNICODE, {"binary": b"\x00\xff"}])
def test_the_server_calls_the_client(connect, conformance, question):
    person = connect(conformance)
    person.client.on("question", lambda asked: asked)
    assert person.call("ask", question) == (question, question)


def test_many_events_arrive(connect, conformance):
    person = connect(conformance)
    for number in range(100):
        person.emit("message", number)
    # These clients handle each event in a thread of its own, so that the order of their handlers is not that of the events.
    assert sorted(person.next("message-back")[0] for _ in range(100)) == list(range(100))


def test_the_query_of_the_url_is_the_auth(connect, conformance):
    assert connect(f"{conformance}?token=a%20b").next("auth") == [{"token": "a b"}]


def test_namespaces_are_joined_after_the_default_one(connect, conformance):
    person = connect(conformance, ["/custom"])
    person.next("connect", "/custom")
    assert person.next("auth", "/custom") == [{}]


def test_a_refused_namespace_gives_the_reason(connect, conformance):
    person = connect(conformance, ["/refused", "/unknown"])
    assert person.next("connect_error", "/refused") == ["not today"]
    assert person.next("connect_error", "/unknown") == ["Invalid namespace"]
    assert person.call("message-with-ack", 1) == 1


def test_a_room_is_shared(connect, conformance):
    one, two = connect(conformance), connect(conformance)
    one.call("join", "r")
    two.call("tell", ("r", b"\x01", "é"))
    assert one.next("told") == [b"\x01", "é"]


def test_it_pings_and_stays_connected(own_conformance, connect):
    _, address = own_conformance(allow_eio3=True, ping_interval=200, ping_timeout=400)
    person = connect(address)
    person.client.sleep(1.5)
    assert person.call("message-with-ack", 1) == 1


# The client ends before its server, in this order of the fixtures: otherwise it would try to reconnect.
def test_it_reconnects_when_the_server_is_back(own_conformance, connect):
    server, address = own_conformance(allow_eio3=True)
    person = connect(address, reconnection=True)
    server.stop()
    person.next("disconnect")
    own_conformance(allow_eio3=True, port=int(address.rsplit(":", 1)[1]))
    person.next("connect")
    assert person.call("message-with-ack", 1) == 1


def test_without_the_option_it_is_refused(transports, own_conformance):
    _, address = own_conformance()
    with pytest.raises(socketio.exceptions.ConnectionError):
        socketio.Client(reconnection=False).connect(address, transports=transports)
