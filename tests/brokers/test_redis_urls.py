"""The URLs of Redis and Valkey."""

import pytest

from brokers.redis import Redis, Sentinel

pytestmark = pytest.mark.only("redis")

URLS = {
    "a password": "redis://:secret@127.0.0.1:{port}/0",
    "a user and a password": "redis://somebody:secret@127.0.0.1:{port}/0",
    "no database": "redis://:secret@127.0.0.1:{port}",
    "a socket": "unix://{directory}/socket?password=secret",
    "a socket, with the password before the @": "unix://:secret@{directory}/socket",
    "a sentinel": "redis+sentinel://:secret@127.0.0.1:{sentinel}/0/master",
    "a sentinel that is down, and one that is up": "redis+sentinel://:secret@127.0.0.1:1,127.0.0.1:{sentinel}/0/master",
}
URLS_OF_RUST = {
    "valkey": "valkey://:secret@127.0.0.1:{port}/0",
    "a sentinel of valkey": "valkey+sentinel://:secret@127.0.0.1:{sentinel}/0/master",
}


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """The addresses of a Redis that requires a password, and of its sentinel."""
    directory = tmp_path_factory.mktemp("redis")
    user = ["on", ">secret", "~*", "&*", "+@all"]
    protected = Redis(directory, "--requirepass", "secret", "--unixsocket", directory / "socket", "--user", "somebody", *user)
    protected.start()
    sentinel = Sentinel(tmp_path_factory.mktemp("sentinel"), protected.port, "secret").start()
    yield {"port": protected.port, "directory": directory, "sentinel": sentinel.port}
    sentinel.stop()
    protected.stop()


CASES = [(url_of, kind) for kind in ("python", "rust") for url_of in URLS] + [(url_of, "rust") for url_of in URLS_OF_RUST]


@pytest.mark.parametrize("url_of, node_kind", CASES)
async def test_two_nodes_form_a_cluster_by_the_url(places, start_cluster, connect, url_of, node_kind):
    url = (URLS | URLS_OF_RUST)[url_of].format(**places)
    await meet(start_cluster([node_kind] * 2, [url] * 2), connect)


@pytest.mark.parametrize("kinds", [("python", "python"), ("rust", "rust"), ("rust", "python")], ids="+".join)
async def test_the_database_has_no_effect(broker, start_cluster, connect, kinds):
    url = broker.url().removesuffix("/0")
    await meet(start_cluster(kinds, [f"{url}/0", f"{url}/3"]), connect)


async def meet(cluster, connect):
    ana, bo = await connect(*cluster.nodes)
    await ana.relay("news", 1)
    assert await bo.next("news") == [1]
    await bo.relay("news", 2)
    assert [await ana.next("news"), await ana.next("news")] == [[1], [2]]
