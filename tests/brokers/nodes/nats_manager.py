"""A manager for python-socketio over NATS: the same envelopes, on a subject."""

import nats
from socketio.async_pubsub_manager import AsyncPubSubManager


class NatsManager(AsyncPubSubManager):
    name = "nats"

    def __init__(self, url, channel="socketio", write_only=False):
        super().__init__(channel=channel, write_only=write_only)
        self._url = url
        self._publisher = None

    async def _publish(self, data):
        if self._publisher is None:
            self._publisher = await self._connect()
        await self._publisher.publish(self.channel, self.json.dumps(data).encode())
        # A test that reads `ok` relies on the broker having received the message.
        await processed(self._publisher)

    async def _listen(self):
        listener = await self._connect()
        subscription = await listener.subscribe(self.channel)
        async for message in subscription.messages:
            yield message.data

    async def _connect(self):
        # The library subscribes again by itself when the broker is back.
        return await nats.connect(
            self._url, allow_reconnect=True, max_reconnect_attempts=-1, reconnect_time_wait=0.2, error_cb=_ignore
        )


async def processed(client):
    """Waits until the broker has processed all that the client has sent.

    `flush` does not: its PING overtakes commands that still wait in the client's buffer. A message that the client sends to
    itself stands behind them.
    """
    subject = client.new_inbox()
    subscription = await client.subscribe(subject)
    await client.publish(subject, b"")
    await subscription.next_msg(timeout=30)
    await subscription.unsubscribe()


async def _ignore(_error):
    """Ignores errors: the broker may be stopped by a test."""
