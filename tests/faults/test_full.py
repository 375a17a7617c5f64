"""A broker that takes no more, or not so fast, and disks that are full: nothing is lost, and the reason is named."""

from __future__ import annotations

import os
import subprocess
import time

import pytest
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from lintas.stack.jars import kafka_jars
from lintas.stack.java import find_java
from tests.faults.disks import fill, small_disk
from tests.faults.kept import until
from tests.faults.stage import Stage

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(300)]

SMALL_BYTES = 20_000
TOO_SMALL_BYTES = 700
SLOW_BYTES_PER_SECOND = 3_000


def limit(stage: Stage, topic: str, most_bytes: int) -> None:
    """Set the largest batch that the topic takes."""
    admin = KafkaAdminClient(bootstrap_servers=stage.bootstrap)
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {"max.message.bytes": str(most_bytes)})])
    admin.close()
    time.sleep(0.5)


def test_a_topic_that_takes_less_than_at_the_start_gets_smaller_batches(stage: Stage) -> None:
    matcher = stage.kept["matcher"]
    limit(stage, "assessments", SMALL_BYTES)
    position = len(matcher.said())
    stage.publish(stage.new_world(people=60, crossings=1_500))
    try:
        stage.wait_done()
    finally:
        limit(stage, "assessments", 1_048_588)
    stage.assert_right()
    if matcher.said()[position:].count("lintas matcher:"):
        assert "the topic assessments takes no more than" in matcher.said()[position:]


def test_a_topic_that_takes_no_verdict_is_named_until_it_does(stage: Stage) -> None:
    matcher = stage.kept["matcher"]
    position = len(matcher.said())
    limit(stage, "assessments", TOO_SMALL_BYTES)
    stage.publish(stage.new_world())
    until(lambda: "lintas matcher:" in matcher.said()[position:], what=stage.last_words)
    limit(stage, "assessments", 1_048_588)
    stage.wait_done()
    stage.assert_right()
    (line, *_) = [one for one in matcher.said()[position:].splitlines() if one.startswith("lintas matcher:")]
    assert "the topic assessments takes no more than" in line
    assert "raise its max.message.bytes" in line


def quota(stage: Stage, *change: str) -> None:
    """Kafka's own tool: no Python client can set a quota."""
    java, jars = find_java(os.environ), kafka_jars(os.environ)
    tool = [str(java.path), "-cp", f"{jars}/*", "kafka.admin.ConfigCommand", "--bootstrap-server", stage.bootstrap]
    done = subprocess.run(
        [*tool, "--alter", *change, "--entity-type", "clients", "--entity-default"], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.long
def test_a_producer_that_is_throttled_is_late_and_loses_nothing(stage: Stage) -> None:
    matcher = stage.kept["matcher"]
    facts = stage.new_world()
    quota(stage, "--add-config", f"producer_byte_rate={SLOW_BYTES_PER_SECOND}")
    before = len(matcher.codes)
    try:
        stage.publish(facts)
        time.sleep(15)
    finally:
        quota(stage, "--delete-config", "producer_byte_rate")
    stage.wait_done()
    stage.assert_right()
    assert len(matcher.codes) - before <= 3, matcher.said()[-3000:]


# ------------------------------------------------------------------------------------------ full disks


def test_a_full_disk_under_the_status_file_stops_neither_matcher_nor_loader(stage: Stage) -> None:
    before = {name: len(process.codes) for name, process in stage.kept.items()}
    for process in stage.kept.values():
        place, position = process.status_file.parent, len(process.said())
        with small_disk(place, 64 << 10):
            fill(place)
            until(
                lambda process=process, position=position: (  # type: ignore[misc]
                    "the status file cannot be written" in process.said()[position:]
                ),
                what=stage.last_words,
            )
            stage.publish(stage.new_world())
        until(
            lambda process=process, position=position: (  # type: ignore[misc]
                "the status file is written again" in process.said()[position:]
            ),
            what=stage.last_words,
        )
    stage.wait_done()
    stage.assert_right()
    assert {name: len(process.codes) for name, process in stage.kept.items()} == before
