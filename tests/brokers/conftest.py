"""A broker for the whole run, a cluster for each pair of kinds, and clients for each test."""

import asyncio
import itertools

import pytest

from brokers import BROKERS
from cluster import Cluster
from person import Person


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
    """The reference, and all with a node of ours; who is `here` has to publish, unless the test does it by hand."""
    broker = _broker(metafunc)
    marked = {marker.name: marker.args for marker in metafunc.definition.iter_markers()}
    here = marked.get("spoken_by") or (broker.kinds if "published_by_hand" in marked else broker.publishing)
    there = broker.publishing if "answered" in marked else broker.kinds
    pairs = [pair for pair in itertools.product(here, there) if pair == broker.reference or "rust" in pair]
    return [pair for pair in pairs if "unmixed" not in marked or pair in (broker.reference, ("rust", "rust"))]


def pytest_collection_modifyitems(config, items):
    """Leaves out what is about another broker."""
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
    """Starts clusters of the test's own."""
    started = []

    def start(kinds, urls, wait=True):
        started.append(Cluster(kinds, urls))
        return started[-1].wait_until_ready() if wait else started[-1]

    yield start
    for cluster in started:
        cluster.stop()


@pytest.fixture
async def connect():
    """Connects a client to each of the nodes named."""
    people = []

    async def connect(*nodes, namespaces=("/",)):
        came = [Person(node) for node in nodes]
        people.extend(came)
        await asyncio.gather(*(person.connect(namespaces) for person in came))
        return came if len(came) > 1 else came[0]

    yield connect
    await asyncio.gather(*(person.leave() for person in people))


@pytest.fixture
async def pair_of_people(cluster, connect):
    """A client of the node that speaks, and one of the node that listens."""
    return await connect(cluster.here, cluster.there)


@pytest.fixture
async def tap(broker):
    """Listens to a channel: `await tap(channel)`."""
    taps = []

    async def open(channel):
        taps.append(await broker.tap(channel))
        return taps[-1]

    yield open
    for each in taps:
        await each.close()
