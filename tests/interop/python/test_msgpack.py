"""python-socketio with `serializer="msgpack"`: each packet is one binary message."""

import os
import queue

import pytest
import socketio

import servers
from waiting import DEADLINE


@pytest.fixture(scope="module")
def server():
    if os.environ.get("SOCKETIO_URL"):
        pytest.skip("needs a server of its own")
    running, address = servers.conformance(parser="msgpack")
    yield address
    running.stop()


@pytest.fixture
def connect(server, transports):
    clients = []

    def connect(namespaces=("/",), auth=None):
        client = socketio.Client(serializer="msgpack", reconnection=False, handle_sigint=False)
        clients.append(client)
        received = queue.Queue()
        for namespace in namespaces:
            client.on("*", lambda event, *args: received.put((event, list(args))), namespace=namespace)
        client.connect(
            server, namespaces=list(namespaces), auth=auth, transports=transports, wait_timeout=DEADLINE
        )
        return client, received

    yield connect
    for client in clients:
        client.disconnect()


def test_events_come_back_unchanged(connect):
    client, received = connect()
    assert received.get(timeout=DEADLINE) == ("auth", [{}])
    for args in [("é☕",), (1, -70_000, 2**63, 0.5), (None, True, [[]]), ({"deep": [b"\x00\xff", b"\x07" * 70_000]},)]:
        client.emit("message", args)
        assert received.get(timeout=DEADLINE) == ("message-back", list(args))


def test_keys_that_are_numbers_become_text(connect):
    client, _ = connect()
    assert client.call("message-with-ack", {1: "a"}, timeout=DEADLINE) == {"1": "a"}


def test_the_server_acknowledges(connect):
    client, _ = connect()
    assert client.call("message-with-ack", ("a", b"\x04"), timeout=DEADLINE) == ("a", b"\x04")
    assert client.call("message-with-ack", timeout=DEADLINE) is None


def test_the_client_acknowledges(connect):
    client, _ = connect()
    client.on("question", lambda question: {"question": question, "bytes": b"\x05"})
    assert client.call("ask", "why", timeout=DEADLINE) == ("why", {"question": "why", "bytes": b"\x05"})


def test_auth_reaches_the_server_in_every_namespace(connect):
    _, received = connect(namespaces=("/", "/custom"), auth={"token": "t"})
    assert [received.get(timeout=DEADLINE) for _ in range(2)] == [("auth", [{"token": "t"}])] * 2


def test_one_namespace_is_left_without_the_other(connect):
    client, _ = connect(namespaces=("/", "/custom"))
    client._send_packet(client.packet_class(socketio.packet.DISCONNECT, namespace="/custom"))
    assert client.call("message-with-ack", 1, timeout=DEADLINE) == 1


@pytest.mark.parametrize(
    ("namespace", "why"),
    [("/refused", {"message": "not today", "data": {"a": [1]}}), ("/unknown", {"message": "Invalid namespace"})],
)
def test_a_refused_client_gets_the_reason(server, transports, namespace, why):
    refusal = queue.Queue()
    client = socketio.Client(serializer="msgpack", reconnection=False, handle_sigint=False)
    client.on("connect_error", refusal.put, namespace=namespace)
    with pytest.raises(socketio.exceptions.ConnectionError):
        client.connect(
            server, namespaces=[namespace], auth={"a": [1]}, transports=transports, wait_timeout=DEADLINE
        )
    assert refusal.get(timeout=DEADLINE) == why
