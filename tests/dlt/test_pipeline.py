"""The pipeline of the example against a real server, with clients that count: what is in DuckDB is what they have seen."""

import json
import os
import shutil
import subprocess
import sys

import duckdb
import pytest

import pages
import server as servers

ROOM = "lobby"
MESSAGES = 60
PAGE = 150


class Pipeline:
    """A copy of `examples/dlt` in a directory of its own, with its own pipelines."""

    def __init__(self, directory, recorded):
        self.directory = directory / "dlt"
        shutil.copytree(servers.ROOT / "examples/dlt", self.directory, ignore=shutil.ignore_patterns("secrets.toml", "*.duckdb", "events"))
        example = self.directory / ".dlt/secrets.toml.example"
        assert "your_token_here" in example.read_text()
        (self.directory / ".dlt/secrets.toml").write_text(example.read_text().replace("your_token_here", servers.TOKEN))
        self.environment = {
            **os.environ,
            "DLT_DATA_DIR": str(directory / "dlt-data"),
            "RUNTIME__DLTHUB_TELEMETRY": "false",
            "SOURCES__FLASK_SOCKETIO_SOURCE__RECORDED": str(recorded),
            "SOURCES__FLASK_SOCKETIO_SOURCE__PAGE_SIZE": str(PAGE),
        }

    def python(self, *command, url=None):
        environment = dict(self.environment)
        if url:
            environment["SOURCES__FLASK_SOCKETIO_SOURCE__BASE_URL"] = url + "/socket.io-api/"
        done = subprocess.run([sys.executable, *command], cwd=self.directory, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def run(self, url):
        """Runs the pipeline, and returns the pages of events that it has asked for."""
        with pages.noted(url) as (proxy, seen):
            printed = self.python("flask_socketio_pipeline.py", url=proxy)
        assert "contains no failed jobs" in printed
        return [path for path in seen if "/events" in path]

    def query(self, sql):
        database = duckdb.connect(str(self.directory / "flask_socketio_pipeline.duckdb"), read_only=True)
        try:
            return database.execute(sql).fetchall()
        finally:
            database.close()

    def count(self, table, condition="true", node=None):
        if node:
            condition = "(%s) AND node = '%s'" % (condition, node)
        [[rows, different]] = self.query(
            "SELECT count(*), count(DISTINCT (node, seq)) FROM flask_socketio_data.%s WHERE %s" % (table, condition)
        )
        assert rows == different, "a row is there twice"
        return rows


class Loaded:
    """What happened, step by step; the tests look at the end of it."""

    def __init__(self, directory):
        recorded = directory / "events"
        self.pipeline = Pipeline(directory, recorded)
        with servers.running(recorded) as server:
            self.counted = servers.talk(server, ROOM, MESSAGES)
            servers.until("everybody has left", lambda: json.loads(server.api("sockets"))["data"] == [])
            self.rows = server.all_rows()
            self.first = self.pipeline.run(server.url)
            self.after_first = self.pipeline.count("socket_io")
            self.second = self.pipeline.run(server.url)
            self.after_second = self.pipeline.count("socket_io")
            self.more = servers.talk(server, "another room", 3)
            servers.until("everybody has left", lambda: json.loads(server.api("sockets"))["data"] == [])
            self.third = self.pipeline.run(server.url)
            self.all_rows = server.all_rows()
            self.handlers = json.loads(server.api("handlers"))["data"]
            # A shutdown closes the last file of the recorder. The API is gone then, and the files are loaded from another server.
            assert server.stop() == 0
        self.recorded = recorded
        with servers.running(directory / "events of the next") as server:
            client = servers.Polling(server)
            client.call("join", "still here")
            servers.until("it is recorded", lambda: any(row["direction"] == "in" for row in server.all_rows()))
            client.stay()
            self.next_rows = len(server.all_rows())
            self.pipeline.run(server.url)
            self.sid = json.loads(server.api("sockets"))["data"][0]["id"]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    return Loaded(tmp_path_factory.mktemp("pipeline"))


def test_three_pages_are_walked(loaded):
    by_resource = len(loaded.first) // 2
    assert by_resource >= 3, loaded.first
    assert len(loaded.rows) > 2 * PAGE
    assert loaded.after_first == len(loaded.rows)


def test_a_second_run_loads_no_row_twice(loaded):
    assert loaded.after_second == loaded.after_first
    # It begins after the last row, so that nothing is sent again.
    last = max(row["seq"] for row in loaded.rows)
    assert all("after=%d" % last in path for path in loaded.second), loaded.second


def test_a_later_run_loads_what_is_new(loaded):
    last = max(row["seq"] for row in loaded.rows)
    assert "after=%d" % last in loaded.third[0]
    new = "seq > %d AND seq <= %d" % (last, max(row["seq"] for row in loaded.all_rows))
    assert loaded.pipeline.count("socket_io", new) == len(loaded.all_rows) - len(loaded.rows) > 0


def test_rows_of_the_next_process_of_the_server_are_loaded(loaded):
    new = "seq > %d" % max(row["seq"] for row in loaded.all_rows)
    assert loaded.pipeline.count("socket_io", new) == loaded.next_rows


def test_the_counts_are_those_of_the_clients(loaded):
    counted = servers.sum_of([loaded.counted, loaded.more])
    node = loaded.rows[0]["node"]

    def count(table, condition="true"):
        return loaded.pipeline.count(table, condition, node)

    assert counted["connected"] == 8
    assert count("socket_io", "direction = 'connect' AND outcome = 'ok'") == counted["connected"]
    assert count("socket_io", "direction = 'disconnect'") == counted["connected"]
    assert count("disconnect") == counted["connected"]
    assert count("socket_io", "direction = 'ack' AND outcome = 'sent'") == counted["acknowledged"]
    for event, sent in counted["sent"].items():
        assert count("socket_io", "direction = 'in' AND event = '%s'" % event) == sent, event
    for event, received in counted["received"].items():
        sql = "SELECT sum(clients) FROM flask_socketio_data.socket_io WHERE direction = 'out' AND event = '%s' AND node = '%s'"
        assert loaded.pipeline.query(sql % (event, node)) == [(received,)], event


def test_the_queries_of_the_page_work(loaded):
    assert len(loaded.pipeline.query("SELECT * FROM flask_socketio_data.socket_io LIMIT 10")) == 10
    page = """
import dlt
data = dlt.pipeline("flask_socketio_pipeline").dataset()
sessions_df = data.socket_io.df()
print(sessions_df.head())
print(len(sessions_df), len(data.socket_io.df().head()))
"""
    printed = loaded.pipeline.python("-c", page)
    assert "%d 5" % loaded.pipeline.count("socket_io") in printed


def test_rooms_and_handlers_have_their_tables(loaded):
    rooms = loaded.pipeline.query("SELECT namespace, room, clients FROM flask_socketio_data.rooms")
    assert ("/", "still here", 1) in rooms
    [[handlers]] = loaded.pipeline.query("SELECT count(*) FROM flask_socketio_data.run_app")
    assert handlers == len(loaded.handlers) > 3


def test_the_files_of_the_recorder_are_the_same_rows(loaded):
    assert all(path.name.endswith(".jsonl.gz") for path in loaded.recorded.iterdir()), "whole files only"
    assert loaded.pipeline.count("test_client_received") == len(loaded.all_rows)
    compared = "SELECT node, seq, \"at\", direction, namespace, event, socket, \"user\", clients, bytes, round(duration, 6), outcome FROM flask_socketio_data.%s"
    mine = loaded.all_rows[0]["node"]
    differing = loaded.pipeline.query(
        "(%s WHERE node = '%s') EXCEPT (%s)" % (compared % "socket_io", mine, compared % "test_client_received")
    )
    assert differing == []


def test_arguments_are_recorded_where_a_handler_opts_in_and_secrets_never(loaded):
    said = loaded.pipeline.query("SELECT arguments FROM flask_socketio_data.test_client_received WHERE direction = 'in' AND event = 'say'")
    texts = [json.loads(arguments)[1] for (arguments,) in said]
    assert "js-0 says 0" in texts and "py-1 says %d" % (MESSAGES - 1) in texts
    logins = loaded.pipeline.query("SELECT DISTINCT arguments FROM flask_socketio_data.test_client_received WHERE event = 'log in' AND direction = 'in'")
    assert sorted(json.loads(arguments)[0]["name"] for (arguments,) in logins) == ["js-0", "js-1", "py-0", "py-1"]
    [[others]] = loaded.pipeline.query("SELECT count(arguments) FROM flask_socketio_data.test_client_received WHERE event = 'join'")
    assert others == 0
    for table in ("socket_io", "test_client_received"):
        rows = loaded.pipeline.query("SELECT * FROM flask_socketio_data.%s" % table)
        assert not any("open sesame" in str(row) for row in rows)


def test_the_four_questions_are_answered_and_drawn(loaded):
    printed = loaded.pipeline.python("questions.py")
    for question in ("slowest handlers", "events that nobody handles", "who was connected when", "messages per room and minute"):
        assert "\n%s\n" % question in printed
    assert "nobody handles this" in printed.split("events that nobody handles")[1].split("who was")[0]
    assert "py-1" in printed.split("who was connected when")[1].split("messages per")[0]
    picture = (loaded.pipeline.directory / "questions.png").read_bytes()
    assert picture.startswith(b"\x89PNG") and len(picture) > 10_000
    sys.path.insert(0, str(loaded.pipeline.directory))
    import questions

    answers = {question: loaded.pipeline.query(sql) for question, sql in questions.QUESTIONS.items()}
    messages = {}
    for namespace, room, minute, count, received in answers["messages per room and minute"]:
        messages[room] = messages.get(room, 0) + received
    assert messages[ROOM] == sum(loaded.counted["received"].values())
    assert messages["another room"] == sum(loaded.more["received"].values())
    assert answers["events that nobody handles"] == [("/", "nobody handles this", 8, 8)]
    *left, last = answers["who was connected when"]
    assert len(left) == 8 and all(until > since for who, namespace, since, until, reason in left)
    assert last[0] == loaded.sid and last[3] is None
    assert "say" in [event for namespace, event, *rest in answers["slowest handlers"]]


def test_a_wrong_token_fails_the_run_and_loads_nothing(loaded, tmp_path):
    pipeline = Pipeline(tmp_path, loaded.recorded)
    (pipeline.directory / ".dlt/secrets.toml").write_text('[sources.flask_socketio_source]\ntoken = "wrong"\n')
    with servers.running(tmp_path / "events") as server:
        with pytest.raises(AssertionError, match="401"):
            pipeline.python("flask_socketio_pipeline.py", url=server.url)
