"""The brokers. Each is a process on free ports, with its data in a temporary directory of the tests."""

from .kafka import Kafka
from .nats import Nats
from .rabbitmq import RabbitMq
from .redis import Redis

BROKERS = {"redis": Redis, "rabbitmq": RabbitMq, "kafka": Kafka, "nats": Nats}
