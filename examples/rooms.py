"""A Python client for the example `rooms`: `pip install "python-socketio[client]"`, `cargo run --example rooms`, and then
`python examples/rooms.py [URL]` in two terminals. What is typed in one appears in the other.
"""

import sys

import socketio

client = socketio.Client()


@client.on("joined")
def joined(room, sid):
    print(f"{sid} has joined {room}")


@client.on("told")
def told(message):
    if message["from"] != client.get_sid():
        print(f"{message['from']}: {message['text']}")


@client.event
def connect():
    # Rooms end with the connection: join on every connect, not once. In a task, since a handler must not wait for an event.
    client.start_background_task(join)


def join():
    client.call("join", "lobby")
    print(f"{client.call('who is in', 'lobby')} in the lobby")


def main():
    client.connect(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:5000")
    try:
        for line in sys.stdin:
            client.emit("tell", (["lobby"], line.rstrip()))
        client.call("leave", "lobby")
    finally:
        client.disconnect()


if __name__ == "__main__":
    main()
