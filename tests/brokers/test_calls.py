"""Acknowledgements: calls and callbacks of one node to clients of the other."""

import asyncio

import pytest

from client import unique
from waiting import DEADLINE, eventually

pytestmark = pytest.mark.listener_publishes

RESPONSES = {
    "one": ("text", ["text"]),
    "none": (None, []),
    "several": (("a", 1, {"k": [None]}), ["a", 1, {"k": [None]}]),
    "one list": ([1, 2], [[1, 2]]),
    "an object": ({"größe": "☃", "n": 2**53 + 1}, [{"größe": "☃", "n": 2**53 + 1}]),
}

BINARY_RESPONSES = {
    "bytes": (b"\x00\x01\xff", [b"\x00\x01\xff"]),
    "nested bytes": (({"a": [b"ab"]}, 1, b""), [{"a": [b"ab"]}, 1, b""]),
}


@pytest.mark.parametrize("response", RESPONSES)
async def test_a_client_of_the_other_node_responds_to_a_call(clients_of_both, response):
    ana, bo = clients_of_both
    given, expected = RESPONSES[response]
    assert await call(ana, bo, given) == {"response": expected}


@pytest.mark.parametrize("response", BINARY_RESPONSES)
async def test_a_response_may_be_binary(cluster, clients_of_both, response):
    if cluster.receiver.kind != "rust":
        pytest.skip("a Python node can't publish binary responses")
    if cluster.sender.kind != "rust":
        pytest.skip("a Python node can't read binary responses")
    ana, bo = clients_of_both
    given, expected = BINARY_RESPONSES[response]
    assert await call(ana, bo, given) == {"response": expected}


async def test_calls_work_after_a_binary_response_was_lost(cluster, clients_of_both):
    ana, bo = clients_of_both
    await call(ana, bo, b"\xff", timeout=0.3)
    if cluster.receiver.kind == "rust":
        assert await call(ana, bo, "text") == {"response": ["text"]}
    else:
        # A Python node that could not publish may receive nothing for a while.
        await eventually(lambda: responds(ana, bo))


@pytest.mark.parametrize("response", RESPONSES | BINARY_RESPONSES)
async def test_a_client_of_the_same_node_responds_to_a_call(cluster, connect, response):
    ana, al = await connect(cluster.sender, cluster.sender)
    given, expected = (RESPONSES | BINARY_RESPONSES)[response]
    assert await call(ana, al, given) == {"response": expected}


async def test_a_call_may_have_binary_data_and_several_arguments(clients_of_both):
    ana, bo = clients_of_both
    bo.responses["query"] = "yes"
    options = {"event": "query", "args": [b"ab", {"k": b""}, 3], "to": bo.sid(), "timeout": DEADLINE}
    assert await ana.call("call", options) == {"response": ["yes"]}
    assert await bo.next("query") == [b"ab", {"k": b""}, 3]


async def test_a_call_works_in_another_namespace(cluster, connect):
    ana, bo = await connect(cluster.sender, cluster.receiver, namespaces=("/", "/chat"))
    bo.responses["query"] = "yes"
    options = {"event": "query", "to": bo.sid("/chat"), "timeout": DEADLINE}
    assert await ana.call("call", options, namespace="/chat") == {"response": ["yes"]}
    assert await bo.next("query", "/chat") == []


async def test_a_call_without_a_response_ends_with_its_timeout(clients_of_both):
    ana, bo = clients_of_both
    never = asyncio.get_running_loop().create_future()
    assert await call(ana, bo, never, timeout=0.3) == {"error": "timeout"}
    never.cancel()


async def test_a_call_to_an_unknown_client_fails(clients_of_both):
    ana, _ = clients_of_both
    options = {"event": "query", "to": unique("nobody"), "timeout": 0.3}
    assert "error" in await ana.call("call", options)


async def test_each_of_many_concurrent_calls_gets_its_own_response(cluster, connect):
    ana, *others = await connect(cluster.sender, *[cluster.receiver] * 5)
    callers = await connect(*[cluster.sender] * 5)
    for other in others:
        other.responses["query"] = other.sid()
    pairs = [(caller, other) for caller in callers for other in others]
    calls = [caller.call("call", {"event": "query", "to": other.sid(), "timeout": DEADLINE}) for caller, other in pairs]
    assert await asyncio.gather(*calls) == [{"response": [other.sid()]} for _, other in pairs]


async def test_a_callback_gets_the_responses_of_a_room(cluster, connect):
    ana, al, bo, bea = await connect(cluster.sender, cluster.sender, cluster.receiver, cluster.receiver)
    room = unique("room")
    for client in (al, bo, bea):
        await client.call("join", room)
        client.responses["query"] = (client.sid(), 2)
    await ana.call("emit_with_callback", {"event": "query", "args": ["who?"], "room": room})
    for client in (al, bo, bea):
        assert await client.next("query") == ["who?"]
    # A Python node drops the callback after the first response.
    expected = 1 if cluster.sender.kind != "rust" else 3
    responses = [await ana.next("response") for _ in range(expected)]
    everybody = [[client.sid(), 2] for client in (al, bo, bea)]
    assert all(response in everybody for response in responses)
    assert len({sid for sid, _ in responses}) == expected


async def test_a_callback_gets_the_response_of_a_client_of_the_other_node(clients_of_both):
    ana, bo = clients_of_both
    bo.responses["query"] = ("a", None, {"k": 1})
    await ana.call("emit_with_callback", {"event": "query", "room": bo.sid()})
    assert await ana.next("response") == ["a", None, {"k": 1}]


async def responds(caller, other):
    return await call(caller, other, "text", timeout=1) == {"response": ["text"]}


async def call(caller, other, response, timeout=DEADLINE):
    other.responses["query"] = response
    return await caller.call("call", {"event": "query", "to": other.sid(), "timeout": timeout})
