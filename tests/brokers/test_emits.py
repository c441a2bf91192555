"""Emits of one node to the clients of both."""

import os
import pprint

import pytest

from client import unique

# The rooms of the clients. Ana and Al are clients of the node that sends, Bo and Bea of the one that receives.
ROOMS = {"ana": ["red", ""], "al": [], "bo": ["red", "blue", ""], "bea": ["blue"]}

# The options of an emit by Ana, and its recipients. A name stands for a sid, a colour for a room.
TARGETS = {
    "all": ({}, "ana al bo bea"),
    "all but the sender": ({"include_self": False}, "al bo bea"),
    "a room": ({"room": "red"}, "ana bo"),
    "a room but the sender": ({"room": "red", "include_self": False}, "bo"),
    "several rooms, one client in both": ({"room": ["red", "blue"]}, "ana bo bea"),
    "a client of the other node": ({"room": "bo"}, "bo"),
    "a client of this node": ({"room": "al"}, "al"),
    "clients of both nodes": ({"room": ["al", "bea"]}, "al bea"),
    "a room and a client": ({"room": ["blue", "ana"]}, "ana bo bea"),
    "an empty room": ({"room": "green"}, ""),
    "all but one of the other node": ({"skip": "bo"}, "ana al bea"),
    "all but several": ({"skip": ["al", "bo"]}, "ana bea"),
    "a room but one of the other node": ({"room": "blue", "skip": "bea"}, "bo"),
    "only this node": ({"ignore_queue": True}, "ana al"),
    "only this node, in a room": ({"room": "red", "ignore_queue": True}, "ana"),
}


# A Python node behaves differently: it does not combine options, and an empty list addresses all.
TARGETS_OF_RUST = {
    "all but the sender and one of the other node": ({"include_self": False, "skip": "bo"}, "al bea"),
    "all but the sender and several": ({"include_self": False, "skip": ["al", "bo"]}, "bea"),
    "no room": ({"room": []}, ""),
    "the room without a name": ({"room": ""}, "ana bo"),
}


@pytest.mark.parametrize("namespace", ["/", "/chat"])
@pytest.mark.parametrize("target", TARGETS)
async def test_an_emit_reaches_its_target_exactly_once(cluster, connect, target, namespace):
    await reaches_its_target(cluster, connect, *TARGETS[target], namespace)


@pytest.mark.sender("rust")
@pytest.mark.parametrize("target", TARGETS_OF_RUST)
async def test_an_emit_of_rust_reaches_its_target_exactly_once(cluster, connect, target):
    await reaches_its_target(cluster, connect, *TARGETS_OF_RUST[target], "/")


async def reaches_its_target(cluster, connect, options, recipients, namespace):
    sender, receiver = cluster.sender, cluster.receiver
    clients = dict(zip(ROOMS, await connect(sender, sender, receiver, receiver, namespaces=("/", "/chat"))))
    names = {"": ""} | {room: unique(room) for room in ["red", "blue", "green"]}
    names |= {name: client.sid(namespace) for name, client in clients.items()}
    for name, client in clients.items():
        for room in ROOMS[name]:
            await client.call("join", names[room], namespace=namespace)

    options = {key: named(value, names) for key, value in options.items()}
    await clients["ana"].relay("news", 1, namespace=namespace, **options)
    await clients["ana"].relay("end", namespace=namespace)

    received = {name: await client.until("end", namespace) for name, client in clients.items()}
    assert received == {name: [["news", 1]] if name in recipients.split() else [] for name in clients}


def named(value, names):
    if isinstance(value, list):
        return [named(each, names) for each in value]
    return names.get(value, value) if isinstance(value, str) else value


async def test_an_emit_to_another_namespace_reaches_both_nodes(cluster, connect):
    ana, bo = await connect(cluster.sender, cluster.receiver, namespaces=("/", "/chat"))
    await ana.call("relay", {"event": "news", "args": [1], "namespace": "/chat"})
    for client in (ana, bo):
        assert await client.next("news", "/chat") == [1]


ARGUMENTS = {
    "none": [],
    "one": ["text"],
    "several": ["a", 1, {"k": 2}],
    "one list": [[1, 2]],
    "an empty list": [[]],
    "an empty object": [{}],
    "nested": [{"a": [{"b": [[], {}, [None]]}]}],
    "null among others": ["a", None],
    "null inside": [{"a": None, "b": [None]}],
    "booleans": [[True, False, 1, 0]],
    "unicode": ["é☃😀\u2028\x00\"\\", {"größe": "שלום"}],
    "big integers": [[2**53 + 1, 2**63 - 1, -(2**63), 2**64 - 1]],
    "fractions": [[0.1, 1.5, -2.25, 1e300, 5e-324]],
    "bytes": [b"\x00\x01\xff"],
    "no bytes": [b""],
    "nested bytes": [{"a": b"ab", "l": [1, b"cd", {"deep": [[b"ef"]]}]}],
    "bytes among others": [b"ab", "x", {"k": b""}],
    "data like a placeholder": [{"_placeholder": True, "num": 0}],
    "a large text": ["größe " * 30_000],
    "many numbers": [list(range(40_000))],
    "large bytes": [os.urandom(200_000)],
}


@pytest.mark.parametrize("arguments", ARGUMENTS)
async def test_arguments_arrive_unchanged(cluster, clients_of_both, arguments):
    ana, bo = clients_of_both
    await ana.relay("news", *ARGUMENTS[arguments], room=[ana.sid(), bo.sid()])
    for client in (ana, bo):
        assert exactly(await client.next("news")) == exactly(ARGUMENTS[arguments])


async def test_a_single_null_arrives_as_null_or_as_no_argument(clients_of_both):
    ana, bo = clients_of_both
    await ana.relay("news", None, room=[ana.sid(), bo.sid()])
    # The envelope is the same for both.
    for client in (ana, bo):
        assert await client.next("news") in ([], [None])


def exactly(value):
    """A text in which `1`, `True` and `1.0` differ, which are equal in Python, but the order of keys does not matter."""
    return pprint.pformat(value)


@pytest.mark.sender("rust")
async def test_a_message_that_may_be_too_large_for_the_broker_does_not_delay_later_ones(clients_of_both):
    ana, bo = clients_of_both
    # More than a mebibyte in Base64, which is the limit of NATS and Kafka.
    await ana.relay("large", os.urandom(900_000))
    await ana.relay("end")
    assert [event for event, _ in await ana.until("end")] == ["large"]
    assert [event for event, _ in await bo.until("end")] in ([], ["large"])


async def test_a_thousand_emits_keep_their_order(cluster, clients_of_both):
    ana, bo = clients_of_both
    room = unique("room")
    await ana.call("join", room)
    await bo.call("join", room)
    numbers = range(1_000)
    # A Rust node handles the events of a client in order; a threaded server doesn't.
    relay = ana.send if cluster.sender.kind == "rust" else ana.call
    for number in numbers:
        await relay("relay", {"event": "news", "args": [number], "room": room})
    await ana.relay("end", room=room)
    for client in (ana, bo):
        assert await client.until("end") == [["news", number] for number in numbers]


@pytest.mark.listener_publishes
async def test_emits_of_both_nodes_at_once_all_arrive(clients_of_both):
    ana, bo = clients_of_both
    room = unique("room")
    for client in (ana, bo):
        await client.call("join", room)
    for number in range(100):
        for client in (ana, bo):
            await client.send("relay", {"event": client.sid(), "args": [number], "room": room})
    for client in (ana, bo):
        for sender in (ana, bo):
            assert sorted([(await client.next(sender.sid()))[0] for _ in range(100)]) == list(range(100))
