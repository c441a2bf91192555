"""Shared by the two drivers."""

import inspect
import json

TEXT = "größe 👩‍🚀"
AUTH = {"token": TEXT}
BYTES = bytes(i % 256 for i in range(300))

TRANSPORTS = {"polling": ["polling"], "websocket": ["websocket"], "default": None}


def report(step, value=None):
    print(json.dumps({"step": step, "value": value}), flush=True)


def connect_options(connect, transport, namespaces):
    """The arguments of `connect`; versions before 5.1 have no `auth`."""
    options = {"transports": TRANSPORTS[transport], "namespaces": list(namespaces)}
    parameters = inspect.signature(connect).parameters
    if "auth" in parameters:
        options["auth"] = AUTH
    if "wait_timeout" in parameters:
        options["wait_timeout"] = 10
    return options


def hex_of(value):
    """The value with its binary parts as text."""
    if isinstance(value, (bytes, bytearray)):
        return {"hex": value.hex()}
    if isinstance(value, (list, tuple)):
        return [hex_of(inner) for inner in value]
    if isinstance(value, dict):
        return {key: hex_of(inner) for key, inner in value.items()}
    return value
