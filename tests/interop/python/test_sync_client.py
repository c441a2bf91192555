"""python-socketio's threaded client."""

import queue
import threading

import pytest
import socketio

from waiting import DEADLINE, Heartbeats


class Person:
    """A client that remembers what it receives, for each namespace and event."""

    def __init__(self, namespaces):
        self.heartbeats = Heartbeats()
        self.client = socketio.Client(reconnection=False, handle_sigint=False, engineio_logger=self.heartbeats.logger)
        self.refusal = queue.Queue()
        self.reason = queue.Queue()
        self._received = {}
        for namespace in namespaces:
            self.client.on("*", self._receiver(namespace), namespace=namespace)
            self.client.on("connect_error", self.refusal.put, namespace=namespace)
            self.client.on("disconnect", self.reason.put, namespace=namespace)

    def _receiver(self, namespace):
        def receive(event, *args):
            self._queue(namespace, event).put(list(args))

        return receive

    def _queue(self, namespace, event):
        return self._received.setdefault((namespace, event), queue.Queue())

    def next(self, event, namespace="/"):
        return self._queue(namespace, event).get(timeout=DEADLINE)

    def untaken(self, event, namespace="/"):
        return self._queue(namespace, event).qsize()

    def emit(self, event, data=None, namespace="/"):
        self.client.emit(event, data, namespace=namespace)

    def call(self, event, data=None, namespace="/"):
        return self.client.call(event, data, namespace=namespace, timeout=DEADLINE)


@pytest.fixture
def connect(transports):
    people = []

    def connect(address, namespaces=("/",), auth=None):
        person = Person(namespaces)
        people.append(person)
        person.client.connect(
            address, namespaces=list(namespaces), auth=auth, transports=transports, wait_timeout=DEADLINE
        )
        return person

    connect.people = people
    yield connect
    for person in people:
        person.client.disconnect()


def test_the_client_uses_the_transport_that_it_asked_for(connect, conformance, transports):
    person = connect(conformance)
    assert person.client.transport() == transports[-1]
    assert person.call("message-with-ack", "here") == "here"


def test_the_auth_object_reaches_the_connect_handler(connect, conformance):
    auth = {"token": "s3cret", "größe": [1, None]}
    assert connect(conformance, auth=auth).next("auth") == [auth]


def test_a_client_without_auth_connects_with_an_empty_object(connect, conformance):
    assert connect(conformance).next("auth") == [{}]


def test_two_namespaces_share_a_connection(connect, conformance):
    person = connect(conformance, namespaces=("/", "/custom"), auth={"a": 1})
    assert person.next("auth", "/custom") == [{"a": 1}]
    assert person.client.get_sid("/") != person.client.get_sid("/custom")
    assert person.client.get_sid("/") != person.client.eio.sid


def test_an_unknown_namespace_is_refused(connect, conformance):
    with pytest.raises(socketio.exceptions.ConnectionError):
        connect(conformance, namespaces=("/random",))
    assert connect.people[0].refusal.get(timeout=DEADLINE) == {"message": "Invalid namespace"}


@pytest.mark.parametrize(
    "args",
    [(), ("one",), (1, "2", {"3": [True]}), (None, False, 0, ""), ([], {}), ("grüße 日本語 👩‍🚀", "a\0b\x1e"), (2**53, -1.5)],
    ids=["none", "one", "many", "falsy", "empty", "unicode", "numbers"],
)
def test_arguments_come_back_unchanged(connect, conformance, args):
    person = connect(conformance)
    person.emit("message", args)
    assert person.next("message-back") == list(args)


def test_binary_keeps_its_place(connect, conformance):
    person = connect(conformance)
    sent = (b"\0\x01\xff", {"deep": [None, [b"two"]], "text": "x"}, bytearray(range(256)), b"")
    person.emit("message", sent)
    assert person.next("message-back") == list(sent)


def test_a_large_message_comes_back_unchanged(connect, conformance):
    person = connect(conformance)
    # One after the other: this client handles each WebSocket message in a thread of its own, so an attachment may overtake a packet
    # whose text takes long to read.
    for argument in ("0123456789" * 40_000, bytes(300_000)):
        person.emit("message", argument)
        assert person.next("message-back") == [argument]


def test_a_thousand_messages_stay_complete(connect, conformance):
    person = connect(conformance)
    for i in range(1000):
        person.emit("message", i)
    # The client runs each handler in a thread of its own, so what it saw is complete but not in order.
    assert sorted(person.next("message-back")[0] for _ in range(1000)) == list(range(1000))


@pytest.mark.parametrize(
    ("args", "answer"),
    [((), None), (("one",), "one"), ((1, 2), (1, 2)), (([1, 2],), [1, 2]), ((b"\0\xff",), b"\0\xff"), ((None,), None)],
    ids=["none", "one", "two", "list", "binary", "null"],
)
def test_an_acknowledgement_arrives_unchanged(connect, conformance, args, answer):
    assert connect(conformance).call("message-with-ack", args) == answer


