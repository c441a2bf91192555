"""The example `recorder` as a process, and its clients."""

import contextlib
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
EXAMPLES = pathlib.Path(os.environ.get("SOCKETIO_EXAMPLES", ROOT / "target/debug/examples"))
TOKEN = "the-token-of-this-test"
PATIENCE = 60


class Server:
    """A running server that records into a directory."""

    def __init__(self, directory, **options):
        self.directory = pathlib.Path(directory)
        preexec = options.pop("preexec_fn", None)
        environment = {**os.environ, "SOCKETIO_API_TOKEN": TOKEN, **{name: str(value) for name, value in options.items()}}
        self.log = open(self.directory.with_suffix(".log"), "ab")
        self.process = subprocess.Popen(
            [EXAMPLES / "recorder", "127.0.0.1:0", self.directory], env=environment, preexec_fn=preexec, stdout=subprocess.PIPE, stderr=self.log
        )
        line = self.process.stdout.readline().decode()
        self.url = re.search(r"http://[\d.]+:\d+", line)[0]
        # Once it answers, it handles signals.
        self.api("live")

    def api(self, path):
        request = urllib.request.Request(self.url + "/socket.io-api/" + path, headers={"Authorization": "Bearer " + TOKEN})
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.read()

    def all_rows(self):
        """Follows the pages of `events` without dlt."""
        rows, path = [], "events?after=0&limit=1000"
        while path:
            page = json.loads(self.api(path))
            assert not (page["gap"] and page["gap"]["missed"]), page["gap"]
            rows += page["data"]
            path = page["next"] and page["next"].split("/socket.io-api/")[1]
        return rows

    def metric(self, name):
        found = re.search(r"^%s(?:\{.*\})? (\d+)$" % name, self.api("metrics").decode(), re.MULTILINE)
        return int(found[1])

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        try:
            return self.process.wait(PATIENCE)
        finally:
            self.process.stdout.close()
            self.log.close()

    def text_of_log(self):
        return self.directory.with_suffix(".log").read_text()


@contextlib.contextmanager
def running(directory, **options):
    server = Server(directory, **options)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.stop(signal.SIGKILL)


def until(what, condition):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError("not within %d seconds: %s" % (PATIENCE, what))


CLIENTS = {"js": ["node", HERE / "client.mjs"], "py": [sys.executable, HERE / "client.py"]}


def talk(server, room, messages):
    """Two clients of each kind talk in a room. Returns what they have counted together."""
    clients = []
    for kind, command in CLIENTS.items():
        for number in range(2):
            arguments = [*command, server.url, "%s-%d" % (kind, number), room, str(messages)]
            clients.append(subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    try:
        for client in clients:
            assert client.stdout.readline() == "joined\n"
        for client in clients:
            client.stdin.write("%d\n" % (messages * len(clients)))
            client.stdin.flush()
        counted = [json.loads(client.stdout.readline()) for client in clients]
        for client in clients:
            assert client.wait(PATIENCE) == 0
    finally:
        for client in clients:
            client.kill()
            client.wait()
            client.stdin.close()
            client.stdout.close()
    return sum_of(counted)


def sum_of(counted):
    total = {"connected": 0, "sent": {}, "acknowledged": 0, "received": {}}
    for one in counted:
        for name in ("connected", "acknowledged"):
            total[name] += one[name]
        for name in ("sent", "received"):
            for event, count in one[name].items():
                total[name][event] = total[name].get(event, 0) + count
    return total


class Polling:
    """A client over long-polling that sends as much as it is told in one request, for load."""

    def __init__(self, server):
        self.address = server.url.removeprefix("http://")
        # A poll is answered by the next ping at the latest.
        self.connection = http.client.HTTPConnection(self.address, timeout=PATIENCE)
        self.path = "/socket.io/?EIO=4&transport=polling"
        self.path += "&sid=" + json.loads(self.request("GET")[1:])["sid"]
        self.request("POST", "40")
        while not self.request("GET").startswith("40"):
            pass

    def request(self, method, body=None):
        self.connection.request(method, self.path, body)
        response = self.connection.getresponse()
        assert response.status == 200, response.status
        return response.read().decode()

    def send(self, *events):
        self.request("POST", "\x1e".join("42" + json.dumps(event) for event in events))

    def call(self, *event):
        """Asks for an acknowledgement, and answers pings that come before it."""
        self.request("POST", "420" + json.dumps(event))
        while True:
            for packet in self.request("GET").split("\x1e"):
                if packet == "2":
                    self.request("POST", "3")
                elif packet.startswith("430"):
                    return json.loads(packet[3:])

    def stay(self):
        """Polls and answers pings in a thread, until the server ends."""

        def poll():
            with contextlib.suppress(OSError, http.client.HTTPException):
                while True:
                    if "2" in self.request("GET").split("\x1e"):
                        self.request("POST", "3")

        threading.Thread(target=poll, daemon=True).start()
