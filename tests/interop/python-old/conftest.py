"""A server that lets old clients connect, and the transports that they use."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

import servers  # noqa: E402

# `default` starts polling and upgrades to WebSocket while it connects.
TRANSPORTS = {"polling": ["polling"], "websocket": ["websocket"], "default": None}


@pytest.fixture(params=TRANSPORTS)
def transports(request):
    return TRANSPORTS[request.param]


@pytest.fixture(scope="session")
def conformance():
    server, address = servers.conformance(allow_eio3=True)
    yield address
    server.stop()


@pytest.fixture
def own_conformance():
    """Starts servers for one test, with its options."""
    started = []

    def start(**figures):
        server, address = servers.conformance(**figures)
        started.append(server)
        return server, address

    yield start
    for server in started:
        server.stop()
