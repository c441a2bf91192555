"""R11: clients whose handlers take exactly the arguments of an event work unchanged with a server that recovers sessions."""

import asyncio
import queue

import pytest
import socketio

import servers
from waiting import DEADLINE


@pytest.fixture
def recovery():
    port = servers.free_port()
    server = servers.Server("recovery_server", "--port", str(port))
    server.line("READY")
    yield f"http://127.0.0.1:{port}"
    server.stop()


def direct(address):
    """A client that tells the server what to do."""
    client = socketio.Client(handle_sigint=False)
    client.connect(address, namespaces=["/control"], wait_timeout=DEADLINE)
    return client


def test_r11_handlers_with_one_parameter_get_one_argument(recovery, transports):
    received = queue.Queue()
    client = socketio.Client(handle_sigint=False, reconnection=False)

    # A surplus argument would be a `TypeError` in these.
    @client.on("tick")
    def on_tick(number):
        received.put(number)

    @client.on("echoed")
    def on_echoed(text):
        received.put(text)

    @client.on("welcome")
    def on_welcome(recovered):
        received.put(recovered)

    client.connect(recovery, transports=transports, wait_timeout=DEADLINE)
    assert received.get(timeout=DEADLINE) is False
    control = direct(recovery)
    control.call("emit", {"count": 2}, namespace="/control", timeout=DEADLINE)
    assert [received.get(timeout=DEADLINE) for _ in range(2)] == [1, 2]
    client.call("join", "room", timeout=DEADLINE)
    control.call("emit", {"room": "room", "first": 3}, namespace="/control", timeout=DEADLINE)
    assert received.get(timeout=DEADLINE) == 3
    client.emit("echo", "a string")
    assert received.get(timeout=DEADLINE) == "a string"
    client.disconnect()
    control.disconnect()


def test_r11_binary_data_is_the_last_argument(recovery, transports):
    received = queue.Queue()
    client = socketio.Client(handle_sigint=False, reconnection=False)

    @client.on("tick")
    def on_tick(number, data):
        received.put((number, data))

    client.connect(recovery, transports=transports, wait_timeout=DEADLINE)
    control = direct(recovery)
    control.call("emit", {"bytes": 3}, namespace="/control", timeout=DEADLINE)
    assert received.get(timeout=DEADLINE) == (1, b"\x07\x07\x07")
    client.disconnect()
    control.disconnect()


def test_r11_the_asynchronous_client_too(recovery):
    async def scenario():
        received = asyncio.Queue()
        async with socketio.AsyncSimpleClient(handle_sigint=False) as control:
            await control.connect(recovery, namespace="/control", wait_timeout=DEADLINE)
            client = socketio.AsyncClient(handle_sigint=False, reconnection=False)

            @client.on("tick")
            async def on_tick(number):
                await received.put(number)

            await client.connect(recovery, wait_timeout=DEADLINE)
            await control.call("emit", {"count": 3}, timeout=DEADLINE)
            numbers = [await asyncio.wait_for(received.get(), DEADLINE) for _ in range(3)]
            await client.disconnect()
            return numbers

    assert asyncio.run(scenario()) == [1, 2, 3]
