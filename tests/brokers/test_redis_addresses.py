"""The ways in which a Redis, or a Valkey, can be named."""

import pytest

from brokers.redis import Redis, Sentinel

pytestmark = pytest.mark.only("redis")

WAYS = {
    "a password": "redis://:secret@127.0.0.1:{port}/0",
    "a user and a password": "redis://somebody:secret@127.0.0.1:{port}/0",
    "no database": "redis://:secret@127.0.0.1:{port}",
    "a socket": "unix://{directory}/socket?password=secret",
    "a socket, and a password as in other addresses": "unix://:secret@{directory}/socket",
    "a sentinel": "redis+sentinel://:secret@127.0.0.1:{sentinel}/0/master",
    "a sentinel that is away, and one that is not": "redis+sentinel://:secret@127.0.0.1:1,127.0.0.1:{sentinel}/0/master",
}
BY_RUST = {
    "valkey": "valkey://:secret@127.0.0.1:{port}/0",
    "a sentinel of valkey": "valkey+sentinel://:secret@127.0.0.1:{sentinel}/0/master",
}


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    """A Redis that wants a password, with a sentinel beside it."""
    directory = tmp_path_factory.mktemp("redis")
    user = ["on", ">secret", "~*", "&*", "+@all"]
    guarded = Redis(directory, "--requirepass", "secret", "--unixsocket", directory / "socket", "--user", "somebody", *user)
    guarded.start()
    sentinel = Sentinel(tmp_path_factory.mktemp("sentinel"), guarded.port, "secret").start()
    yield {"port": guarded.port, "directory": directory, "sentinel": sentinel.port}
    sentinel.stop()
    guarded.stop()


CASES = [(way, kind) for kind in ("python", "rust") for way in WAYS] + [(way, "rust") for way in BY_RUST]


@pytest.mark.parametrize("way, one_kind", CASES)
async def test_two_nodes_meet_by_the_address(names, start_cluster, connect, way, one_kind):
    url = (WAYS | BY_RUST)[way].format(**names)
    await meet(start_cluster([one_kind] * 2, [url] * 2), connect)


@pytest.mark.parametrize("kinds", [("python", "python"), ("rust", "rust"), ("rust", "python")], ids="+".join)
async def test_the_number_of_the_database_does_not_matter(broker, start_cluster, connect, kinds):
    url = broker.url().removesuffix("/0")
    await meet(start_cluster(kinds, [f"{url}/0", f"{url}/3"]), connect)


async def meet(cluster, connect):
    ana, bo = await connect(*cluster.nodes)
    await ana.relay("news", 1)
    assert await bo.next("news") == [1]
    await bo.relay("news", 2)
    assert [await ana.next("news"), await ana.next("news")] == [[1], [2]]
