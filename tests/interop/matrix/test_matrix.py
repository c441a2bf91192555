"""Every client, over every transport."""

import re
from pathlib import Path

import pytest

from clients import CLIENTS, HERE

GUIDE = HERE.parents[2] / "docs" / "guide" / "clients.md"


def test_a_client_passes_all_steps_that_it_supports(cell, run):
    client, transport = cell
    expected = client.expected(transport)
    told = {step: ... if expected.get(step) is ... else value for step, value in run.steps.items()}
    assert told == expected, f"what else it says is in {run.errors}"


@pytest.mark.parametrize("signal", ["SIGKILL", "SIGTERM"])
def test_a_client_reconnects_after_a_restart_of_the_server(run, signal):
    assert run.back[signal] is not None, f"it was lost with {run.lost}"


def test_a_client_whose_connection_the_server_has_closed_does_not_reconnect(cell, run):
    client, _ = cell
    assert run.end is not None
    assert run.end["connects"] == 1 or not client.stays_away


def test_the_table_of_the_guide_has_every_client_and_no_other():
    table = GUIDE.read_text().split("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+) \| ([\d.]+) \| ([^|]+) \|", table, re.MULTILINE)
    clients = [
        (client.name, client.version, ", ".join(client.transports).replace("websocket", "WebSocket"))
        for client in CLIENTS
    ]
    assert sorted(rows) == sorted(clients)
