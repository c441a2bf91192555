"""NATS."""

import nats

from waiting import DEADLINE

from nodes.nats_manager import processed

from .broker import Broker, Tap


class Nats(Broker):
    # The Python node has a manager that belongs to the tests.
    kinds = publishing = ("asyncio", "rust")
    reference = ("asyncio", "asyncio")
    too_large = 1_100_000

    def url(self, port=None):
        return f"nats://127.0.0.1:{port or self.port}"

    def start(self):
        return self._run("nats-server", "-a", "127.0.0.1", "-p", self.port, "-l", self.directory / "log")

    async def tap(self, channel):
        client = await nats.connect(self.url())
        subscription = await client.subscribe(channel)
        await processed(client)

        async def publish(message):
            await client.publish(channel, message)
            await processed(client)

        async def receive():
            return (await subscription.next_msg(timeout=DEADLINE)).data

        return Tap(publish, receive, client.close)
