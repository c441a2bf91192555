"""The messages on the channel, as python-socketio 5.18.1 writes them."""

import json
import re

import pytest

from cluster import Writer
from client import unique
from waiting import DEADLINE

EMIT = {
    "method": "emit",
    "event": "ev",
    "data": [1],
    "binary": False,
    "namespace": "/",
    "room": None,
    "skip_sid": None,
    "callback": None,
}
NO_ARGUMENTS = [[None], []]  # Python writes `[None]` if there are no arguments, and reads both as such

# Commands for a writer, and the fields of the envelope that are not as above; either of NO_ARGUMENTS is accepted.
EMITS = {
    "an object": (
        {"args": [{"data": "foo", "n": 1, "f": 1.5, "u": "é☃😀", "z": None, "b": True}]},
        {"data": [{"data": "foo", "n": 1, "f": 1.5, "u": "é☃😀", "z": None, "b": True}]},
    ),
    "no argument": ({}, {"data": NO_ARGUMENTS}),
    "several arguments": ({"args": ["a", 1, {"k": 2}]}, {"data": ["a", 1, {"k": 2}]}),
    "one list": ({"args": [[1, 2]]}, {"data": [[1, 2]]}),
    "bytes": ({"args": [b"\x00\x01\xff"]}, {"data": [[{"_placeholder": True, "num": 0}], "AAH/"], "binary": True}),
    "nested bytes": (
        {"args": [{"a": b"ab", "l": [1, b"cd"]}]},
        {
            "data": [
                [{"a": {"_placeholder": True, "num": 0}, "l": [1, {"_placeholder": True, "num": 1}]}],
                "YWI=",
                "Y2Q=",
            ],
            "binary": True,
        },
    ),
    "no bytes among others": (
        {"args": [b"ab", "x", {"k": b""}]},
        {"data": [[{"_placeholder": True, "num": 0}, "x", {"k": {"_placeholder": True, "num": 1}}], "YWI=", ""], "binary": True},
    ),
    "data like a placeholder": (
        {"args": [{"_placeholder": True, "num": 0}]},
        {"data": [{"_placeholder": True, "num": 0}]},
    ),
    "a room": ({"args": [1], "room": "room1"}, {"room": "room1"}),
    "several rooms": ({"args": [1], "room": ["r1", "r2"]}, {"room": ["r1", "r2"]}),
    "one left out": ({"args": [1], "skip": "SID"}, {"skip_sid": "SID"}),
    "several left out": ({"args": [1], "skip": ["S1", "S2"]}, {"skip_sid": ["S1", "S2"]}),
    "a namespace": ({"args": [1], "namespace": "/chat"}, {"namespace": "/chat"}),
}

COMMANDS = {
    "closing a room": (
        {"op": "close", "room": "room1", "namespace": "/chat"},
        {"method": "close_room", "room": "room1", "namespace": "/chat"},
    ),
    "disconnecting": (
        {"op": "kick", "sid": "SIDX"},
        {"method": "disconnect", "sid": "SIDX", "namespace": "/"},
    ),
    "entering a room": (
        {"op": "enter", "sid": "SIDX", "room": "roomZ"},
        {"method": "enter_room", "sid": "SIDX", "room": "roomZ", "namespace": "/"},
    ),
    "leaving a room": (
        {"op": "remove", "sid": "SIDX", "room": "roomZ", "namespace": "/chat"},
        {"method": "leave_room", "sid": "SIDX", "room": "roomZ", "namespace": "/chat"},
    ),
}


@pytest.fixture(scope="session")
def channel():
    return unique("envelopes")


@pytest.fixture(scope="session")
def writer(broker, kind, channel):
    started = Writer(kind, broker.url(), channel)
    yield started
    started.stop()


async def published(tapped):
    """The next envelope, and the id of its sender."""
    envelope = json.loads(await tapped.next())
    # Extensions of Rust nodes, which python-socketio ignores.
    envelope.pop("ext", None)
    envelope.pop("client", None)
    if "seq" in envelope:
        node, number = envelope.pop("seq")
        assert re.fullmatch("[0-9a-f]{32}", node) and isinstance(number, int)
    return envelope, envelope.pop("host_id")


def fits(envelope, expected):
    data = envelope.get("data")
    if expected.get("data") is NO_ARGUMENTS:
        assert data in NO_ARGUMENTS
        expected = expected | {"data": data}
    # As text, so that `True` is not equal to 1.
    assert json.dumps(envelope, sort_keys=True) == json.dumps(expected, sort_keys=True)


