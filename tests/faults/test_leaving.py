"""A loader's consumer that cannot begin, or whose group does not answer at its end, leaves nothing open."""

from __future__ import annotations

import os
import socket
import threading

import pytest
from kafka.errors import KafkaError, KafkaTimeoutError

from sinks import consuming
from sinks.batch import TOPICS
from sinks.consuming import Feed, dismiss
from sinks.settings import Settings, StoreAddress

pytestmark = pytest.mark.loopback


def held() -> tuple[int, int]:
    """Threads and open files of this process."""
    return threading.active_count(), len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("way", ["silent", "refused"])
def test_a_consumer_that_finds_no_broker_leaves_no_thread_and_no_socket(
    monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(consuming, "BOOTSTRAP_MS", 300)
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        if way == "silent":
            door.listen()
        address = f"127.0.0.1:{door.getsockname()[1]}"
        feed = Feed(Settings(kafka=(address,), store=StoreAddress(host="nowhere")), TOPICS)
        before = held()
        for _ in range(3):
            with pytest.raises(KafkaError):
                feed.open()
        assert held() == before


class Stubborn:
    """A consumer whose group does not answer."""

    def __init__(self) -> None:
        self._client = self
        self.closed = 0

    def close(self, **how: object) -> None:
        if how:
            raise KafkaTimeoutError
        self.closed += 1


def test_a_consumer_whose_group_does_not_answer_lets_go_of_its_sockets() -> None:
    consumer = Stubborn()
    dismiss(consumer)
    assert consumer.closed == 1
