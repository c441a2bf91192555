"""Rooms and connections of clients, changed through the other node."""

import pytest

from client import unique

NAMESPACES = pytest.mark.parametrize("namespace", ["/", "/chat"])


@pytest.fixture
async def clients(cluster, connect):
    """Ana acts; Al is a client of her node, Bo and Bea are clients of the other one."""
    sender, receiver = cluster.sender, cluster.receiver
    return await connect(sender, sender, receiver, receiver, namespaces=("/", "/chat"))


async def end(ana, clients, namespace="/"):
    """The events that each of the clients has received from the node of Ana until now."""
    await ana.relay("end", namespace=namespace)
    return [await client.until("end", namespace) for client in clients]


@NAMESPACES
async def test_a_client_is_entered_into_a_room_by_the_other_node(clients, namespace):
    ana, al, bo, bea = clients
    room = unique("room")
    await ana.call("enter", al.sid(namespace), room, namespace=namespace)
    await ana.call("enter", bo.sid(namespace), room, namespace=namespace)
    await ana.relay("news", 1, room=room, namespace=namespace)
    assert await end(ana, clients, namespace) == [[], [["news", 1]], [["news", 1]], []]
    assert set(await bo.call("rooms", namespace=namespace)) == {bo.sid(namespace), room}


@NAMESPACES
async def test_a_client_is_removed_from_a_room_by_the_other_node(clients, namespace):
    ana, al, bo, bea = clients
    room = unique("room")
    for client in (al, bo, bea):
        await client.call("join", room, namespace=namespace)
    await ana.call("remove", al.sid(namespace), room, namespace=namespace)
    await ana.call("remove", bo.sid(namespace), room, namespace=namespace)
    await ana.relay("news", 1, room=room, namespace=namespace)
    assert await end(ana, clients, namespace) == [[], [], [], [["news", 1]]]
    assert await bo.call("rooms", namespace=namespace) == [bo.sid(namespace)]


@NAMESPACES
async def test_a_room_is_closed_on_both_nodes(clients, namespace):
    ana, al, bo, bea = clients
    closed, open = unique("closed"), unique("open")
    for client in (al, bo):
        await client.call("join", closed, namespace=namespace)
    await bea.call("join", open, namespace=namespace)
    await ana.call("close", closed, namespace=namespace)
    await ana.relay("news", 1, room=[closed, open], namespace=namespace)
    assert await end(ana, clients, namespace) == [[], [], [], [["news", 1]]]
    assert await bo.call("rooms", namespace=namespace) == [bo.sid(namespace)]


async def test_a_room_is_closed_in_its_namespace_alone(clients):
    ana, al, bo, bea = clients
    room = unique("room")
    for namespace in ("/", "/chat"):
        await bo.call("join", room, namespace=namespace)
    await ana.call("close", room, namespace="/chat")
    await ana.relay("news", 1, room=room)
    assert await end(ana, clients) == [[], [], [["news", 1]], []]


@NAMESPACES
async def test_a_client_is_disconnected_by_the_other_node(clients, namespace):
    ana, al, bo, bea = clients
    await ana.call("kick", al.sid(namespace), namespace=namespace)
    await ana.call("kick", bo.sid(namespace), namespace=namespace)
    assert await al.disconnected() == namespace
    assert await bo.disconnected() == namespace
    assert await end(ana, [ana, bea], namespace) == [[], []]
    # The other namespace of the connection stays connected.
    other = "/chat" if namespace == "/" else "/"
    assert (await bo.call("whoami", namespace=other))["sid"] == bo.sid(other)


async def test_a_client_that_left_a_room_receives_no_emits_of_the_other_node_to_it(clients):
    ana, al, bo, bea = clients
    room = unique("room")
    for client in (bo, bea):
        await client.call("join", room)
    await bo.call("leave", room)
    await ana.relay("news", 1, room=room)
    assert await end(ana, clients) == [[], [], [], [["news", 1]]]


async def test_commands_for_an_unknown_client_have_no_effect(clients):
    ana, al, bo, bea = clients
    nobody = unique("nobody")
    for command in (["enter", nobody, "room"], ["remove", nobody, "room"], ["close", nobody], ["kick", nobody]):
        await ana.call(*command)
    assert await end(ana, clients) == [[], [], [], []]


async def test_each_node_has_the_clients_that_connected_to_it(cluster, clients):
    ana, al, bo, bea = clients
    kinds = {"rust": "rust", "python": "python", "asyncio": "python"}
    for client in clients:
        assert await client.call("whoami") == {"sid": client.sid(), "node": kinds[client.node.kind]}
