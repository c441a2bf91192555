"""Brokers that go away, and come back."""

import asyncio
import itertools

import pytest

from brokers import BROKERS
from wire import Wire

pytestmark = pytest.mark.unmixed

DEADLINE = 60


@pytest.fixture(scope="module")
def own_broker(request, tmp_path_factory):
    """One that nobody else is hurt by."""
    broker = BROKERS[request.config.getoption("broker")](tmp_path_factory.mktemp("outages"))
    yield broker
    broker.stop()
    broker.close()


@pytest.fixture
def running(own_broker):
    return own_broker if own_broker.running else own_broker.start()


@pytest.fixture
def wire(running):
    wire = Wire(*running.detour())
    yield wire
    wire.close()


async def test_both_nodes_go_on_after_the_broker_was_restarted(running, pair, start_cluster, connect):
    cluster = start_cluster(pair, [running.url()] * 2)
    ana, bo = await connect(*cluster.nodes)
    running.stop()
    # A Python node may not acknowledge this before the broker is back; to its own clients it has sent it.
    await ana.send("relay", {"event": "meanwhile"})
    await ana.next("meanwhile")
    running.start()
    await reaches(ana, bo)
    if cluster.there.kind in running.publishing:
        await reaches(bo, ana)
    await hears_each_once(ana, bo)


async def test_a_node_that_was_cut_off_hears_again(running, wire, pair, start_cluster, connect):
    cluster = start_cluster(pair, [running.url(), running.url(wire.port)])
    ana, bo = await connect(*cluster.nodes)
    wire.cut()
    await ana.relay("lost")
    await bo.send("relay", {"event": "meanwhile", "ignore_queue": True})
    await bo.next("meanwhile")
    wire.mend()
    await reaches(ana, bo)
    await hears_each_once(ana, bo)


@pytest.mark.spoken_by("rust")
async def test_what_a_node_emits_while_it_is_cut_off_arrives_later(running, wire, pair, start_cluster, connect):
    cluster = start_cluster(pair, [running.url(wire.port), running.url()])
    ana, bo = await connect(*cluster.nodes)
    await reaches(ana, bo)
    wire.cut()
    for number in range(100):
        await ana.relay("kept", number)
    wire.mend()
    await ana.relay("end")
    heard = [arguments[0] for event, *arguments in await bo.until("end") if event == "kept"]
    # What was under way when it was cut may have come twice.
    assert sorted(set(heard)) == list(range(100))
    assert list(dict.fromkeys(heard)) == list(range(100))
    await hears_each_once(ana, bo)


@pytest.mark.spoken_by("rust")
async def test_what_a_node_emits_while_the_broker_is_gone_arrives_when_it_is_back(running, pair, start_cluster, connect):
    cluster = start_cluster(pair, [running.url()] * 2)
    ana, bo = await connect(*cluster.nodes)
    await reaches(ana, bo)
    running.stop()
    for number in range(100):
        await ana.relay("kept", number)
    running.start()
    await ana.relay("end")
    heard = [arguments[0] for event, *arguments in await bo.until("end") if event == "kept"]
    assert list(dict.fromkeys(heard)) == list(range(100))
    await hears_each_once(ana, bo)


async def test_a_node_may_start_before_its_broker(own_broker, pair, start_cluster, connect):
    if own_broker.running:
        own_broker.stop()
    if own_broker.needed_by & set(pair):
        pytest.skip("such a Python node does not start without its broker")
    cluster = start_cluster(pair, [own_broker.url()] * 2, wait=False)
    await asyncio.gather(*(serves(node) for node in cluster.nodes))
    ana, bo = await connect(*cluster.nodes)
    await ana.send("relay", {"event": "early"})
    await ana.next("early")
    own_broker.start()
    cluster.wait_until_ready()
    await reaches(ana, bo)
    await hears_each_once(ana, bo)


@pytest.mark.only("redis")
@pytest.mark.spoken_by("rust")
async def test_a_publisher_that_was_cut_off_leaves_the_subscription_alone(running, pair, start_cluster, connect):
    cluster = start_cluster(pair, [running.url()] * 2)
    ana, bo = await connect(*cluster.nodes)
    await ana.relay("before")
    await bo.next("before")
    tapped = await running.tap(cluster.channel)
    await running.end_connections("normal")
    await ana.relay("published again")
    # Subscriptions that had been ended as well would miss it.
    await tapped.publish(b'{"method": "emit", "event": "heard", "data": [], "namespace": "/"}')
    await ana.next("heard")
    await bo.next("published again")
    await tapped.close()


@pytest.mark.only("redis")
@pytest.mark.spoken_by("rust")
async def test_a_subscription_that_was_cut_off_leaves_the_publisher_alone(running, pair, start_cluster, connect):
    cluster = start_cluster(pair, [running.url()] * 2)
    ana, bo = await connect(*cluster.nodes)
    await running.end_connections("pubsub")
    tapped = await running.tap(cluster.channel)
    await ana.relay("published")
    assert b'"published"' in await tapped.next()
    await tapped.close()
    await reaches(ana, bo)


async def reaches(speaker, listener):
    """Waits until something arrives, however much is lost before."""
    async with asyncio.timeout(DEADLINE):
        for number in itertools.count():
            await speaker.send("relay", {"event": "are you there?", "args": [number]})
            if await listener.hears("are you there?", within=0.3):
                return


async def hears_each_once(speaker, listener):
    for number in range(20):
        await speaker.relay("steady", number)
    await speaker.relay("end")
    heard = [arguments[0] for event, *arguments in await listener.until("end") if event == "steady"]
    assert heard == list(range(20))


async def serves(node):
    """Waits until a node serves, whether or not it has found its broker."""
    async with asyncio.timeout(DEADLINE):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", node.port)
                writer.close()
                return
            except OSError:
                await asyncio.sleep(0.1)
