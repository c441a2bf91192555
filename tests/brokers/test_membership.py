"""Rooms and connections of clients, changed by the node that they are not connected to."""

import pytest

from person import unique

NAMESPACES = pytest.mark.parametrize("namespace", ["/", "/chat"])


@pytest.fixture
async def people(cluster, connect):
    """Ana commands; Al is a client of her node, Bo and Bea of the other one."""
    here, there = cluster.here, cluster.there
    return await connect(here, here, there, there, namespaces=("/", "/chat"))


async def end(ana, people, namespace="/"):
    """What each of the people has heard until now, of what the node of Ana sent."""
    await ana.relay("end", namespace=namespace)
    return [await person.until("end", namespace) for person in people]


@NAMESPACES
async def test_a_client_is_entered_into_a_room_by_the_other_node(people, namespace):
    ana, al, bo, bea = people
    room = unique("room")
    await ana.call("enter", al.sid(namespace), room, namespace=namespace)
    await ana.call("enter", bo.sid(namespace), room, namespace=namespace)
    await ana.relay("news", 1, room=room, namespace=namespace)
    assert await end(ana, people, namespace) == [[], [["news", 1]], [["news", 1]], []]
    assert set(await bo.call("rooms", namespace=namespace)) == {bo.sid(namespace), room}


@NAMESPACES
async def test_a_client_is_removed_from_a_room_by_the_other_node(people, namespace):
    ana, al, bo, bea = people
    room = unique("room")
    for person in (al, bo, bea):
        await person.call("join", room, namespace=namespace)
    await ana.call("remove", al.sid(namespace), room, namespace=namespace)
    await ana.call("remove", bo.sid(namespace), room, namespace=namespace)
    await ana.relay("news", 1, room=room, namespace=namespace)
    assert await end(ana, people, namespace) == [[], [], [], [["news", 1]]]
    assert await bo.call("rooms", namespace=namespace) == [bo.sid(namespace)]


@NAMESPACES
async def test_a_room_is_closed_on_both_nodes(people, namespace):
    ana, al, bo, bea = people
    closed, open = unique("closed"), unique("open")
    for person in (al, bo):
        await person.call("join", closed, namespace=namespace)
    await bea.call("join", open, namespace=namespace)
    await ana.call("close", closed, namespace=namespace)
    await ana.relay("news", 1, room=[closed, open], namespace=namespace)
    assert await end(ana, people, namespace) == [[], [], [], [["news", 1]]]
    assert await bo.call("rooms", namespace=namespace) == [bo.sid(namespace)]


async def test_a_room_is_closed_in_its_namespace_alone(people):
    ana, al, bo, bea = people
    room = unique("room")
    for namespace in ("/", "/chat"):
        await bo.call("join", room, namespace=namespace)
    await ana.call("close", room, namespace="/chat")
    await ana.relay("news", 1, room=room)
    assert await end(ana, people) == [[], [], [["news", 1]], []]


@NAMESPACES
async def test_a_client_is_disconnected_by_the_other_node(people, namespace):
    ana, al, bo, bea = people
    await ana.call("kick", al.sid(namespace), namespace=namespace)
    await ana.call("kick", bo.sid(namespace), namespace=namespace)
    assert await al.left() == namespace
    assert await bo.left() == namespace
    assert await end(ana, [ana, bea], namespace) == [[], []]
    # The other namespace of the same connection stays.
    other = "/chat" if namespace == "/" else "/"
    assert (await bo.call("whoami", namespace=other))["sid"] == bo.sid(other)


async def test_who_left_a_room_by_itself_hears_no_more_from_the_other_node(people):
    ana, al, bo, bea = people
    room = unique("room")
    for person in (bo, bea):
        await person.call("join", room)
    await bo.call("leave", room)
    await ana.relay("news", 1, room=room)
    assert await end(ana, people) == [[], [], [], [["news", 1]]]


async def test_orders_for_somebody_who_is_unknown_harm_nobody(people):
    ana, al, bo, bea = people
    nobody = unique("nobody")
    for order in (["enter", nobody, "room"], ["remove", nobody, "room"], ["close", nobody], ["kick", nobody]):
        await ana.call(*order)
    assert await end(ana, people) == [[], [], [], []]


async def test_each_node_has_the_clients_that_came_to_it(cluster, people):
    ana, al, bo, bea = people
    kinds = {"rust": "rust", "python": "python", "asyncio": "python"}
    for person in people:
        assert await person.call("whoami") == {"sid": person.sid(), "node": kinds[person.node.kind]}
