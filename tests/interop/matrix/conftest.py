"""Runs all clients concurrently, before the first test uses one."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from clients import CLIENTS
from run import Run

# Each run waits most of the time: for a client that connects again.
AT_ONCE = int(os.environ.get("MATRIX_AT_ONCE", 6))

CELLS = [
    pytest.param((client, transport), id=f"{client.id}-{transport}")
    for client in CLIENTS
    for transport in client.transports
]


def pytest_generate_tests(metafunc):
    if "cell" in metafunc.fixturenames:
        metafunc.parametrize("cell", CELLS, scope="session")


@pytest.fixture(scope="session")
def runs(request):
    """The runs of the selected cells, in the order of the tests."""
    with ThreadPoolExecutor(AT_ONCE) as executor:
        started = {}
        for item in request.session.items:
            cell = getattr(item, "callspec", None) and item.callspec.params.get("cell")
            if cell and _key(cell) not in started and cell[0].program.exists():
                started[_key(cell)] = executor.submit(_run, *cell)
        yield started
        for run in started.values():
            run.cancel()


@pytest.fixture
def run(cell, runs):
    client, _ = cell
    if _key(cell) not in runs:
        pytest.skip(f"{client.name} {client.version} is not installed")
    return runs[_key(cell)].result()


def _run(client, transport):
    for _ in range(client.attempts):
        run = Run(client, transport)
        if run.end is not None:
            break
    return run


def _key(cell):
    client, transport = cell
    return client.id, transport
