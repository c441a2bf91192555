"""A broker for the whole run, a cluster for each pair of kinds, and clients for each test."""

import asyncio
import itertools

import pytest

from brokers import BROKERS
from cluster import Cluster
from client import Client


def pytest_addoption(parser):
    parser.addoption("--broker", required=True, choices=BROKERS)


def pytest_generate_tests(metafunc):
    if "pair" in metafunc.fixturenames:
        metafunc.parametrize("pair", _pairs(metafunc), ids="+".join, scope="session")
    if "kind" in metafunc.fixturenames:
        kinds = [kind for kind in _broker(metafunc).kinds if kind in _broker(metafunc).publishing]
        metafunc.parametrize("kind", kinds, scope="session")


def _broker(metafunc):
    return BROKERS[metafunc.config.getoption("broker")]


def _pairs(metafunc):
    """The reference, and all pairs with a Rust node. The node `sender` must be able to publish, unless the test itself does."""
    broker = _broker(metafunc)
    marked = {marker.name: marker.args for marker in metafunc.definition.iter_markers()}
    sender = marked.get("sender") or (broker.kinds if "published_by_test" in marked else broker.publishing)
    receiver = broker.publishing if "listener_publishes" in marked else broker.kinds
    pairs = [pair for pair in itertools.product(sender, receiver) if pair == broker.reference or "rust" in pair]
    return [pair for pair in pairs if "unmixed" not in marked or pair in (broker.reference, ("rust", "rust"))]


def pytest_collection_modifyitems(config, items):
    """Leaves out the tests of other brokers."""
    chosen = config.getoption("broker")
    items[:] = [item for item in items if all(chosen in marker.args for marker in item.iter_markers("only"))]


@pytest.fixture(scope="session")
def broker(request, tmp_path_factory):
    started = BROKERS[request.config.getoption("broker")](tmp_path_factory.mktemp("broker")).start()
    yield started
    started.stop()
    started.close()


@pytest.fixture(scope="session")
def cluster(broker, pair):
    started = Cluster(pair, [broker.url(), broker.url()])
    try:
        yield started.wait_until_ready()
    finally:
        started.stop()


@pytest.fixture
def start_cluster():
    """Starts clusters for one test."""
    started = []

    def start(kinds, urls, wait=True):
        started.append(Cluster(kinds, urls))
        return started[-1].wait_until_ready() if wait else started[-1]

    yield start
    for cluster in started:
        cluster.stop()


@pytest.fixture
async def connect():
    """Connects a client to each of the given nodes."""
    clients = []

    async def connect(*nodes, namespaces=("/",)):
        connected = [Client(node) for node in nodes]
        clients.extend(connected)
        await asyncio.gather(*(client.connect(namespaces) for client in connected))
        return connected if len(connected) > 1 else connected[0]

    yield connect
    await asyncio.gather(*(client.disconnect() for client in clients))


@pytest.fixture
async def clients_of_both(cluster, connect):
    """A client of the node that sends, and one of the node that receives."""
    return await connect(cluster.sender, cluster.receiver)


@pytest.fixture
async def tap(broker):
    """Subscribes to a channel: `await tap(channel)`."""
    taps = []

    async def open(channel):
        taps.append(await broker.tap(channel))
        return taps[-1]

    yield open
    for each in taps:
        await each.close()
