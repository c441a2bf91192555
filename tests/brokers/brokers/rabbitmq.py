"""RabbitMQ."""

import aio_pika

from processes import Process, free_ports

from .broker import Broker, Tap


class RabbitMq(Broker):
    # Flask-SocketIO through Kombu, and python-socketio's other manager, which writes a little otherwise.
    kinds = publishing = ("python", "asyncio", "rust")
    reference = ("python", "asyncio")

    def __init__(self, directory):
        super().__init__(directory)
        self._names_port, self._cluster_port = free_ports(2)
        self._names = None

    def url(self, port=None):
        return f"amqp://guest:guest@127.0.0.1:{port or self.port}//"

    def start(self):
        configuration = self.directory / "rabbitmq.conf"
        configuration.write_text(f"listeners.tcp.1 = 127.0.0.1:{self.port}\nlog.console.level = warning\n")
        env = {
            # Erlang's registry of names: ours is there already, else each start would leave one behind.
            "ERL_EPMD_PORT": str(self._names_port),
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
            # Its script then becomes the server instead of waiting for it.
            "RUNNING_UNDER_SYSTEMD": "true",
        }
        if self._names is None:
            self._names = Process("epmd", "-port", self._names_port, env=env)
        return self._run("/usr/lib/rabbitmq/bin/rabbitmq-server", env=env)

    def close(self):
        if self._names:
            self._names.kill()

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
