"""What does not belong on a channel harms nobody, and the next message still arrives."""

import json

import pytest

from person import unique

pytestmark = [pytest.mark.published_by_hand, pytest.mark.unmixed]

SOUND = {"method": "emit", "event": "news", "data": ["rubbish"], "namespace": "/", "host_id": "somebody"}


def emit(**more):
    return json.dumps(SOUND | more)


def emit_without(key):
    return json.dumps({name: value for name, value in SOUND.items() if name != key})


RUBBISH = {
    "nothing": "",
    "broken JSON": '{"method": "emit", "event": "news"',
    "null": "null",
    "false": "false",
    "an empty array": "[]",
    "an array": "[1, 2]",
    "an empty object": "{}",
    "nested too deeply": "[" * 100_000,
    "an emit nested too deeply": emit(data=[]).replace("[]", "[" * 100_000 + "]" * 100_000),
    "an unknown method": json.dumps({"method": "dance", "host_id": "somebody"}),
    "a method that is no text": json.dumps({"method": {"a": [1]}, "host_id": "somebody"}),
    "an emit without its data": emit_without("data"),
    "an emit without its event": emit_without("event"),
    "an emit without its namespace": emit_without("namespace"),
    "an emit into a namespace that is no text": emit(namespace=7),
    "an emit into an unknown namespace": emit(namespace="/nowhere"),
    "an emit to a room that is an object": emit(room={"a": 1}),
    "an emit to rooms that are no text": emit(room=[{"a": 1}, None, [2]]),
    "an emit that leaves out an object": emit(room="nobody", skip_sid={"a": 1}),
    "an emit of a name that is no text": emit(event={"a": 1}, room="nobody"),
    "an emit with a callback that is no callback": emit(callback=[1], room="nobody"),
    "an emit of binary data that is none": emit(binary=True, data="text"),
    "an emit of binary data without a list": emit(binary=True, data=[1, 2]),
    "an emit of attachments that are no base64": emit(binary=True, data=[[{"_placeholder": True, "num": 0}], "*"]),
    "an emit of too few attachments": emit(binary=True, data=[[{"_placeholder": True, "num": 5}], "AAH/"]),
    "an answer that nobody waits for": json.dumps(
        {"method": "callback", "host_id": "somebody", "sid": "x", "namespace": "/", "id": 1, "args": []}
    ),
    "an answer without anything": json.dumps({"method": "callback"}),
    "a disconnection of nobody": json.dumps({"method": "disconnect"}),
    "a disconnection of a number": json.dumps({"method": "disconnect", "sid": 7, "namespace": 8}),
    "an entering of nobody": json.dumps({"method": "enter_room"}),
    "an entering of an object": json.dumps({"method": "enter_room", "sid": {"a": 1}, "namespace": "/", "room": []}),
    "a leaving of nobody": json.dumps({"method": "leave_room"}),
    "a closing of an object": json.dumps({"method": "close_room", "namespace": "/", "room": {"a": 1}}),
}

# At these a Python node stops listening for a moment (with Kombu at those that are no text), and closes the room of everybody at the last.
HARMFUL = {
    "no text": b"\xff\xfe\x00",
    "a pickle": b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00}\x94\x8c\x06method\x94\x8c\x04emit\x94s.",
    "a number": "7",
    "true": "true",
    "a text": '"method"',
    "an array like an object": '["method"]',
    "a huge number": "1e400",
    "a closing of no room": json.dumps({"method": "close_room", "namespace": "/"}),
}


@pytest.mark.parametrize("rubbish", RUBBISH | HARMFUL)
async def test_rubbish_harms_nobody(cluster, connect, tap, rubbish):
    if rubbish in HARMFUL and any(node.kind != "rust" for node in cluster.nodes):
        pytest.skip("it harms a Python node")
    people = await connect(*cluster.nodes)
    tapped = await tap(cluster.channel)
    raw = (RUBBISH | HARMFUL)[rubbish]
    await tapped.publish(raw if isinstance(raw, bytes) else raw.encode())
    end = unique("end")
    await tapped.publish(emit(event=end, data=[1]).encode())
    for person in people:
        assert await person.next(end) == [1]
        assert (await person.call("whoami"))["sid"] == person.sid()


# What other publishers of the same protocol leave out, or write otherwise.
LIBERTIES = {
    "the least": {"event": "news", "data": [1], "namespace": "/"},
    "a value instead of a list of arguments": {"event": "news", "data": 1, "namespace": "/"},
    "a room that is a number": {"event": "news", "data": [1], "namespace": "/", "room": 7},
    "keys that are unknown": {"event": "news", "data": [1], "namespace": "/", "flavour": {"a": 1}},
}


@pytest.mark.parametrize("liberty", LIBERTIES)
async def test_an_envelope_may_be_written_otherwise(cluster, connect, tap, liberty):
    people = await connect(*cluster.nodes)
    for person in people:
        # Rooms are texts to Rust, whatever they are to Python.
        await person.call("join", "7" if person.node.kind == "rust" else 7)
    tapped = await tap(cluster.channel)
    await tapped.publish(json.dumps({"method": "emit"} | LIBERTIES[liberty]).encode())
    for person in people:
        assert await person.next("news") == [1]


async def test_nothing_is_heard_of_another_channel(cluster, connect, tap):
    people = await connect(*cluster.nodes)
    elsewhere, tapped = await tap(unique("channel")), await tap(cluster.channel)
    await elsewhere.publish(emit(event="elsewhere").encode())
    assert json.loads(await elsewhere.next())["event"] == "elsewhere"
    await tapped.publish(emit(event="end").encode())
    for person in people:
        assert await person.until("end") == []
