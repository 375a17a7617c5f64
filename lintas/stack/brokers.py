"""Brokers as parts of a stack, and brokers for the length of a test or a benchmark."""

import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from lintas.stack.embedded import embedded_command
from lintas.stack.errors import PartFailed
from lintas.stack.jars import kafka_jars
from lintas.stack.java import Java, find_java
from lintas.stack.kafka import KafkaNode, bootstrap_of, broker_command, cluster_nodes, prepare
from lintas.stack.parts import Child, Part, last_lines
from lintas.stack.ports import LOOPBACK, free_ports
from lintas.stack.probing import kafka_is_ready

BROKER = "broker"


def kafka_parts(nodes: Sequence[KafkaNode], java: Java, jars: Path) -> tuple[Part, ...]:
    """Parts for prepared nodes; each is ready once it knows of all of them."""
    return tuple(
        Part(
            name=BROKER if len(nodes) == 1 else f"{BROKER}-{node.node_id}",
            argv=broker_command(node, java, jars),
            log=node.log,
            cwd=node.directory,
            ready=partial(kafka_is_ready, node.port, brokers=len(nodes)),
            port=node.port,
            stop_seconds=30.0,
        )
        for node in nodes
    )


def embedded_part(directory: Path, port: int, *, log: Path | None = None) -> Part:
    """The pip-only broker as a part; its records are in the directory.

    Raises:
        BrokerMissing: it is not installed.
    """
    directory.mkdir(parents=True, exist_ok=True)
    return Part(
        name=BROKER,
        argv=embedded_command(directory, port),
        log=log or directory / "broker.log",
        ready=partial(kafka_is_ready, port),
        port=port,
    )


class KafkaCluster:
    """Running nodes of Apache Kafka that a test may kill and start again; numbered from 1."""

    def __init__(self, nodes: Sequence[KafkaNode], java: Java, jars: Path) -> None:
        self.bootstrap = bootstrap_of(nodes)
        self._nodes = {node.node_id: node for node in nodes}
        self._parts = dict(zip(self._nodes, kafka_parts(nodes, java, jars), strict=True))
        self._children: dict[int, Child] = {}

    @property
    def node_ids(self) -> tuple[int, ...]:
        """All nodes, running or not."""
        return tuple(self._parts)

    def start(self, *numbers: int) -> None:
        """Start nodes (all, without numbers) side by side and wait until each is ready.

        Raises:
            PartFailed: one is not.
        """
        started = numbers or self.node_ids
        for number in started:
            self._children[number] = Child(self._part(number, brokers=len(set(started) | set(self._children))))
        for number in started:
            child = self._children[number]
            if not child.wait_ready():
                message = f"{child.part.name} did not come up:\n{last_lines(child.part.log, 30)}"
                raise PartFailed(message)

    def kill(self, number: int) -> None:
        """End a node as a power cut would."""
        self._children.pop(number).kill()

    def exit_code(self, number: int) -> int | None:
        """Of a node that ended by itself; None while it runs."""
        return self._children[number].exit_code()

    def signal(self, number: int, what: signal.Signals) -> None:
        """Send a node a signal, for example SIGSTOP."""
        self._children[number].send(what)

    def stop(self, *numbers: int) -> None:
        """End nodes (all, without numbers) in order."""
        ended = [self._children.pop(number) for number in numbers or tuple(self._children)]
        for child in ended:
            child.send(signal.SIGTERM)  # all at once: the last nodes cannot hand over to a majority
        for child in ended:
            child.stop()

    def _part(self, number: int, *, brokers: int) -> Part:
        """A node's part, ready when it knows of so many: the others may be down on purpose."""
        return replace(self._parts[number], ready=partial(kafka_is_ready, self._nodes[number].port, brokers=brokers))


@contextmanager
def running_cluster(
    directory: Path, environment: Mapping[str, str], *, nodes: int = 1, cache: Path | None = None, extra: str = ""
) -> Iterator[KafkaCluster]:
    """Apache Kafka on free ports for the length of a block; `extra` are more lines of configuration.

    Raises:
        JavaMissing, JarsUnavailable: it cannot run on this machine.
    """
    java, jars = find_java(environment), kafka_jars(environment, cache=cache)
    members = cluster_nodes(directory, free_ports(2 * nodes))
    prepare(members, java, jars, extra=extra)
    cluster = KafkaCluster(members, java, jars)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@contextmanager
def running_kafka(directory: Path, environment: Mapping[str, str], *, nodes: int = 1) -> Iterator[str]:
    """Apache Kafka for the length of a block: the address clients begin with."""
    with running_cluster(directory, environment, nodes=nodes) as cluster:
        yield cluster.bootstrap


@contextmanager
def running_embedded(directory: Path) -> Iterator[str]:
    """The pip-only broker for the length of a block: the address clients begin with."""
    (port,) = free_ports(1)
    child = Child(embedded_part(directory, port))
    try:
        if not child.wait_ready():
            message = f"the pip-only broker did not come up:\n{last_lines(child.part.log, 30)}"
            raise PartFailed(message)
        yield f"{LOOPBACK}:{port}"
    finally:
        child.stop()
