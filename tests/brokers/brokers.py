"""The brokers: each a process of its own, on free ports, with its data in a directory that goes with the tests."""

import asyncio
import socket

import redis.asyncio

from processes import Process, free_port, wait_until

DEADLINE = 20


class Tap:
    """Somebody on a channel who is no node: hears what is published, as it is, and publishes whatever it likes."""

    def __init__(self, publish, receive, close):
        self.publish, self._receive, self.close = publish, receive, close

    async def next(self):
        async with asyncio.timeout(DEADLINE):
            return await self._receive()


class Redis:
    kinds = publishing = ("python", "rust")
    left_out = ()

    def __init__(self, directory, *configuration, port=None):
        self.port = port or free_port()
        self._directory, self._configuration = directory, configuration

    def url(self, port=None):
        return f"redis://127.0.0.1:{port or self.port}/0"

    def start(self):
        options = ["--port", self.port, "--bind", "127.0.0.1", "--dir", self._directory, "--save", "", "--appendonly", "no"]
        self._process = Process("redis-server", *options, *self._configuration)
        wait_until(lambda: accepts(self.port), self._process, "redis-server")
        return self

    def stop(self):
        self._process.kill()

    async def tap(self, channel):
        client = redis.asyncio.Redis.from_url(self.url())
        messages = client.pubsub(ignore_subscribe_messages=True)
        await messages.subscribe(channel)
        await messages.get_message(timeout=DEADLINE)

        async def receive():
            while (message := await messages.get_message(timeout=DEADLINE)) is None:
                pass
            return message["data"]

        async def close():
            await messages.aclose()
            await client.aclose()

        return Tap(lambda message: client.publish(channel, message), receive, close)


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


BROKERS = {"redis": Redis}
