"""A Redis that speaks RESP2 only, as versions before 6 and some proxies do."""

import pytest

from brokers.redis import Redis

pytestmark = pytest.mark.only("redis")


@pytest.fixture(scope="module", params=[[], ["--requirepass", "secret"]], ids=["open", "with a password"])
def old(request, tmp_path_factory):
    broker = Redis(tmp_path_factory.mktemp("resp2"), "--rename-command", "HELLO", "", *request.param)
    broker.start()
    yield broker, ":secret@" if request.param else ""
    broker.stop()


@pytest.mark.parametrize("protocol", ["", "?protocol=resp2"], ids=["found out", "in the URL"])
@pytest.mark.parametrize("kinds", [("rust", "rust"), ("rust", "python"), ("python", "rust")], ids="+".join)
async def test_nodes_form_a_cluster(old, start_cluster, connect, kinds, protocol):
    broker, password = old
    url = f"redis://{password}127.0.0.1:{broker.port}/0"
    # Newer versions of the Python client greet with HELLO, too.
    urls = [url + (protocol if kind == "rust" else "?protocol=2") for kind in kinds]
    ana, bo = await connect(*start_cluster(kinds, urls).nodes)
    # Several at once, one that needs many reads, and one that looks like a reply of the protocol.
    for number in range(100):
        await ana.relay("news", number)
    large = "x" * 300_000
    await ana.relay("news", large)
    await ana.relay("news", "*3\r\n$7\r\nmessage\r\n")
    expected = [[number] for number in range(100)] + [[large], ["*3\r\n$7\r\nmessage\r\n"]]
    for client in (ana, bo):
        assert [await client.next("news") for _ in expected] == expected
    await bo.relay("news", "back")
    assert await ana.next("news") == ["back"]

