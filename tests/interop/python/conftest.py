"""The servers, and the transports that a client can use."""

import os

import pytest

import servers

# `upgrade` starts polling and upgrades to WebSocket while it connects.
TRANSPORTS = {"polling": ["polling"], "websocket": ["websocket"], "upgrade": ["polling", "websocket"]}


@pytest.fixture(params=TRANSPORTS)
def transports(request):
    return TRANSPORTS[request.param]


@pytest.fixture(scope="session")
def conformance():
    if address := os.environ.get("SOCKETIO_URL"):
        yield address
        return
    server, address = servers.conformance()
    yield address
    server.stop()


@pytest.fixture(scope="session")
def chat():
    if address := os.environ.get("SOCKETIO_CHAT_URL"):
        yield address
        return
    if os.environ.get("SOCKETIO_URL"):
        pytest.skip("there is no SOCKETIO_CHAT_URL")
    server, address = servers.chat()
    yield address
    server.stop()


@pytest.fixture
def own_conformance():
    """Starts conformance servers for one test, with its options."""
    if os.environ.get("SOCKETIO_URL"):
        pytest.skip("needs a server of its own")
    started = []

    def start(**figures):
        server, address = servers.conformance(**figures)
        started.append(server)
        return server, address

    yield start
    for server in started:
        server.stop()
