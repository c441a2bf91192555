"""The clients of the matrix: how each is started, and how its report differs from those of the others."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("MATRIX_CACHE", HERE.parents[1] / ".cache" / "matrix"))

TEXT = "größe 👩‍🚀"
HELLO = [{"token": TEXT}, TEXT, 3]
BYTES = {"hex": bytes(i % 256 for i in range(300)).hex()}
TRANSPORTS = ("polling", "websocket", "default")


def expected(transport):
    """The report of a client that supports everything."""
    return {
        "connect": HELLO,
        "namespace": HELLO,
        "event": [TEXT, 1, {"a": [True, None]}],
        "ack": [TEXT, [2]],
        "question": ["why", TEXT, 3],
        "asked": ["because", {TEXT: [1]}],
        "binary": [TEXT, BYTES, {"deep": [{"hex": "000102"}]}],
        "binary ack": [BYTES],
        "transport": "polling" if transport == "polling" else "websocket",
        "refused": {"message": "not today", "data": {"token": TEXT}},
        "server disconnect": "io server disconnect",
        "server close": "io server disconnect",
    }


@dataclass
class Client:
    """One version of a client, as it is named in docs/guide/clients.md."""

    name: str
    version: str
    program: Path  # what must exist if it is installed
    command: list
    # What it reports instead of `expected`; None for steps that it does not have.
    differs: dict = field(default_factory=dict)
    transports: tuple = TRANSPORTS
    # How long it may take to reconnect, in seconds from the restart of the server: most wait for 0.5 to 1.5 seconds.
    patience: float = 15.0
    # Whether it does not reconnect when the server has closed its connection.
    stays_away: bool = True
    # How often it is started if it stops in the middle of the steps.
    attempts: int = 1

    @property
    def id(self):
        return "-".join(re.findall(r"[\w.]+", f"{self.name} {self.version}"))

    def expected(self, transport):
        steps = expected(transport) | self.differs
        return {step: value for step, value in steps.items() if value is not None}


def javascript(version, exact, **others):
    driver = HERE / "js"
    return Client(
        "socket.io-client (JavaScript)",
        exact,
        driver / "node_modules" / f"client-{version}",
        ["node", driver / "driver.js", version],
        **others,
    )


def python(version, driver, **others):
    interpreter = CACHE / f"python-{version}" / "bin" / "python"
    kind = "asyncio" if "asyncio" in driver else "threads"
    return Client(
        f"python-socketio ({kind})", version, interpreter, [interpreter, HERE / "python" / driver], **others
    )


def java(version, **others):
    libraries = CACHE / f"java-{version}"
    program = libraries / "Driver.class"
    command = ["java", "-XX:TieredStopAtLevel=1", "-cp", f"{libraries}/*:{libraries}", "Driver"]
    return Client("socket.io-client (Java)", version, program, command, **others)


def compiled(name, version, program, **others):
    return Client(name, version, program, [program], **others)


# It has neither `auth` nor the data of a refusal, and no reasons of a disconnect.
PYTHON_5_0 = {
    "connect": [None, TEXT, 3],
    "namespace": [None, TEXT, 3],
    "refused": {"message": "not today", "data": None},
    "server disconnect": ...,
    "server close": ...,
}
PYTHON_5 = {"server disconnect": "server disconnect", "server close": "server disconnect"}
# One binary value for each event and nothing beside it; the byte 0x1e breaks it over WebSocket. It acknowledges nothing, sends binary
# data that is to be acknowledged as if it were an acknowledgement, and knows no reasons.
RUST = {
    "question": None,
    "asked": None,
    "binary": [{"hex": bytes(i % 256 for i in range(300) if i % 256 != 0x1E).hex()}],
    "binary ack": None,
    "server disconnect": ...,
    "server close": ...,
}

# It may see the end of the connection before the packet that announces it.
GO = {"server close": ...}

# Their protocol has no `auth`, and tells a refusal with data by the data alone.
V2 = {"connect": [None, TEXT, 3], "namespace": [None, TEXT, 3], "refused": ...}
PYTHON_4 = V2 | {"server disconnect": ..., "server close": ...}

CLIENTS = [
    javascript("3.0", "3.0.5"),
    javascript("3.1", "3.1.3"),
    javascript("4.0", "4.0.2"),
    javascript("4.8", "4.8.4"),
    python("5.0.4", "driver.py", differs=PYTHON_5_0),
    python("5.0.4", "driver_asyncio.py", differs=PYTHON_5_0),
    python("5.18.1", "driver.py", differs=PYTHON_5),
    python("5.18.1", "driver_asyncio.py", differs=PYTHON_5),
    java("2.1.2"),
    compiled("rust_socketio", "0.6.0", CACHE / "rust" / "debug" / "matrix-rust", differs=RUST, stays_away=False),
    compiled("rust_socketio (async)", "0.6.0", CACHE / "rust" / "debug" / "asynchronous", differs=RUST, stays_away=False),
    # Its requests take turns: over polling, and by default until it has been upgraded, what it sends waits for the end of its poll, which
    # may be the next ping. After an attempt to connect that failed it waits for 20 seconds.
    compiled(
        "zishang520/socket.io (Go)",
        "3.0.6",
        CACHE / "go" / "matrix",
        differs=GO,
        transports=("websocket",),
        patience=40.0,
        # Under load it sometimes stops after its first event, in about one run of six.
        attempts=3,
    ),
    # Clients of Engine.IO 3, which the server allows.
    javascript("1.7", "1.7.4", differs=V2),
    javascript("2.5", "2.5.0", differs=V2),
    python("4.6.1", "driver.py", differs=PYTHON_4, stays_away=False),
    python("4.6.1", "driver_asyncio.py", differs=PYTHON_4, stays_away=False),
    java("1.0.2", differs=V2),
]
