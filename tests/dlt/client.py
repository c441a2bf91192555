"""A client in Python that does what client.mjs does: python client.py URL NAME ROOM MESSAGES"""

import collections
import json
import sys
import threading

import socketio

PATIENCE = 20


def main(url, name, room, messages):
    client = socketio.Client(reconnection=False)
    counted = {"connected": 0, "sent": collections.Counter(), "acknowledged": 0, "received": collections.Counter()}
    everything = threading.Condition()

    @client.event
    def connect():
        counted["connected"] += 1

    @client.on("*")
    def received(event, *args):
        with everything:
            counted["received"][event] += 1
            everything.notify_all()

    def call(event, *args):
        counted["sent"][event] += 1
        client.call(event, args, timeout=PATIENCE)
        counted["acknowledged"] += 1

    client.connect(url, auth={"name": name}, wait_timeout=PATIENCE)
    call("log in", {"name": name, "password": "open sesame"})
    call("join", room)
    print("joined", flush=True)

    expected = int(sys.stdin.readline())
    for number in range(int(messages)):
        call("say", room, "%s says %d" % (name, number))
    counted["sent"]["nobody handles this"] += 1
    client.emit("nobody handles this", (1, 2))
    # Events are handled in order: the one before has arrived when this one is acknowledged.
    call("echo", "bye")
    with everything:
        if not everything.wait_for(lambda: counted["received"]["said"] >= expected, PATIENCE):
            sys.exit("missing messages: %r" % counted)
    print(json.dumps(counted), flush=True)
    client.disconnect()


if __name__ == "__main__":
    main(*sys.argv[1:])