def test_a_callback_gets_the_acknowledgement(connect, conformance):
    person = connect(conformance)
    answered = queue.Queue()
    person.client.emit("message-with-ack", ("a", "b"), callback=lambda *args: answered.put(args))
    assert answered.get(timeout=DEADLINE) == ("a", "b")


def test_calls_from_many_threads_get_their_own_acknowledgements(connect, conformance):
    person = connect(conformance)
    answers = {}
    threads = [
        threading.Thread(target=lambda i=i: answers.update({i: person.call("message-with-ack", i)})) for i in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {i: i for i in range(20)}


def test_a_call_whose_acknowledgement_is_late_fails_alone(connect, own_conformance):
    server, address = own_conformance()
    person = connect(address)
    server.freeze()
    with pytest.raises(socketio.exceptions.TimeoutError):
        person.client.call("message-with-ack", "late", timeout=0.2)
    server.thaw()
    assert person.call("message-with-ack", "in time") == "in time"


def test_event_names_escaped_by_python_are_understood(connect, chat):
    # This client writes every character beyond ASCII as \uXXXX, also in names.
    waver, witness = connect(chat), connect(chat)
    waver.call("👋")
    assert witness.next("👋") == [waver.client.get_sid()]
    waver.emit("größe", "nobody handles this")
    assert waver.call("ping time") is None


def test_the_server_calls_the_client_and_gets_the_acknowledgement(connect, chat):
    person = connect(chat)
    person.client.on("question", lambda _: "green")
    assert "green" in person.call("ask me")


def test_rooms(connect, chat):
    ana, bo, outsider = connect(chat), connect(chat), connect(chat)
    room = f"größe {ana.client.get_sid()}"
    assert sorted(ana.call("join", room)) == sorted([room, ana.client.get_sid()])
    bo.call("join", room)
    ana.call("room message", {"room": room, "text": "psst"})
    message = {"room": room, "from": ana.client.get_sid(), "text": "psst"}
    assert ana.next("room message") == bo.next("room message") == [message]
    bo.call("leave", room)
    ana.call("room message", {"room": room, "text": "again"})
    ana.next("room message")
    ana.call("close room", room)
    assert ana.next("room closed") == [room]
    for person in (bo, outsider):
        person.call("ping time")
        assert person.untaken("room message") == 0


def test_a_refusal_has_a_message_and_data(connect, chat):
    with pytest.raises(socketio.exceptions.ConnectionError):
        connect(chat, namespaces=("/notes",), auth={"name": ""})
    refusal = connect.people[0].refusal.get(timeout=DEADLINE)
    assert refusal == {"message": "a name is needed", "data": {"field": "name"}}


def test_a_class_based_namespace_answers(connect, chat):
    person = connect(chat, namespaces=("/notes",), auth={"name": "ada"})
    number = person.call("add", "buy milk", namespace="/notes")
    assert person.next("added", "/notes") == [{"id": number, "by": "ada", "text": "buy milk"}]


def test_when_a_client_leaves_both_sides_get_the_reason(connect, chat):
    leaver, witness = connect(chat), connect(chat)
    sid = leaver.client.get_sid()
    leaver.client.disconnect()
    assert leaver.reason.get(timeout=DEADLINE) == socketio.Client.reason.CLIENT_DISCONNECT
    while (gone := witness.next("left"))[0] != sid:
        pass
    # Over WebSocket this client may close the connection before it has written its disconnect packet.
    assert gone[1] in ("client disconnect", "client namespace disconnect", "transport close")


def test_a_client_that_the_server_disconnects_gets_the_reason(connect, chat):
    person = connect(chat)
    person.emit("disconnect request")
    assert person.reason.get(timeout=DEADLINE) == socketio.Client.reason.SERVER_DISCONNECT
    assert not person.client.connected


def test_a_client_notices_that_the_server_has_ended(connect, own_conformance):
    server, address = own_conformance()
    person = connect(address)
    server.stop()
    assert person.reason.get(timeout=DEADLINE) in ("transport close", "transport error")


def test_a_client_stays_connected_for_many_heartbeats(connect, own_conformance):
    _, address = own_conformance(ping_interval=300, ping_timeout=1000)
    person = connect(address)
    person.heartbeats.wait(5)
    assert person.call("message-with-ack", "alive") == "alive"


def test_the_simple_client_works(conformance, transports):
    with socketio.SimpleClient() as client:
        client.connect(conformance, transports=transports)
        assert client.receive(timeout=DEADLINE) == ["auth", {}]
        client.emit("message", ("a", b"b"))
        assert client.receive(timeout=DEADLINE) == ["message-back", "a", b"b"]
        assert client.call("message-with-ack", 1) == 1
