"""Prometheus reads the example `metrics`; the alert rules and every query of the dashboard are run on what it has read.

Needs `prometheus` and `promtool` (Debian: prometheus), and the example: `python3 tests/monitoring/prometheus.py EXAMPLES_DIRECTORY`.
"""

import contextlib
import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).parent
MONITORING = HERE.parent.parent / "docs" / "monitoring"
PATIENCE = 60

# The metrics for which the example has no data.
LEGITIMATELY_EMPTY = {
    "socketio_queue_": "the example has no message queue",
    "socketio_store_": "the example has no event store",
    "socketio_recovery_outcomes_total": "none of its clients recovers a session",
}


def free_address():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return "127.0.0.1:%d" % probe.getsockname()[1]


@contextlib.contextmanager
def running(*command):
    process = subprocess.Popen([str(part) for part in command])
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def fetch(url, data=None):
    request = urllib.request.Request(url, None if data is None else data.encode())
    with urllib.request.urlopen(request, timeout=20) as response:
        return response.read().decode()


def until(what, condition):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if condition():
                return
        time.sleep(0.1)
    raise AssertionError("not within %d seconds: %s" % (PATIENCE, what))


class Client:
    """A client over long-polling."""

    def __init__(self, address):
        url = "http://%s/socket.io/?EIO=4&transport=polling" % address
        self.url = url + "&sid=" + json.loads(fetch(url)[1:])["sid"]
        self.send("40")
        assert fetch(self.url).startswith("40")

    def send(self, packet):
        assert fetch(self.url, packet) == "ok"

    def call(self, *event):
        """Asks for an acknowledgement, and answers the pings that come first."""
        self.send("420" + json.dumps(event))
        while True:
            packets = fetch(self.url).split("\x1e")
            if "2" in packets:
                self.send("3")
            if any(packet.startswith("430") for packet in packets):
                return


def refused(url):
    try:
        fetch(url)
    except urllib.error.HTTPError:
        return
    raise AssertionError("not refused: " + url)


def work(address):
    """Makes events, errors and problems."""
    client = Client(address)
    client.call("chat message", "hello")
    client.call("search", "a few words")
    client.call("chat message", "")
    client.call("chat message", 1)
    client.call("made up", 1)
    client.call("vote", 1)
    client.call("vote", 2)
    refused("http://%s/socket.io/?EIO=2&transport=polling" % address)
    second = Client(address)
    second.send("41")
    second.send("1")
    return client


def query(prometheus, expression):
    parameters = urllib.parse.urlencode({"query": expression})
    answer = json.loads(fetch("http://%s/api/v1/query?%s" % (prometheus, parameters)))
    assert answer["status"] == "success", answer
    return answer["data"]["result"]


def scrapes(prometheus):
    return max((float(one["value"][1]) for one in query(prometheus, "count_over_time(up[5m])")), default=0)


def dashboard_queries():
    dashboard = json.loads((MONITORING / "dashboard.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            expression = target["expr"].replace("$__rate_interval", "30s")
            expression = expression.replace("$job", ".*").replace("$instance", ".*")
            assert "$" not in expression, expression
            yield panel["title"], expression


def check_dashboard(prometheus):
    empty, count = [], 0
    for title, expression in dashboard_queries():
        count += 1
        if query(prometheus, expression):
            continue
        if not any(name in expression for name in LEGITIMATELY_EMPTY):
            empty.append("%s: %s" % (title, expression))
    assert not empty, "without data:\n" + "\n".join(empty)
    print("%d queries of the dashboard" % count)
    return count


def check_rules(prometheus):
    groups = json.loads(fetch("http://%s/api/v1/rules" % prometheus))["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert rules and all(rule["health"] == "ok" for rule in rules), rules
    firing = [rule["name"] for rule in rules if rule["state"] == "firing"]
    assert not firing, firing
    print("%d alert rules" % len(rules))
    return len(rules)


def check_names(operators):
    """Every name in the guide is exported, every exported one is in the guide, and the rules and the dashboard use no others."""
    text = fetch("http://%s/metrics" % operators)
    lint = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True)
    assert lint.returncode == 0, lint.stdout + lint.stderr
    exported = {line.split(" ")[2] for line in text.splitlines() if line.startswith("# TYPE ")}
    page = (HERE.parent.parent / "docs" / "guide" / "monitoring.md").read_text()
    undocumented = [name for name in exported if "`%s`" % name.removeprefix("socketio_") not in page]
    assert not undocumented, undocumented
    # Includes metrics for which the example has no data.
    used = set(re.findall(r"\bsocketio_\w+", (MONITORING / "alerts.yml").read_text()))
    for _, expression in dashboard_queries():
        used.update(re.findall(r"\bsocketio_\w+", expression))
    known = set(re.findall(r"`(\w+)`", page))
    unknown = [name for name in used if base_name(name).removeprefix("socketio_") not in known]
    assert not unknown, unknown


def base_name(name):
    """Returns the name of a metric without the suffix of a histogram's series."""
    return re.sub(r"_(bucket|sum|count)$", "", name)


def main(examples):
    began = time.monotonic()
    subprocess.run(["promtool", "check", "rules", MONITORING / "alerts.yml"], check=True)
    subprocess.run(["promtool", "test", "rules", HERE / "alerts.test.yml"], check=True)
    address, operators, prometheus = free_address(), free_address(), free_address()
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack:
        stack.enter_context(running(pathlib.Path(examples) / "metrics", address, operators))
        until("the example is ready", lambda: fetch("http://%s/ready" % operators) == "ready\n")
        until("it listens", lambda: socket.create_connection(address.split(":")).close() is None)
        check_names(operators)
        configuration = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(MONITORING / "alerts.yml")],
            "scrape_configs": [{"job_name": "socketio", "static_configs": [{"targets": [operators]}]}],
        }
        file = pathlib.Path(directory) / "prometheus.yml"
        file.write_text(json.dumps(configuration))  # JSON is YAML
        stack.enter_context(
            running(
                "prometheus",
                "--config.file=%s" % file,
                "--storage.tsdb.path=%s" % (pathlib.Path(directory) / "data"),
                "--web.listen-address=%s" % prometheus,
                "--log.level=warn",
            )
        )
        # Rates need numbers from before the work and from after it.
        until("the first scrapes", lambda: scrapes(prometheus) >= 3)
        client = work(address)

        def answered_ping():
            client.call("search", "again")
            return query(prometheus, "socketio_ping_round_trip_seconds_count > 0")

        until("a ping", answered_ping)
        seen = scrapes(prometheus)
        until("scrapes of it", lambda: scrapes(prometheus) >= seen + 3)
        passed = check_dashboard(prometheus) + check_rules(prometheus)
    # In the form of pytest's sum, which `tests/run` counts.
    print("%d passed in %.1fs" % (passed, time.monotonic() - began))


if __name__ == "__main__":
    main(sys.argv[1])
