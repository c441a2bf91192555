"""What remains of the recorder's files when the server is killed, and when nothing can be written."""

import gzip
import json
import resource
import signal
import zlib

import server as servers


def whole_lines(path):
    """Reads a closed file: every line is a row."""
    data = path.read_bytes()
    text = gzip.decompress(data) if path.suffix == ".gz" else data
    assert text.endswith(b"\n"), path
    return [json.loads(line) for line in text.splitlines()]


def readable(path):
    """Reads what a killed process has left as far as there is something, without its last line if that is torn."""
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = zlib.decompressobj(wbits=31).decompress(data)
    return [json.loads(line) for line in data[: data.rfind(b"\n") + 1].splitlines()]


def closed(directory):
    return sorted(directory.glob("*.jsonl*"))


def numbers(rows):
    rows = list(rows)
    seen = [row["seq"] for row in rows]
    assert len(set(seen)) == len(seen), "a row is there twice"
    return set(seen)


def kill_under_load(directory, **options):
    """Sends events until files have been closed, and kills the server while more are on their way."""
    with servers.running(directory, **options) as server:
        clients = [servers.Polling(server) for _ in range(4)]

        def send():
            for client in clients:
                client.send(*[("say", "a room", "text %d" % number) for number in range(500)])
            return len(closed(directory)) >= 3

        servers.until("three files were closed", send)
        for client in clients:
            client.send(*[("say", "a room", "on its way")] * 500)
        server.stop(signal.SIGKILL)


def check(directory, gzipped):
    kill_under_load(directory, RECORDER_BYTES=200_000, RECORDER_GZIP=int(gzipped))
    before = closed(directory)
    rows = [row for path in before for row in whole_lines(path)]
    kept = numbers(rows)
    assert len(rows) > 1_000
    # None, if it was killed right after it had closed a file.
    parts = list(directory.glob("*.part"))
    assert len(parts) <= 1
    left = numbers(row for part in parts for row in readable(part))
    assert not kept & left
    # The next server closes it.
    with servers.running(directory, RECORDER_GZIP=int(gzipped)) as server:
        servers.until("the leftover is closed", lambda: not list(directory.glob("*.part")))
        assert server.stop() == 0
    after = [path for path in closed(directory) if path not in before]
    again = numbers(row for path in after for row in whole_lines(path))
    assert left <= again
    assert not kept & again
    # Without gaps: only the last rows are missing.
    everything = sorted(seq for seq in kept | left)
    assert everything == list(range(everything[0], everything[0] + len(everything)))


def test_sigkill_under_load_leaves_whole_lines_only(tmp_path):
    check(tmp_path / "events", gzipped=False)


def test_sigkill_under_load_leaves_whole_lines_only_in_compressed_files(tmp_path):
    check(tmp_path / "events", gzipped=True)


def small_files():
    """Limits the size of files, as if the disk were full: writing fails instead of ending the process."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))


def test_a_disk_that_is_full_is_counted_and_logged_once_and_the_server_goes_on(tmp_path):
    directory = tmp_path / "events"
    with servers.running(directory, RECORDER_GZIP=0, preexec_fn=small_files) as server:
        client = servers.Polling(server)
        for _ in range(4):
            client.send(*[("say", "a room", "text")] * 500)
        assert client.call("echo", "still here") == ["still here"]
        servers.until("failures", lambda: server.metric("socketio_recorder_errors_total") >= 2)
        # Each file is given up when it is full, and the rows that did not fit are in the next one: those of the connection, and for
        # each event the received and the sent one.
        servers.until("all rows are written", lambda: server.metric("socketio_recorder_rows_total") >= 4_003)
        assert server.metric("socketio_recorder_dropped_rows_total") == 0
        assert server.stop() == 0
    rows = [row for path in closed(directory) for row in whole_lines(path)]
    said = [row for row in rows if row["direction"] == "in" and row["event"] == "say"]
    assert len(said) == 2_000 and len(numbers(rows)) == len(rows)
    assert all(path.stat().st_size <= 100_000 for path in closed(directory))
    assert server.text_of_log().count("the recorder can't write") <= server.text_of_log().count("the recorder writes again") + 1


def test_a_removed_directory_is_created_again(tmp_path):
    directory = tmp_path / "events"
    with servers.running(directory, RECORDER_GZIP=0) as server:
        client = servers.Polling(server)
        assert client.call("echo", "one") == ["one"]
        servers.until("a row is written", lambda: server.metric("socketio_recorder_rows_total") > 0)
        moved = directory.rename(tmp_path / "moved")
        assert client.call("echo", "two") == ["two"]
        servers.until("it is there again", directory.exists)
        assert client.call("echo", "three") == ["three"]
        assert server.stop() == 0
    assert list(moved.iterdir()) != []
    assert [row for path in closed(directory) for row in whole_lines(path)]
    assert server.text_of_log().count("the recorder can't write") == 1
