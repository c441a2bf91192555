"""Emits from one node to the clients of both."""

import os
import pprint

import pytest

from person import unique

# Who is in what: Ana and Al are clients of the node that speaks, Bo and Bea of the one that listens.
ROOMS = {"ana": ["red", ""], "al": [], "bo": ["red", "blue", ""], "bea": ["blue"]}

# What is asked of the node by Ana, and who hears it. A name stands for its sid, a colour for a room of the test's own.
ADDRESSES = {
    "everybody": ({}, "ana al bo bea"),
    "everybody but the sender": ({"include_self": False}, "al bo bea"),
    "a room": ({"room": "red"}, "ana bo"),
    "a room but the sender": ({"room": "red", "include_self": False}, "bo"),
    "several rooms, and who is in both hears it once": ({"room": ["red", "blue"]}, "ana bo bea"),
    "a client of the other node": ({"room": "bo"}, "bo"),
    "a client of this node": ({"room": "al"}, "al"),
    "clients of both nodes": ({"room": ["al", "bea"]}, "al bea"),
    "a room and a client": ({"room": ["blue", "ana"]}, "ana bo bea"),
    "a room that is empty": ({"room": "green"}, ""),
    "everybody but one there": ({"skip": "bo"}, "ana al bea"),
    "everybody but several": ({"skip": ["al", "bo"]}, "ana bea"),
    "a room but one there": ({"room": "blue", "skip": "bea"}, "bo"),
    "only this node": ({"ignore_queue": True}, "ana al"),
    "only this node, in a room": ({"room": "red", "ignore_queue": True}, "ana"),
}


# What a Python node understands otherwise: it adds nothing up, and sends to everybody where nothing is named.
ADDRESSES_OF_RUST = {
    "everybody but the sender and one there": ({"include_self": False, "skip": "bo"}, "al bea"),
    "everybody but the sender and several": ({"include_self": False, "skip": ["al", "bo"]}, "bea"),
    "no room": ({"room": []}, ""),
    "the room without a name": ({"room": ""}, "ana bo"),
}


@pytest.mark.parametrize("namespace", ["/", "/chat"])
@pytest.mark.parametrize("address", ADDRESSES)
async def test_an_emit_reaches_who_is_addressed_exactly_once(cluster, connect, address, namespace):
    await reaches_who_is_addressed(cluster, connect, *ADDRESSES[address], namespace)


@pytest.mark.spoken_by("rust")
@pytest.mark.parametrize("address", ADDRESSES_OF_RUST)
async def test_an_emit_of_rust_reaches_who_is_addressed_exactly_once(cluster, connect, address):
    await reaches_who_is_addressed(cluster, connect, *ADDRESSES_OF_RUST[address], "/")


async def reaches_who_is_addressed(cluster, connect, options, hearers, namespace):
    here, there = cluster.here, cluster.there
    people = dict(zip(ROOMS, await connect(here, here, there, there, namespaces=("/", "/chat"))))
    names = {"": ""} | {room: unique(room) for room in ["red", "blue", "green"]}
    names |= {name: person.sid(namespace) for name, person in people.items()}
    for name, person in people.items():
        for room in ROOMS[name]:
            await person.call("join", names[room], namespace=namespace)

    options = {key: named(value, names) for key, value in options.items()}
    await people["ana"].relay("news", 1, namespace=namespace, **options)
    await people["ana"].relay("end", namespace=namespace)

    heard = {name: await person.until("end", namespace) for name, person in people.items()}
    assert heard == {name: [["news", 1]] if name in hearers.split() else [] for name in people}


def named(value, names):
    if isinstance(value, list):
        return [named(each, names) for each in value]
    return names.get(value, value) if isinstance(value, str) else value


async def test_an_emit_into_another_namespace_reaches_both_nodes(cluster, connect):
    ana, bo = await connect(cluster.here, cluster.there, namespaces=("/", "/chat"))
    await ana.call("relay", {"event": "news", "args": [1], "namespace": "/chat"})
    for person in (ana, bo):
        assert await person.next("news", "/chat") == [1]


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
async def test_arguments_arrive_as_they_were(cluster, pair_of_people, arguments):
    ana, bo = pair_of_people
    await ana.relay("news", *ARGUMENTS[arguments], room=[ana.sid(), bo.sid()])
    for person in (ana, bo):
        assert exactly(await person.next("news")) == exactly(ARGUMENTS[arguments])


async def test_a_null_alone_arrives_as_null_or_as_no_argument(pair_of_people):
    ana, bo = pair_of_people
    await ana.relay("news", None, room=[ana.sid(), bo.sid()])
    # The envelope writes both alike.
    for person in (ana, bo):
        assert await person.next("news") in ([], [None])


def exactly(value):
    """Tells `1` from `True` and `1.0`, which are equal in Python, but not one order of keys from another."""
    return pprint.pformat(value)


@pytest.mark.spoken_by("rust")
async def test_a_message_that_the_broker_may_find_too_large_stops_none_after_it(pair_of_people):
    ana, bo = pair_of_people
    # In base 64 more than a mebibyte, the limit of NATS and Kafka.
    await ana.relay("large", os.urandom(900_000))
    await ana.relay("end")
    assert [event for event, _ in await ana.until("end")] == ["large"]
    assert [event for event, _ in await bo.until("end")] in ([], ["large"])


async def test_a_thousand_emits_keep_their_order(cluster, pair_of_people):
    ana, bo = pair_of_people
    room = unique("room")
    await ana.call("join", room)
    await bo.call("join", room)
    numbers = range(1_000)
    # Rust takes one event of a client after another; a threaded server doesn't.
    relay = ana.send if cluster.here.kind == "rust" else ana.call
    for number in numbers:
        await relay("relay", {"event": "news", "args": [number], "room": room})
    await ana.relay("end", room=room)
    for person in (ana, bo):
        assert await person.until("end") == [["news", number] for number in numbers]


@pytest.mark.answered
async def test_emits_of_both_nodes_at_once_all_arrive(pair_of_people):
    ana, bo = pair_of_people
    room = unique("room")
    for person in (ana, bo):
        await person.call("join", room)
    for number in range(100):
        for person in (ana, bo):
            await person.send("relay", {"event": person.sid(), "args": [number], "room": room})
    for person in (ana, bo):
        for speaker in (ana, bo):
            assert sorted([(await person.next(speaker.sid()))[0] for _ in range(100)]) == list(range(100))
