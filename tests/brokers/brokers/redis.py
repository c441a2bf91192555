"""Redis."""

import redis.asyncio

from waiting import DEADLINE

from .broker import Broker, Tap


class Redis(Broker):
    kinds = publishing = ("python", "rust")
    reference = ("python", "python")

    def __init__(self, directory, *configuration):
        super().__init__(directory)
        self._configuration = configuration

    def url(self, port=None):
        return f"redis://127.0.0.1:{port or self.port}/0"

    def start(self):
        options = ["--port", self.port, "--bind", "127.0.0.1", "--dir", self.directory, "--save", "", "--appendonly", "no"]
        return self._run("redis-server", *options, *self._configuration)

    async def tap(self, channel):
        client = redis.asyncio.Redis.from_url(self.url())
        messages = client.pubsub(ignore_subscribe_messages=True)
        await messages.subscribe(channel)
        # The first message confirms the subscription.
        await messages.get_message(timeout=DEADLINE)

        async def receive():
            while (message := await messages.get_message(timeout=DEADLINE)) is None:
                pass
            return message["data"]

        async def close():
            await messages.aclose()
            await client.aclose()

        return Tap(lambda message: client.publish(channel, message), receive, close)

    async def end_connections(self, kind):
        """Closes the connections of subscriptions (`pubsub`), or all others (`normal`)."""
        async with redis.asyncio.Redis.from_url(self.url()) as client:
            await client.client_kill_filter(_type=kind, skipme=True)


class Sentinel(Broker):
    """A sentinel for the service `master`."""

    def __init__(self, directory, master, password):
        super().__init__(directory)
        self._master, self._password = master, password

    def start(self):
        configuration = self.directory / "sentinel.conf"
        configuration.write_text(
            f"bind 127.0.0.1\nport {self.port}\ndir {self.directory}\n"
            f"sentinel monitor master 127.0.0.1 {self._master} 1\nsentinel auth-pass master {self._password}\n"
        )
        return self._run("redis-sentinel", configuration)
