"""Invalid messages on the channel have no effect, and the next message arrives."""

import json

import pytest

from client import unique

pytestmark = [pytest.mark.published_by_test, pytest.mark.unmixed]

VALID = {"method": "emit", "event": "news", "data": ["invalid"], "namespace": "/", "host_id": "somebody"}


def emit(**more):
    return json.dumps(VALID | more)


def emit_without(key):
    return json.dumps({name: value for name, value in VALID.items() if name != key})


INVALID = {
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
    "a method that is not a string": json.dumps({"method": {"a": [1]}, "host_id": "somebody"}),
    "an emit without its data": emit_without("data"),
    "an emit without its event": emit_without("event"),
    "an emit without its namespace": emit_without("namespace"),
    "an emit to a namespace that is not a string": emit(namespace=7),
    "an emit to an unknown namespace": emit(namespace="/nowhere"),
    "an emit to a room that is an object": emit(room={"a": 1}),
    "an emit to rooms that are not strings": emit(room=[{"a": 1}, None, [2]]),
    "an emit that skips an object": emit(room="nobody", skip_sid={"a": 1}),
    "an emit of an event that is not a string": emit(event={"a": 1}, room="nobody"),
    "an emit with an invalid callback": emit(callback=[1], room="nobody"),
    "an emit of binary data that is a string": emit(binary=True, data="text"),
    "an emit of binary data without a list": emit(binary=True, data=[1, 2]),
    "an emit of attachments that are not base64": emit(binary=True, data=[[{"_placeholder": True, "num": 0}], "*"]),
    "an emit of too few attachments": emit(binary=True, data=[[{"_placeholder": True, "num": 5}], "AAH/"]),
    "a response that is not awaited": json.dumps(
        {"method": "callback", "host_id": "somebody", "sid": "x", "namespace": "/", "id": 1, "args": []}
    ),
    "a response without fields": json.dumps({"method": "callback"}),
    "a disconnection without a client": json.dumps({"method": "disconnect"}),
    "a disconnection of a number": json.dumps({"method": "disconnect", "sid": 7, "namespace": 8}),
    "entering a room without a client": json.dumps({"method": "enter_room"}),
    "entering a room as an object": json.dumps({"method": "enter_room", "sid": {"a": 1}, "namespace": "/", "room": []}),
    "leaving a room without a client": json.dumps({"method": "leave_room"}),
    "closing a room that is an object": json.dumps({"method": "close_room", "namespace": "/", "room": {"a": 1}}),
}

# A Python node stops receiving for a moment at these (with Kombu at those that are not text), and closes the room of all clients at the last.
HARMFUL = {
    "bytes that are not text": b"\xff\xfe\x00",
    "a pickle": b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00}\x94\x8c\x06method\x94\x8c\x04emit\x94s.",
    "a number": "7",
    "true": "true",
    "a string": '"method"',
    "an array of keys": '["method"]',
    "a huge number": "1e400",
    "closing a room without a name": json.dumps({"method": "close_room", "namespace": "/"}),
}


@pytest.mark.parametrize("invalid", INVALID | HARMFUL)
async def test_an_invalid_message_has_no_effect(cluster, connect, tap, invalid):
    if invalid in HARMFUL and any(node.kind != "rust" for node in cluster.nodes):
        pytest.skip("a Python node does not ignore it")
    clients = await connect(*cluster.nodes)
    tapped = await tap(cluster.channel)
    raw = (INVALID | HARMFUL)[invalid]
    await tapped.publish(raw if isinstance(raw, bytes) else raw.encode())
    end = unique("end")
    await tapped.publish(emit(event=end, data=[1]).encode())
    for client in clients:
        assert await client.next(end) == [1]
        assert (await client.call("whoami"))["sid"] == client.sid()


# Variants that other publishers of the same protocol may write.
VARIANTS = {
    "the least": {"event": "news", "data": [1], "namespace": "/"},
    "a value instead of a list of arguments": {"event": "news", "data": 1, "namespace": "/"},
    "a room that is a number": {"event": "news", "data": [1], "namespace": "/", "room": 7},
    "keys that are unknown": {"event": "news", "data": [1], "namespace": "/", "flavour": {"a": 1}},
}


@pytest.mark.parametrize("variant", VARIANTS)
async def test_a_variant_of_the_envelope_is_accepted(cluster, connect, tap, variant):
    clients = await connect(*cluster.nodes)
    for client in clients:
        # Rooms are strings in Rust.
        await client.call("join", "7" if client.node.kind == "rust" else 7)
    tapped = await tap(cluster.channel)
    await tapped.publish(json.dumps({"method": "emit"} | VARIANTS[variant]).encode())
    for client in clients:
        assert await client.next("news") == [1]


async def test_messages_of_another_channel_are_not_received(cluster, connect, tap):
    clients = await connect(*cluster.nodes)
    other, tapped = await tap(unique("channel")), await tap(cluster.channel)
    await other.publish(emit(event="other").encode())
    assert json.loads(await other.next())["event"] == "other"
    await tapped.publish(emit(event="end").encode())
    for client in clients:
        assert await client.until("end") == []