@pytest.mark.parametrize("case", EMITS)
async def test_a_writer_emits_the_envelope_of_python_socketio(writer, tap, channel, case):
    command, expected = EMITS[case]
    tapped = await tap(channel)
    writer.write({"op": "emit", "event": "ev"} | command)
    envelope, _ = await published(tapped)
    fits(envelope, EMIT | expected)


@pytest.mark.parametrize("case", COMMANDS)
async def test_a_writer_sends_commands_with_the_envelope_of_python_socketio(writer, tap, channel, case):
    command, expected = COMMANDS[case]
    tapped = await tap(channel)
    writer.write(command)
    envelope, _ = await published(tapped)
    fits(envelope, expected)


async def test_a_writer_has_one_host_id(writer, tap, channel):
    tapped = await tap(channel)
    writer.write(*[{"op": "emit", "event": "ev"}] * 2)
    (_, first), (_, second) = await published(tapped), await published(tapped)
    assert first == second
    assert re.fullmatch("[0-9a-f]{32}", first)


@pytest.mark.unmixed
@pytest.mark.parametrize("case", EMITS)
async def test_a_node_emits_the_envelope_of_python_socketio(cluster, connect, tap, case):
    command, expected = EMITS[case]
    ana = await connect(cluster.sender, namespaces=("/", "/chat"))
    tapped = await tap(cluster.channel)
    await ana.call("relay", {"event": "ev"} | command)
    envelope, host = await published(tapped)
    fits(envelope, EMIT | expected)
    assert re.fullmatch("[0-9a-f]{32}", host)


@pytest.mark.unmixed
async def test_a_node_skips_the_sender(cluster, connect, tap):
    ana = await connect(cluster.sender)
    tapped = await tap(cluster.channel)
    await ana.relay("ev", 1, include_self=False)
    envelope, _ = await published(tapped)
    fits(envelope, EMIT | {"skip_sid": ana.sid()})


@pytest.mark.listener_publishes
async def test_a_call_and_its_response_are_two_envelopes(cluster, clients_of_both, tap):
    ana, bo = clients_of_both
    tapped = await tap(cluster.channel)
    bo.responses["query"] = ("pong", {"n": 1})
    await ana.call("call", {"event": "query", "args": [{"q": 1}], "to": bo.sid(), "timeout": DEADLINE})

    query, caller = await published(tapped)
    id = query["callback"][2]
    assert isinstance(id, int)
    callback = [bo.sid(), "/", id]
    fits(query, EMIT | {"event": "query", "data": [{"q": 1}], "room": bo.sid(), "callback": callback})
    # The response has the host id of the caller.
    response, reader = await published(tapped)
    fits(response, {"method": "callback", "sid": bo.sid(), "namespace": "/", "id": id, "args": ["pong", {"n": 1}]})
    assert reader == caller


@pytest.mark.published_by_test
@pytest.mark.listener_publishes
async def test_a_process_that_is_not_a_node_may_call(cluster, connect, tap):
    bo = await connect(cluster.receiver)
    tapped = await tap(cluster.channel)
    bo.responses["query"] = "yes"
    query = EMIT | {"event": "query", "room": bo.sid(), "callback": [bo.sid(), "/", 77], "host_id": "foreign"}
    await tapped.publish(json.dumps(query).encode())
    assert json.loads(await tapped.next()) == query
    response, reader = await published(tapped)
    fits(response, {"method": "callback", "sid": bo.sid(), "namespace": "/", "id": 77, "args": ["yes"]})
    assert reader == "foreign"


@pytest.mark.unmixed
async def test_messages_to_a_local_client_are_not_published(cluster, connect, tap):
    if cluster.sender.kind != "rust":
        pytest.skip("a Python node publishes everything")
    ana, al = await connect(cluster.sender, cluster.sender)
    al.responses["query"] = "yes"
    tapped = await tap(cluster.channel)
    await ana.relay("ev", 1, room=al.sid())
    assert await ana.call("call", {"event": "query", "to": al.sid(), "timeout": DEADLINE}) == {"response": ["yes"]}
    await ana.call("enter", al.sid(), "room")
    await ana.call("remove", al.sid(), "room")
    await ana.relay("ev", 1, ignore_queue=True)
    await ana.call("kick", al.sid())
    assert await al.disconnected() == "/"
    await ana.relay("end")
    envelope, _ = await published(tapped)
    assert envelope["event"] == "end"


@pytest.mark.unmixed
async def test_connecting_and_disconnecting_is_not_published(cluster, connect, tap):
    tapped = await tap(cluster.channel)
    ana, bo = await connect(*cluster.nodes)
    for client in (ana, bo):
        await client.call("join", "room")
        await client.call("leave", "room")
    await bo.disconnect()
    await ana.relay("end")
    envelope, _ = await published(tapped)
    assert envelope["event"] == "end"
