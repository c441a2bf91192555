"""Processes that publish and do not subscribe."""

import pytest

from cluster import Writer
from client import unique
from test_emits import ARGUMENTS, exactly


@pytest.fixture(scope="session")
def writer(broker, cluster, kind):
    started = Writer(kind, broker.url(), cluster.channel)
    yield started
    started.stop()


@pytest.fixture
async def clients(cluster, connect):
    """A client of each node."""
    return await connect(*cluster.nodes, namespaces=("/", "/chat"))


pytestmark = [pytest.mark.published_by_test, pytest.mark.unmixed]


def emit(event, *args, **more):
    return {"op": "emit", "event": event, "args": list(args), **more}


@pytest.mark.parametrize("namespace", ["/", "/chat"])
async def test_emits_of_a_writer_reach_every_client_once(writer, clients, namespace):
    writer.write(emit("news", 1, namespace=namespace), emit("end", namespace=namespace))
    for client in clients:
        assert await client.until("end", namespace) == [["news", 1]]


@pytest.mark.parametrize("arguments", ARGUMENTS)
async def test_arguments_of_a_writer_arrive_unchanged(writer, clients, arguments):
    writer.write(emit("news", *ARGUMENTS[arguments]))
    for client in clients:
        assert exactly(await client.next("news")) == exactly(ARGUMENTS[arguments])


async def test_a_writer_emits_to_rooms_and_skips_clients(writer, clients):
    ana, bo = clients
    red, blue = unique("red"), unique("blue")
    await ana.call("join", red)
    await bo.call("join", blue)
    writer.write(
        emit("for red", room=red),
        emit("for both", room=[red, blue]),
        emit("for bo", room=bo.sid()),
        emit("not for bo", room=[red, blue], skip=bo.sid()),
        emit("for nobody", skip=[ana.sid(), bo.sid()]),
        emit("end"),
    )
    assert await ana.until("end") == [["for red"], ["for both"], ["not for bo"]]
    assert await bo.until("end") == [["for both"], ["for bo"]]


async def test_a_thousand_emits_of_a_writer_keep_their_order(writer, clients):
    numbers = range(1_000)
    writer.write(*[emit("news", number) for number in numbers], emit("end"))
    for client in clients:
        assert await client.until("end") == [["news", number] for number in numbers]


@pytest.mark.parametrize("namespace", ["/", "/chat"])
async def test_a_writer_enters_and_removes_clients_and_closes_rooms(writer, clients, namespace):
    red, blue = unique("red"), unique("blue")
    for client in clients:
        for room in (red, blue):
            writer.write({"op": "enter", "sid": client.sid(namespace), "room": room, "namespace": namespace})
    writer.write(emit("entered", room=[red, blue], namespace=namespace))
    writer.write({"op": "remove", "sid": clients[0].sid(namespace), "room": red, "namespace": namespace})
    writer.write(emit("in red", room=red, namespace=namespace))
    writer.write({"op": "close", "room": blue, "namespace": namespace})
    writer.write(emit("in blue", room=blue, namespace=namespace), emit("end", namespace=namespace))
    assert await clients[0].until("end", namespace) == [["entered"]]
    assert await clients[1].until("end", namespace) == [["entered"], ["in red"]]


@pytest.mark.parametrize("namespace", ["/", "/chat"])
async def test_a_writer_disconnects_clients(writer, clients, namespace):
    for client in clients:
        writer.write({"op": "kick", "sid": client.sid(namespace), "namespace": namespace})
    for client in clients:
        assert await client.disconnected() == namespace
