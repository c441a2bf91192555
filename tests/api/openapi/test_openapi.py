"""The description of the HTTP API is a valid OpenAPI 3.1 document, and the example `api` answers as it says.

The example is started as a user starts it; a stock client in Python talks to it meanwhile.
"""

import itertools
import json
import os
import pathlib
import re
import socket
import subprocess
import time

import jsonschema
import pytest
import requests
import socketio
from openapi_spec_validator import OpenAPIV31SpecValidator

TOKEN = "0123456789abcdef-writer"
READER = "0123456789abcdef-reader"
PATIENCE = 30


def free_address():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return "127.0.0.1:%d" % probe.getsockname()[1]


@pytest.fixture(scope="module")
def server():
    address = free_address()
    program = pathlib.Path(os.environ["SOCKETIO_EXAMPLES"]) / "api"
    environment = {**os.environ, "API_TOKEN": TOKEN, "API_READ_TOKEN": READER}
    process = subprocess.Popen([program, address], env=environment)
    try:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                requests.get(f"http://{address}/socket.io-api/live", timeout=PATIENCE)
                break
            except requests.ConnectionError:
                assert time.monotonic() < end and process.poll() is None, "the example does not listen"
                time.sleep(0.05)
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(PATIENCE)


@pytest.fixture(scope="module")
def client(server):
    client = socketio.Client()
    received = []
    client.on("chat message", lambda *args: received.extend(args))
    client.connect(server, transports=["websocket"])
    client.call("login", {"name": "ana", "password": "hidden-password"})
    client.received = received
    yield client
    client.disconnect()


class Api:
    def __init__(self, server):
        self.url = server + "/socket.io-api/"
        self.document = self.send("GET", "openapi.json").json()

    def send(self, method, route, token=TOKEN, **options):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.request(method, self.url + route, headers=headers, timeout=PATIENCE, **options)

    def check(self, response, path, method):
        """Compares a response with the description."""
        described = self.document["paths"][path][method.lower()]["responses"]
        assert str(response.status_code) in described, (response.status_code, response.text)
        described = described[str(response.status_code)]
        if "$ref" in described:
            described = self.document["components"]["responses"][described["$ref"].rsplit("/", 1)[1]]
        content_type = response.headers["content-type"]
        schema = described["content"][content_type]["schema"]
        if content_type == "application/json":
            schema = {**schema, "components": self.document["components"]}
            jsonschema.Draft202012Validator(schema).validate(response.json())
        for name in described.get("headers", {}):
            assert name in response.headers or name == "Link", (name, dict(response.headers))
        return response


@pytest.fixture(scope="module")
def api(server):
    return Api(server)


def test_the_document_is_valid(api):
    errors = OpenAPIV31SpecValidator(api.document).iter_errors()
    assert [error.message for error in errors] == []
    assert api.document["openapi"].startswith("3.1.")


def test_answers_match_the_document(api, client):
    assert client.call("chat message", "hello") == 5
    answers = {
        "/sockets": ["", "?limit=1", "?room=lobby&user=ana&namespace=/", "?limit=0", "?nothing"],
        "/rooms": ["", "?namespace=/", "?namespace=x", "?after=x"],
        "/namespaces": ["", "?limit=1", "?limit=x"],
        "/handlers": ["", "?limit=2", "?after=1"],
        "/events": ["", "?limit=2", "?after=1", "?after=99999999999999999999", "?wait=-1"],
        "/metrics": ["", "?x"],
        "/live": ["", "?x"],
        "/ready": [""],
        "/openapi.json": [""],
    }
    for path, queries in answers.items():
        for query in queries:
            api.check(api.send("GET", path[1:] + query), path, "GET")
        if path not in ("/live", "/ready"):
            assert api.check(api.send("GET", path[1:], token="wrong"), path, "GET").status_code == 401
    sid = client.get_sid()
    bodies = {
        "/emit": [
            {"event": "chat message", "args": ["from outside"]},
            {"event": "chat message", "sockets": sid, "ack": True, "timeout": 0.1},
            {"event": "connect"},
            {"event": 1},
            {"even": "x"},
            [],
        ],
        "/rooms/join": [{"sockets": sid, "rooms": ["a", "b"]}, {"rooms": "a"}, {"everyone": True, "rooms": sid}],
        "/rooms/leave": [{"sockets": sid, "rooms": "a"}, {}],
        "/disconnect": [{"sockets": "nobody"}, {}, {"rooms": "none", "everyone": True}],
    }
    assert set(answers) | set(bodies) == set(api.document["paths"])
    statuses = {
        api.check(api.send("POST", path[1:], json=body), path, "POST").status_code
        for path, all_bodies in bodies.items()
        for body in all_bodies
    }
    assert statuses == {200, 400}
    reader = api.send("POST", "emit", token=READER, json={"event": "x"})
    assert api.check(reader, "/emit", "POST").status_code == 403


def test_pages_are_followed_by_link_headers_as_clients_of_http_do(api, client):
    seen, url = [], api.url + "events?limit=2"
    while url:
        response = requests.get(url, headers={"Authorization": f"Bearer {READER}"}, timeout=PATIENCE)
        seen += [row["seq"] for row in response.json()["data"]]
        link = response.links.get("next")
        url = link and requests.compat.urljoin(url, link["url"])
        assert response.json()["next"] == (link and link["url"])
    assert len(seen) > 2 and seen == list(range(seen[0], seen[0] + len(seen)))


def test_a_client_receives_what_another_program_emits_and_no_password_is_in_the_rows(api, client):
    count = len(client.received)
    assert api.send("POST", "emit", json={"event": "chat message", "rooms": "lobby", "args": ["news"]}).json() == {
        "data": {"clients": 1}
    }
    end = time.monotonic() + PATIENCE
    while "news" not in client.received[count:] and time.monotonic() < end:
        time.sleep(0.02)
    assert "news" in client.received[count:]
    rows = api.send("GET", "events?limit=1000").text
    assert '"name":"ana"' in rows and "hidden-password" not in rows


def test_answers_to_odd_requests_match_the_document(api):
    """Values that are wrong in many ways, in every field and parameter."""
    values = [None, True, -1, 0, 1e308, 10**30, "", "\0", "\U0001f600" * 9, "/", "*", "/{x}", [], [[]], {}, {"$binary": 1}, "x" * 5000]
    for path, operations in api.document["paths"].items():
        for method, operation in operations.items():
            if method == "post":
                schema = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
                fields = api.document["components"]["schemas"][schema]["properties"]
                base = {"event": "odd", "rooms": "odd"} if schema == "Emit" else {"rooms": "odd"}
                for field, value in itertools.product(fields, values):
                    body = {**base, field: value}
                    if schema == "Emit" and body.get("ack") is True:
                        body["timeout"] = 0
                    api.check(api.send("POST", path[1:], data=json.dumps(body)), path, "POST")
                for body in [b"", b"\xff\xfe", b"null", b"1", b'{"event":"a"' + b" " * 99, b"[" * 9999]:
                    api.check(api.send("POST", path[1:], data=body), path, "POST")
            for parameter, value in itertools.product(operation.get("parameters", []), values):
                if parameter["name"] == "wait" and value in (0, True, 1e308):
                    continue
                text = value if isinstance(value, str) else json.dumps(value)
                api.check(api.send("GET", path[1:], params={parameter["name"]: text}), path, "GET")
    assert re.match("ready", api.send("GET", "ready", token=None).text)
