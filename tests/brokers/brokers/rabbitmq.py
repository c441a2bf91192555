"""RabbitMQ."""

import os
import subprocess

import aio_pika

from processes import Process, free_ports

from .broker import Broker, Tap

PROGRAMS = "/usr/lib/rabbitmq/bin"


class RabbitMq(Broker):
    # Flask-SocketIO through Kombu, and python-socketio through aio_pika.
    kinds = publishing = ("python", "asyncio", "rust")
    reference = ("python", "asyncio")
    too_large = 2_100_000

    def __init__(self, directory):
        super().__init__(directory)
        self._epmd_port, self._cluster_port = free_ports(2)
        self._epmd = None

    def url(self, port=None):
        return f"amqp://guest:guest@127.0.0.1:{port or self.port}//"

    def start(self):
        configuration = self.directory / "rabbitmq.conf"
        configuration.write_text(f"listeners.tcp.1 = 127.0.0.1:{self.port}\nlog.console.level = warning\nmax_message_size = 2000000\n")
        self._env = {
            # Erlang's name server. One is running already, so that the broker doesn't leave one behind.
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "HOME": str(self.directory),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": str(configuration),
            "RABBITMQ_DIST_PORT": str(self._cluster_port),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.directory / "plugins"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_LOG_BASE": str(self.directory),
            "RABBITMQ_MNESIA_BASE": str(self.directory / "mnesia"),
            "RABBITMQ_NODENAME": f"tests-{self.port}@localhost",
            "RABBITMQ_PID_FILE": str(self.directory / "pid"),
            # Makes its script become the server instead of waiting for it.
            "RUNNING_UNDER_SYSTEMD": "true",
        }
        if self._epmd is None:
            self._epmd = Process("epmd", "-port", self._epmd_port, env=self._env)
        return self._run(f"{PROGRAMS}/rabbitmq-server", env=self._env)

    def unacknowledged(self) -> int:
        """The number of messages that have been delivered and not acknowledged."""
        command = [f"{PROGRAMS}/rabbitmqctl", "--quiet", "list_queues", "messages_unacknowledged"]
        output = subprocess.run(command, env=os.environ | self._env, check=True, capture_output=True, text=True).stdout
        return sum(int(line) for line in output.split() if line.isdigit())

    def close(self):
        if self._epmd:
            self._epmd.kill()

    async def tap(self, channel):
        connection = await aio_pika.connect(self.url())
        queues = await connection.channel()
        exchange = await queues.declare_exchange(channel, aio_pika.ExchangeType.FANOUT, durable=False, auto_delete=False)
        queue = await queues.declare_queue(exclusive=True)
        await queue.bind(exchange)
        messages = queue.iterator(no_ack=True)
        await messages.consume()

        async def publish(message):
            await exchange.publish(aio_pika.Message(message), routing_key="")

        async def receive():
            return (await anext(messages)).body

        return Tap(publish, receive, connection.close)
