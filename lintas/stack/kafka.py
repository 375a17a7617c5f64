"""Apache Kafka on one machine without a container: node configurations, storage format, command lines."""

import base64
import subprocess
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lintas.stack.errors import BadLocation, PartFailed
from lintas.stack.files import write_atomically
from lintas.stack.java import Java
from lintas.stack.ports import LOOPBACK

FORMAT_SECONDS = 60
SINGLE_NODE = 1

# A broker for one machine: 2 s to start, about 160 MB resident.
JAVA_FLAGS = (
    "-Xms64m",
    "-Xmx256m",
    "-Xss512k",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:MaxDirectMemorySize=64m",
    "-XX:ReservedCodeCacheSize=64m",
    "-Xshare:auto",
    "-Djava.awt.headless=true",
)
LOGGING_FLAGS = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",
    "-Dorg.apache.logging.log4j.level=WARN",  # an installed Kafka logs through log4j
)

_CONFIG = """\
process.roles=broker,controller
node.id={node_id}
controller.quorum.voters={voters}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}{doors}
advertised.listeners=PLAINTEXT://{host}:{port}{advertised_doors}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT{door_protocols}
log.dirs={data}
# topics are made by name, with the same number of partitions, before anything runs
auto.create.topics.enable=false
default.replication.factor={replication}
min.insync.replicas={in_sync}
offsets.topic.replication.factor={replication}
offsets.topic.num.partitions=4
transaction.state.log.replication.factor={replication}
transaction.state.log.min.isr={in_sync}
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor={replication}
share.coordinator.state.topic.min.isr={in_sync}
share.coordinator.state.topic.num.partitions=1
# committed offsets outlive the longest retention: a matcher that was away for long must not judge the log anew
offsets.retention.minutes=1440000
group.initial.rebalance.delay.ms=0
# small machine
num.network.threads=2
num.io.threads=4
num.replica.fetchers=1
background.threads=2
num.recovery.threads.per.data.dir=1
log.cleaner.dedupe.buffer.size=4194304
log.segment.bytes=67108864
log.index.size.max.bytes=1048576
# a lost node is noticed within seconds
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
controller.quorum.election.timeout.ms=1000
controller.quorum.fetch.timeout.ms=2000
controlled.shutdown.enable=true
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A further listener: whoever comes in by it is sent to the advertised port, a proxy's say, for all that follows.

    Attributes:
        name: capital letters, unique.
        port: where the broker listens.
        advertised_port: where its clients shall connect.
    """

    name: str
    port: int
    advertised_port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaNode:
    """One broker and controller: its number, its own directory, the ports of clients and of controllers."""

    node_id: int
    directory: Path
    port: int
    controller_port: int
    doors: tuple[Door, ...] = ()

    @property
    def config(self) -> Path:
        """The configuration file, written by `prepare`."""
        return self.directory / "node.properties"

    @property
    def data(self) -> Path:
        """Where the records are."""
        return self.directory / "data"

    @property
    def log(self) -> Path:
        """What the broker says."""
        return self.directory / "broker.log"


def cluster_nodes(directory: Path, ports: Sequence[int]) -> tuple[KafkaNode, ...]:
    """Nodes for a pair of ports each, in directories of their own; a single node for two ports."""
    pairs = list(zip(ports[::2], ports[1::2], strict=True))
    return tuple(
        KafkaNode(node_id=number, directory=directory.absolute() / f"n{number}", port=port, controller_port=controller)
        for number, (port, controller) in enumerate(pairs, start=1)
    )


def bootstrap_of(nodes: Sequence[KafkaNode]) -> str:
    """The addresses a client begins with."""
    return ",".join(f"{LOOPBACK}:{node.port}" for node in nodes)


def node_config(node: KafkaNode, nodes: Sequence[KafkaNode], *, extra: str = "") -> str:
    """The configuration of one node among its voters; `extra` lines come last and win.

    Raises:
        BadLocation: the directory's name has a comma or a backslash, which mean something else in the file.
    """
    if any(character in str(node.data) for character in ",\\\n"):
        message = f"{node.data}: a comma, backslash or line break cannot be in a Kafka data directory's name"
        raise BadLocation(message)
    config = _CONFIG.format(
        node_id=node.node_id,
        voters=",".join(f"{each.node_id}@{LOOPBACK}:{each.controller_port}" for each in nodes),
        host=LOOPBACK,
        port=node.port,
        controller_port=node.controller_port,
        data=node.data,
        doors="".join(f",{door.name}://{LOOPBACK}:{door.port}" for door in node.doors),
        advertised_doors="".join(f",{door.name}://{LOOPBACK}:{door.advertised_port}" for door in node.doors),
        door_protocols="".join(f",{door.name}:PLAINTEXT" for door in node.doors),
        replication=min(len(nodes), 3),
        in_sync=SINGLE_NODE if len(nodes) < 3 else 2,
    )
    return config + extra


def prepare(nodes: Sequence[KafkaNode], java: Java, jars: Path, *, extra: str = "") -> None:
    """Write the configurations, and format the storage of those nodes that have none; records that are there stay.

    Raises:
        PartFailed: the storage cannot be formatted.
    """
    cluster = _cluster_id(nodes[0].directory.parent)
    for node in nodes:
        node.directory.mkdir(parents=True, exist_ok=True)
        write_atomically(node.config, node_config(node, nodes, extra=extra))
        if not (node.data / "meta.properties").is_file():
            _format(node, java, jars, cluster)


def broker_command(node: KafkaNode, java: Java, jars: Path) -> tuple[str, ...]:
    """The command line that runs a prepared node in the foreground; SIGTERM ends it in order, with exit code 143."""
    return (*_java(java, jars), "kafka.Kafka", str(node.config))


def _java(java: Java, jars: Path) -> tuple[str, ...]:
    return (str(java.path), *JAVA_FLAGS, *LOGGING_FLAGS, "-cp", f"{jars}/*")


def _format(node: KafkaNode, java: Java, jars: Path, cluster: str) -> None:
    tool = ("kafka.tools.StorageTool", "format", "--ignore-formatted", "-t", cluster, "-c", str(node.config))
    try:
        done = subprocess.run(
            (*_java(java, jars), *tool),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=FORMAT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        message = f"Kafka's storage in {node.data} was not formatted within {FORMAT_SECONDS} s: is the machine busy?"
        raise PartFailed(message) from error
    if done.returncode:
        message = f"Kafka's storage in {node.data} cannot be formatted: {done.stdout.strip()[-1000:]}"
        raise PartFailed(message)


def _cluster_id(directory: Path) -> str:
    """The cluster's id, made once and kept beside the nodes: a format that was cut short is repeated with the same."""
    path = directory / "cluster.id"
    if not path.is_file():
        directory.mkdir(parents=True, exist_ok=True)
        write_atomically(path, base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode().replace("-", "A"))
    return path.read_text(encoding="ascii").strip()
