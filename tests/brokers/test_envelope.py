"""What stands on the channel, as it was recorded from python-socketio 5.18.1."""

import json
import re

import pytest

from cluster import Writer
from person import unique

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
NONE = [[None], []]  # Python writes no argument as null, and reads both as none

# Orders for a writer, and what of the envelope is not as above; a list of `data` inside NONE means either.
EMITS = {
    "an object": (
        {"args": [{"data": "foo", "n": 1, "f": 1.5, "u": "é☃😀", "z": None, "b": True}]},
        {"data": [{"data": "foo", "n": 1, "f": 1.5, "u": "é☃😀", "z": None, "b": True}]},
    ),
    "no argument": ({}, {"data": NONE}),
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

ORDERS = {
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
    """The next envelope, and who has sent it."""
    envelope = json.loads(await tapped.next())
    # Rust says what it can do beyond python-socketio, which does not look at it.
    envelope.pop("ext", None)
    envelope.pop("client", None)
    return envelope, envelope.pop("host_id")


def fits(envelope, expected):
    data = envelope.get("data")
    if expected.get("data") is NONE:
        assert data in NONE
        expected = expected | {"data": data}
    # As text, so that `True` is not 1.
    assert json.dumps(envelope, sort_keys=True) == json.dumps(expected, sort_keys=True)


@pytest.mark.parametrize("case", EMITS)
async def test_a_writer_emits_the_envelope_of_python_socketio(writer, tap, channel, case):
    order, expected = EMITS[case]
    tapped = await tap(channel)
    writer.write({"op": "emit", "event": "ev"} | order)
    envelope, _ = await published(tapped)
    fits(envelope, EMIT | expected)


@pytest.mark.parametrize("case", ORDERS)
async def test_a_writer_orders_with_the_envelope_of_python_socketio(writer, tap, channel, case):
    order, expected = ORDERS[case]
    tapped = await tap(channel)
    writer.write(order)
    envelope, _ = await published(tapped)
    fits(envelope, expected)


async def test_a_writer_has_one_name(writer, tap, channel):
    tapped = await tap(channel)
    writer.write(*[{"op": "emit", "event": "ev"}] * 2)
    (_, first), (_, second) = await published(tapped), await published(tapped)
    assert first == second
    assert re.fullmatch("[0-9a-f]{32}", first)


@pytest.mark.unmixed
@pytest.mark.parametrize("case", EMITS)
async def test_a_node_emits_the_envelope_of_python_socketio(cluster, connect, tap, case):
    order, expected = EMITS[case]
    ana = await connect(cluster.here, namespaces=("/", "/chat"))
    tapped = await tap(cluster.channel)
    await ana.call("relay", {"event": "ev"} | order)
    envelope, host = await published(tapped)
    fits(envelope, EMIT | expected)
    assert re.fullmatch("[0-9a-f]{32}", host)


@pytest.mark.unmixed
async def test_a_node_leaves_the_sender_out(cluster, connect, tap):
    ana = await connect(cluster.here)
    tapped = await tap(cluster.channel)
    await ana.relay("ev", 1, include_self=False)
    envelope, _ = await published(tapped)
    fits(envelope, EMIT | {"skip_sid": ana.sid()})


@pytest.mark.answered
async def test_a_question_and_its_answer_are_two_envelopes(cluster, pair_of_people, tap):
    ana, bo = pair_of_people
    tapped = await tap(cluster.channel)
    bo.answers["question"] = ("pong", {"n": 1})
    await ana.call("ask", {"event": "question", "args": [{"q": 1}], "to": bo.sid()})

    question, asker = await published(tapped)
    id = question["callback"][2]
    assert isinstance(id, int)
    callback = [bo.sid(), "/", id]
    fits(question, EMIT | {"event": "question", "data": [{"q": 1}], "room": bo.sid(), "callback": callback})
    # The answer carries the name of who is to read it.
    answer, reader = await published(tapped)
    fits(answer, {"method": "callback", "sid": bo.sid(), "namespace": "/", "id": id, "args": ["pong", {"n": 1}]})
    assert reader == asker


@pytest.mark.published_by_hand
@pytest.mark.answered
async def test_somebody_who_is_no_node_may_ask(cluster, connect, tap):
    bo = await connect(cluster.there)
    tapped = await tap(cluster.channel)
    bo.answers["question"] = "yes"
    question = EMIT | {"event": "question", "room": bo.sid(), "callback": [bo.sid(), "/", 77], "host_id": "foreign"}
    await tapped.publish(json.dumps(question).encode())
    assert json.loads(await tapped.next()) == question
    answer, reader = await published(tapped)
    fits(answer, {"method": "callback", "sid": bo.sid(), "namespace": "/", "id": 77, "args": ["yes"]})
    assert reader == "foreign"


@pytest.mark.unmixed
async def test_what_concerns_a_client_of_the_node_alone_is_not_published(cluster, connect, tap):
    if cluster.here.kind != "rust":
        pytest.skip("a Python node publishes all")
    ana, al = await connect(cluster.here, cluster.here)
    al.answers["question"] = "yes"
    tapped = await tap(cluster.channel)
    await ana.relay("ev", 1, room=al.sid())
    assert await ana.call("ask", {"event": "question", "to": al.sid()}) == {"answer": ["yes"]}
    await ana.call("enter", al.sid(), "room")
    await ana.call("remove", al.sid(), "room")
    await ana.relay("ev", 1, ignore_queue=True)
    await ana.call("kick", al.sid())
    assert await al.left() == "/"
    await ana.relay("end")
    envelope, _ = await published(tapped)
    assert envelope["event"] == "end"


@pytest.mark.unmixed
async def test_a_client_that_only_comes_and_goes_is_not_published(cluster, connect, tap):
    tapped = await tap(cluster.channel)
    ana, bo = await connect(*cluster.nodes)
    for person in (ana, bo):
        await person.call("join", "room")
        await person.call("leave", "room")
    await bo.leave()
    await ana.relay("end")
    envelope, _ = await published(tapped)
    assert envelope["event"] == "end"
