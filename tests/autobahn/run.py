"""Runs Autobahn's test suite against the WebSockets of this server: `python3 tests/autobahn/run.py ECHO WSTEST [CASE..]`.

ECHO is the example `autobahn_echo`, WSTEST the program of the PyPI package `autobahntestsuite` (Python 2.7). A case is a pattern, such as
`6.*`; by default all but those of compression, which the server does not offer.
"""

import asyncio
import collections
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import adapter

# What counts as passed. An invalid text in several fragments may be refused with the last of them.
GOOD = {"OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED"}
# A message of 65,536 frames: the server refuses one of more than 16,384, as docs/guide/limits.md says.
REFUSED = {"9.3.1", "9.4.1"}


async def run_suite(echo, wstest, cases, directory):
    server = await asyncio.create_subprocess_exec(echo, stdout=subprocess.PIPE)
    try:
        ready = await asyncio.wait_for(server.stdout.readline(), 20)
        listener, port = await adapter.start(int(ready.split()[1]))
        spec = {
            "outdir": str(directory),
            "servers": [{"agent": "socketio", "url": "ws://127.0.0.1:%d" % port, "options": {"version": 18}}],
            "cases": cases or ["*"],
            "exclude-cases": ["12.*", "13.*"],
            "exclude-agent-cases": {},
        }
        file = directory / "spec.json"
        file.write_text(json.dumps(spec))
        command = [wstest, "--mode", "fuzzingclient", "--spec", str(file)]
        suite = await asyncio.create_subprocess_exec(*command, stdout=subprocess.DEVNULL)
        try:
            await suite.wait()
        finally:
            if suite.returncode is None:
                suite.kill()
        listener.close()
    finally:
        server.kill()
        await server.wait()


def main():
    echo, wstest, *cases = sys.argv[1:]
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        asyncio.run(run_suite(echo, wstest, cases, directory))
        results = json.loads((directory / "index.json").read_text())["socketio"]
        counts, failed = collections.Counter(), 0
        for case in sorted(results, key=lambda case: [int(part) for part in case.split(".")]):
            result = results[case]
            outcomes = {result["behavior"], result["behaviorClose"]}
            outcome = "REFUSED" if case in REFUSED and result["behavior"] == "FAILED" else result["behavior"]
            counts[outcome] += 1
            if outcome == "REFUSED":
                print("%s: refused, since it is in too many frames" % case)
            elif not outcomes <= GOOD:
                failed += 1
                report = json.loads((directory / result["reportfile"]).read_text())
                print("%s: %s, close: %s" % (case, result["behavior"], result["behaviorClose"]))
                print("  %s\n  %s" % (report["description"], report["result"]))
            elif result["behavior"] == "NON-STRICT":
                print("%s: NON-STRICT" % case)
    print(", ".join("%d %s" % (count, outcome) for outcome, count in counts.most_common()))
    # In the form of pytest's sum, which `tests/run` counts.
    print("%d failed, %d passed in %.1fs" % (failed, len(results) - failed, time.monotonic() - began))
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
