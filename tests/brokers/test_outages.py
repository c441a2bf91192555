"""Brokers that stop and start again, and nodes that lose their connections.

Brokers start and stop in a thread: that may take as long as a client waits for a ping, and clients must answer meanwhile.
"""

import asyncio

import pytest

from brokers import BROKERS
from proxy import Proxy
from waiting import eventually

pytestmark = pytest.mark.unmixed


@pytest.fixture(scope="module")
def own_broker(request, tmp_path_factory):
    """A broker that only these tests use."""
    broker = BROKERS[request.config.getoption("broker")](tmp_path_factory.mktemp("outages"))
    yield broker
    broker.stop()
    broker.close()


@pytest.fixture
def running(own_broker):
    return own_broker if own_broker.running else own_broker.start()


@pytest.fixture
def proxy(running):
    proxy = Proxy(*running.proxy_ports())
    yield proxy
    proxy.close()


async def test_both_nodes_work_again_after_a_restart_of_the_broker(running, pair, start_cluster, connect):
    cluster = start_cluster(pair, [running.url()] * 2)
    ana, bo = await connect(*cluster.nodes)
    await asyncio.to_thread(running.stop)
    # A Python node may acknowledge this only when the broker is back, but has sent it to its own clients.
    await ana.send("relay", {"event": "meanwhile"})
    await ana.next("meanwhile")
    await asyncio.to_thread(running.start)
    await reaches(ana, bo)
    if cluster.receiver.kind in running.publishing:
        await reaches(bo, ana)
    await receives_each_once(ana, bo)


async def test_a_node_receives_again_after_it_was_disconnected(running, proxy, pair, start_cluster, connect):
    cluster = start_cluster(pair, [running.url(), running.url(proxy.port)])
    ana, bo = await connect(*cluster.nodes)
    proxy.cut()
    await ana.relay("lost")
    await bo.send("relay", {"event": "meanwhile", "ignore_queue": True})
    await bo.next("meanwhile")
    proxy.restore()
    await reaches(ana, bo)
    await receives_each_once(ana, bo)


@pytest.mark.sender("rust")
async def test_emits_of_a_disconnected_node_arrive_later(running, proxy, pair, start_cluster, connect):
    cluster = start_cluster(pair, [running.url(proxy.port), running.url()])
    ana, bo = await connect(*cluster.nodes)
    await reaches(ana, bo)
    proxy.cut()
    for number in range(100):
        await ana.relay("kept", number)
    proxy.restore()
    await ana.relay("end")
    received = [arguments[0] for event, *arguments in await bo.until("end") if event == "kept"]
    # Messages in flight when the connection was lost may arrive twice.
    assert sorted(set(received)) == list(range(100))
    assert list(dict.fromkeys(received)) == list(range(100))
    await receives_each_once(ana, bo)


@pytest.mark.sender("rust")
async def test_emits_during_an_outage_of_the_broker_arrive_after_it(running, pair, start_cluster, connect):
    cluster = start_cluster(pair, [running.url()] * 2)
    ana, bo = await connect(*cluster.nodes)
    await reaches(ana, bo)
    await asyncio.to_thread(running.stop)
    for number in range(100):
        await ana.relay("kept", number)
    await asyncio.to_thread(running.start)
    await ana.relay("end")
    received = [arguments[0] for event, *arguments in await bo.until("end") if event == "kept"]
    assert list(dict.fromkeys(received)) == list(range(100))
    await receives_each_once(ana, bo)


async def test_a_node_may_start_before_its_broker(own_broker, pair, start_cluster, connect):
    if own_broker.running:
        own_broker.stop()
    if own_broker.needed_by & set(pair):
        pytest.skip("this Python node does not start without its broker")
    cluster = start_cluster(pair, [own_broker.url()] * 2, wait=False)
    await asyncio.gather(*(serves(node) for node in cluster.nodes))
    ana, bo = await connect(*cluster.nodes)
    await ana.send("relay", {"event": "early"})
    await ana.next("early")
    await asyncio.to_thread(own_broker.start)
    await asyncio.to_thread(cluster.wait_until_ready)
    await reaches(ana, bo)
    await receives_each_once(ana, bo)


@pytest.mark.only("redis")
@pytest.mark.sender("rust")
async def test_a_lost_publisher_leaves_the_subscription_alone(running, pair, start_cluster, connect):
    cluster = start_cluster(pair, [running.url()] * 2)
    ana, bo = await connect(*cluster.nodes)
    await ana.relay("before")
    await bo.next("before")
    tapped = await running.tap(cluster.channel)
    await running.end_connections("normal")
    await ana.relay("published again")
    # A subscription that was closed as well would miss it.
    await tapped.publish(b'{"method": "emit", "event": "marker", "data": [], "namespace": "/"}')
    await ana.next("marker")
    await bo.next("published again")
    await tapped.close()


@pytest.mark.only("redis")
@pytest.mark.sender("rust")
async def test_a_lost_subscription_leaves_the_publisher_alone(running, pair, start_cluster, connect):
    cluster = start_cluster(pair, [running.url()] * 2)
    ana, bo = await connect(*cluster.nodes)
    await running.end_connections("pubsub")
    tapped = await running.tap(cluster.channel)
    await ana.relay("published")
    assert b'"published"' in await tapped.next()
    await tapped.close()
    await reaches(ana, bo)


@pytest.mark.only("redis")
@pytest.mark.sender("rust")
async def test_repeated_short_cuts_under_load_lose_nothing(running, pair, start_cluster, connect):
    if set(pair) != {"rust"}:
        pytest.skip("Python nodes miss what is published while they are not subscribed")
    cluster = start_cluster(pair, [running.url()] * 2)
    ana, bo = await connect(*cluster.nodes)
    await reaches(ana, bo)

    async def cut():
        for _ in range(5):
            for kind in ("normal", "pubsub"):
                await running.end_connections(kind)
            await asyncio.sleep(1.5)

    cutting = asyncio.create_task(cut())
    number = 0
    while not cutting.done():
        await ana.relay("kept", number)
        number += 1
        await asyncio.sleep(0.005)
    await cutting
    await ana.relay("end")
    received = [arguments[0] for event, *arguments in await bo.until("end") if event == "kept"]
    assert received == list(range(number))


async def reaches(sender, receiver):
    """Emits until an event arrives, however many are lost before."""

    async def arrives():
        await sender.send("relay", {"event": "probe", "args": []})
        return await receiver.receives("probe", within=0.3)

    await eventually(arrives)


async def receives_each_once(sender, receiver):
    for number in range(20):
        await sender.relay("steady", number)
    await sender.relay("end")
    received = [arguments[0] for event, *arguments in await receiver.until("end") if event == "steady"]
    assert received == list(range(20))


async def serves(node):
    """Waits until a node accepts connections, whether or not it has reached its broker."""

    async def accepts():
        _, writer = await asyncio.open_connection("127.0.0.1", node.port)
        writer.close()
        return True

    await eventually(accepts)
