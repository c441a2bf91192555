"""Kafka, in one process without ZooKeeper."""

import asyncio
import os
import subprocess
import uuid
from pathlib import Path

import kafka

from processes import free_port
from waiting import DEADLINE

from .broker import Broker, Tap

LIBRARIES = Path(os.environ.get("KAFKA_LIBRARIES", Path(__file__).resolve().parents[2] / ".cache" / "kafka"))

CONFIGURATION = """
process.roles = broker,controller
node.id = 1
controller.quorum.voters = 1@127.0.0.1:{controller}
controller.listener.names = CONTROLLER
listener.security.protocol.map = CONTROLLER:PLAINTEXT,DIRECT:PLAINTEXT,PROXIED:PLAINTEXT
inter.broker.listener.name = DIRECT
listeners = DIRECT://127.0.0.1:{direct},PROXIED://127.0.0.1:{proxied},CONTROLLER://127.0.0.1:{controller}
advertised.listeners = DIRECT://127.0.0.1:{direct},PROXIED://127.0.0.1:{proxy}
log.dirs = {directory}/log
num.partitions = 1
offsets.topic.num.partitions = 1
offsets.topic.replication.factor = 1
transaction.state.log.replication.factor = 1
share.coordinator.state.topic.replication.factor = 1
"""


class Kafka(Broker):
    kinds = ("python", "rust")
    # python-socketio 5.18.1 passes a text to a library that takes bytes only.
    publishing = ("rust",)
    reference = ("python", "python")
    needed_by = frozenset({"python"})
    too_large = 1_100_000

    def __init__(self, directory):
        super().__init__(directory)
        self._proxied_port, self._proxy_port, self._controller = free_port(), free_port(), free_port()
        self._configuration = directory / "server.properties"

    def url(self, port=None):
        return f"kafka://127.0.0.1:{port or self.port}"

    def proxy_ports(self):
        # Clients connect to the address that the broker advertises.
        return self._proxy_port, self._proxied_port

    def start(self):
        if not self._configuration.exists():
            ports = {"direct": self.port, "proxied": self._proxied_port, "proxy": self._proxy_port, "controller": self._controller}
            self._configuration.write_text(CONFIGURATION.format(directory=self.directory, **ports))
            format = ["kafka.tools.StorageTool", "format", "-t", uuid.uuid4().hex[:22], "-c", self._configuration]
            subprocess.run([*_java(), *format], check=True, stdout=subprocess.DEVNULL)
        return self._run(*_java(), "kafka.Kafka", self._configuration, accepts=self._answers)

    def _answers(self):
        if not self._accepts():
            return False
        try:
            kafka.KafkaConsumer(bootstrap_servers=self._address, bootstrap_timeout_ms=1000).close()
        except kafka.errors.KafkaError:
            return False
        return True

    @property
    def _address(self):
        return f"127.0.0.1:{self.port}"

    async def tap(self, channel):
        return await asyncio.to_thread(self._tap, channel)

    def _tap(self, channel):
        producer = kafka.KafkaProducer(bootstrap_servers=self._address)
        producer.partitions_for(channel)  # makes the topic
        consumer = kafka.KafkaConsumer(bootstrap_servers=self._address)
        partition = kafka.TopicPartition(channel, 0)
        consumer.assign([partition])
        consumer.seek_to_end()
        consumer.position(partition)
        received = iter(())

        def publish(message):
            producer.send(channel, value=message).get(DEADLINE)

        def receive():
            nonlocal received
            while (message := next(received, None)) is None:
                received = iter(consumer.poll(timeout_ms=1000).get(partition, []))
            return message.value

        def close():
            producer.close()
            consumer.close()

        def later(function):
            return lambda *arguments: asyncio.to_thread(function, *arguments)

        return Tap(later(publish), later(receive), later(close))


def _java():
    return ["java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{LIBRARIES}/*"]
