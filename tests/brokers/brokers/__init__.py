"""The brokers: each a process of its own, on free ports, with its data in a directory that goes with the tests."""

from .kafka import Kafka
from .nats import Nats
from .rabbitmq import RabbitMq
from .redis import Redis

BROKERS = {"redis": Redis, "rabbitmq": RabbitMq, "kafka": Kafka, "nats": Nats}
