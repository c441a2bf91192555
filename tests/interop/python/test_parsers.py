"""Random packets through the server, encoded and decoded by the packet modules of python-engineio and python-socketio. A run repeats with
PARSER_SEED."""

import os
import random
import time

import pytest
import requests
from engineio.packet import MESSAGE, PING, Packet as EnginePacket
from engineio.payload import Payload
from socketio.packet import ACK, EVENT, Packet

from waiting import DEADLINE

SEED = int(os.environ.get("PARSER_SEED", time.time_ns() % 1_000_000))
ROUNDS = 60

# Python's own payloads separate packets by U+001E, also inside of texts.
TEXTS = ["", "a", "\0", "é☃", "😀", "\u2028", '"\\/\b\f\n\r\t', "b", "0", "-", "[", "/chat,", "_placeholder", "x" * 3_000]
NUMBERS = [0, 1, -1, 1.5, -0.25, 1e21, 1e-7, 5e-324, 2**53 - 1, -(2**63), 2**64 - 1]


@pytest.fixture
def chance():
    print(f"PARSER_SEED={SEED}")
    return random.Random(SEED)


class Session:
    """A session over polling, request by request."""

    def __init__(self, address, path):
        self.url = f"{address}{path}?EIO=4&transport=polling"
        opened = requests.get(self.url, timeout=DEADLINE).text
        self.url += "&sid=" + Payload(encoded_payload=opened).packets[0].data["sid"]

    def send(self, packets):
        body = Payload(packets).encode().encode()
        answer = requests.post(self.url, body, headers={"Content-Type": "text/plain;charset=UTF-8"}, timeout=DEADLINE)
        assert answer.status_code == 200, answer.text

    def receive(self):
        """The messages of the next poll."""
        answer = requests.get(self.url, timeout=DEADLINE)
        answer.encoding = "utf-8"
        packets = Payload(encoded_payload=answer.text).packets
        if any(packet.packet_type == PING for packet in packets):
            self.send([EnginePacket(3)])
        return [packet.data for packet in packets if packet.packet_type == MESSAGE]


def text(chance):
    return "".join(chance.choices(TEXTS, k=chance.randrange(4)))


def value(chance, depth, binary):
    kind = chance.randrange(9 if depth else 6)
    if kind == 0:
        return None
    if kind == 1:
        return chance.random() < 0.5
    if kind == 2 or kind == 3 and not binary:
        return chance.choice(NUMBERS)
    if kind == 3:
        binary.pop()
        return chance.randbytes(chance.choice([0, 1, 2, 3, 257]))
    if kind < 6:
        return text(chance)
    if kind == 6:
        return [value(chance, depth - 1, binary) for _ in range(chance.randrange(4))]
    found = {text(chance): value(chance, depth - 1, binary) for _ in range(chance.randrange(4))}
    # The official parser refuses such an object in a packet with binary data, and so does the server.
    return found | {"_placeholder": "true"} if found.get("_placeholder") is True else found


def test_payloads_of_python_engineio_are_echoed_as_it_decodes_them(conformance, chance):
    session = Session(conformance, "/engine.io/")
    for _ in range(ROUNDS):
        # python-engineio reads a text that is JSON of an object, a list or digits as that.
        message = lambda: chance.randbytes(chance.randrange(5)) if chance.random() < 0.3 else "m" + text(chance)
        sent = [message() for _ in range(chance.randrange(1, 12))]
        session.send([EnginePacket(MESSAGE, data) for data in sent])
        received = []
        while len(received) < len(sent):
            received += session.receive()
        assert received == sent


def test_packets_of_python_socketio_come_back_as_they_were_sent(conformance, chance):
    session = Session(conformance, "/socket.io/")
    session.send([EnginePacket(MESSAGE, "0")])
    waiting = []

    def receive():
        while not waiting:
            waiting.extend(session.receive())
        return waiting.pop(0)

    for number in range(ROUNDS):
        binary = [None] * chance.choice([0, 0, 1, 3, 10])
        values = [value(chance, 4, binary) for _ in range(chance.randrange(4))]
        encoded = Packet(EVENT, data=["message-with-ack", *values], id=number).encode()
        frames = encoded if isinstance(encoded, list) else [encoded]
        session.send([EnginePacket(MESSAGE, frame) for frame in frames])
        while True:
            packet = Packet(encoded_packet=receive())
            while packet.attachment_count > len(packet.attachments):
                packet.add_attachment(receive())
            if packet.packet_type in (ACK, ACK + 3):
                break
        assert packet.id == number
        assert packet.data == values
