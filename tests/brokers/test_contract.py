"""The queue of each broker in Rust, checked against the contract of message queues, and the store of `once`: a test for each rule."""

import subprocess

import pytest

from brokers import BROKERS
from client import unique
from cluster import EXAMPLES
from processes import Process, free_port
from waiting import wait_until

CONTRACT = EXAMPLES / "broker_contract"


def pytest_generate_tests(metafunc):
    if "rule" in metafunc.fixturenames:
        broker = BROKERS[metafunc.config.getoption("broker")]
        command = [CONTRACT, "--rules", *limits(broker)]
        metafunc.parametrize("rule", subprocess.check_output(command, text=True).split())
    if "once_rule" in metafunc.fixturenames:
        command = [CONTRACT, "--once-rules"]
        metafunc.parametrize("once_rule", subprocess.check_output(command, text=True).split())


def limits(broker):
    return [] if broker.too_large is None else ["--too-large", str(broker.too_large)]


def test_the_queue_keeps_the_contract(broker, rule):
    listen, target = broker.proxy_ports()
    scheme = broker.url().split("://")[0]
    command = [
        *[CONTRACT, rule, *limits(broker)],
        *["--url", broker.url()],
        *["--proxied-url", broker.url(listen)],
        *["--proxy", f"{listen}:{target}"],
        *["--unreachable-url", f"{scheme}://ana:hunter2@127.0.0.1:1"],
    ]
    finished = subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=240)
    assert finished.returncode == 0, finished.stderr


@pytest.mark.only("redis")
def test_the_store_of_once_keeps_its_contract(broker, once_rule):
    command = [CONTRACT, "--once", once_rule, "--url", broker.url()]
    finished = subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=120)
    assert finished.returncode == 0, finished.stderr


@pytest.mark.only("redis")
def test_the_event_store_keeps_its_contract(broker):
    command = [CONTRACT, "--event-store", unique("events"), "--url", broker.url()]
    finished = subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=240)
    assert finished.returncode == 0, finished.stderr


@pytest.mark.only("redis")
def test_kept_events_of_one_recipient_take_no_more_than_their_share(broker):
    command = [CONTRACT, "--deliveries", unique("deliveries"), "--url", broker.url()]
    finished = subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=120)
    assert finished.returncode == 0, finished.stderr


def test_the_suite_fails_without_a_broker():
    finished = subprocess.run([CONTRACT, "messages_keep_their_order"], stderr=subprocess.PIPE, text=True)
    assert finished.returncode != 0
    assert "--proxy is missing" in finished.stderr


def test_the_suite_reports_an_unreachable_broker():
    url = f"redis://ana:hunter2@127.0.0.1:{free_port()}"
    command = [CONTRACT, "messages_keep_their_order", "--proxy", f"{free_port()}:1"]
    command += ["--url", url, "--proxied-url", url, "--unreachable-url", url]
    finished = subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=60)
    assert finished.returncode != 0
    assert "cannot connect" in finished.stderr


@pytest.mark.only("rabbitmq")
def test_a_cancelled_receive_leaves_no_message_unacknowledged(broker):
    # The broker would close the channel of an idle subscription after half an hour.
    program = Process(CONTRACT, "--unacknowledged", unique("channel"), "--url", broker.url())
    try:
        program.line("^CANCELLED$")
        wait_until(lambda: broker.unacknowledged() == 0, "acknowledging the message")
        assert not program.ended
    finally:
        program.kill()
