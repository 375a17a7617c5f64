"""The pieces under the command line: ports, broker choice, key file, waiting, lists, replay, score keeping."""

from __future__ import annotations

import json
import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lintas.cli.listing import Column, show
from lintas.cli.shell import Format, read_time
from lintas.failing import Failure, Misuse
from lintas.keys import ensure_key, is_private, read_key
from lintas.local import choose_broker, choose_ports
from lintas.partstatus import probe_of
from lintas.replaying import read_repaired, readable
from lintas.scoring import compare, read_truth
from lintas.settings import Settings, environment_of_parts, port_wishes
from lintas.stack.ports import LOOPBACK, free_ports
from lintas.stackfile import METRICS_OF, StackFile, read_stack_file, write_stack_file
from lintas.waiting import settle
from schemas.brokers import BrokerKind
from schemas.errors import Reason, RecordRejected
from schemas.topics import DEPARTURES, transit_topic
from schemas.vocabulary import Province

NOW = datetime(2026, 3, 2, 3, tzinfo=UTC)
GOLDEN = Path(__file__).parents[1] / "golden" / "v1"
PORTS = {"kafka": 21001, "controller": 21002, "clickhouse": 21003}


def stack_file(directory: Path, broker: str = "kafka", partitions: int = 4) -> StackFile:
    stack = StackFile(broker=broker, ports=PORTS, partitions=partitions)
    directory.mkdir(parents=True, exist_ok=True)
    write_stack_file(directory / "stack.json", stack)
    (directory / "clickhouse").mkdir(exist_ok=True)
    (directory / "clickhouse" / "lintas.password").write_text("secret\n", encoding="utf-8")
    return stack


def test_the_stack_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = stack_file(tmp_path)
    assert read_stack_file(tmp_path / "stack.json") == written
    assert read_stack_file(tmp_path / "none" / "stack.json") is None


def test_settings_come_from_the_local_stack_unless_the_environment_names_another(tmp_path: Path) -> None:
    stack_file(tmp_path, "embedded", partitions=7)
    local = Settings.from_env({}, tmp_path)
    assert local.kafka == ("127.0.0.1:21001",)
    assert (local.broker_kind, local.partitions, local.kafka_is_local) == (BrokerKind.EMBEDDED, 7, True)
    assert local.clickhouse_or_fail().password == "secret"
    assert "secret" not in repr(local)

    remote = Settings.from_env({"LINTAS_KAFKA": "a:1, b:2", "LINTAS_CLICKHOUSE": "c:9000"}, tmp_path)
    assert remote.kafka == ("a:1", "b:2")
    assert (remote.broker_kind, remote.partitions, remote.kafka_is_local) == (BrokerKind.KAFKA, 12, False)
    click = remote.clickhouse_or_fail()
    assert (click.host, click.port, click.password, remote.clickhouse_is_local) == ("c", 9000, "", False)


def test_a_part_is_told_the_addresses_and_no_password(tmp_path: Path) -> None:
    stack_file(tmp_path)
    env = environment_of_parts(Settings.from_env({}, tmp_path), {"PATH": "/bin"}, "matcher")
    assert env["LINTAS_KAFKA"] == "127.0.0.1:21001"
    assert env["LINTAS_STATUS_FILE"].endswith("run/matcher.status.json")
    assert env["LINTAS_METRICS"] == "", "a directory of a version without metrics"
    assert env["PATH"] == "/bin"
    assert "secret" not in env.values()


def test_remembered_ports_are_kept_while_they_are_free_and_replaced_when_not() -> None:
    one, two, three, *more = free_ports(3 + len(METRICS_OF))
    older = {"kafka": one, "controller": two, "clickhouse": three}
    remembered = older | dict(zip(METRICS_OF.values(), more, strict=True))
    assert choose_ports({}, remembered) == remembered
    assert choose_ports({}, older).items() >= older.items(), "a directory of a version without metrics"
    with socket.create_server((LOOPBACK, one)):
        chosen = choose_ports({}, remembered)
    assert chosen["kafka"] != one
    assert (chosen["controller"], chosen["clickhouse"]) == (two, three)
    assert len(set(chosen.values())) == len(remembered)


def test_a_fixed_port_that_is_taken_is_named_with_its_variable() -> None:
    (port,) = free_ports(1)
    wishes = port_wishes({"LINTAS_PORT_KAFKA": str(port)})
    assert choose_ports(wishes, {})["kafka"] == port
    with socket.create_server((LOOPBACK, port)), pytest.raises(Failure, match=rf"{port} \(LINTAS_PORT_KAFKA\) is used"):
        choose_ports(wishes, {})


def test_a_directory_is_not_opened_with_the_other_kind_of_broker(tmp_path: Path) -> None:
    stack_file(tmp_path, "embedded")
    with pytest.raises(Failure, match="was made with --broker embedded"):
        choose_broker("kafka", Settings.from_env({}, tmp_path), {}, lambda _: None)
    assert choose_broker("auto", Settings.from_env({}, tmp_path), {}, lambda _: None).kind is BrokerKind.EMBEDDED


def test_the_kind_is_known_by_the_data_when_the_settings_file_is_lost(tmp_path: Path) -> None:
    (tmp_path / "embedded").mkdir()
    with pytest.raises(Failure, match="was made with --broker embedded"):
        choose_broker("kafka", Settings.from_env({}, tmp_path), {}, lambda _: None)


def test_without_jars_auto_takes_the_pip_only_broker_and_says_what_that_means(tmp_path: Path) -> None:
    said: list[str] = []
    env = {"KAFKA_HOME": str(tmp_path / "none"), "PATH": os.environ["PATH"]}
    broker = choose_broker("auto", Settings.from_env({}, tmp_path), env, said.append)
    assert broker.kind is BrokerKind.EMBEDDED
    assert "KAFKA_HOME" in said[0]
    assert "lost" in said[-1]


def test_a_linkage_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "linkage.key"
    assert ensure_key(file)
    first = read_key(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert is_private(file)
    assert not ensure_key(file)
    assert read_key(file) == first
    file.chmod(0o644)
    assert not is_private(file)


def test_a_status_counts_only_while_it_is_fresh_and_its_process_lives(tmp_path: Path) -> None:
    file = tmp_path / "matcher.json"
    probe = probe_of(file, lambda: NOW)
    assert not probe()

    def write(pid: int, at: datetime, *, ready: bool) -> None:
        file.write_text(json.dumps({"pid": pid, "at": at.isoformat(), "ready": ready}), encoding="utf-8")

    write(os.getpid(), NOW, ready=True)
    assert probe()
    write(os.getpid(), NOW, ready=False)
    assert not probe()
    write(os.getpid(), NOW - timedelta(minutes=1), ready=True)
    assert not probe()
    write(2**22 + 1, NOW, ready=True)
    assert not probe()


def test_waiting_ends_after_two_looks_without_anything_behind() -> None:
    looks = iter([{("m", "t"): 3}, {("m", "t"): 0}, {("m", "t"): 1}, {("m", "t"): 0}, {("m", "t"): 0}])
    seen: list[int] = []
    settle(lambda: next(looks), timeout_seconds=30, check=lambda: None, on_look=seen.append)
    assert seen == [3, 0, 1, 0, 0]


def test_waiting_that_takes_too_long_names_what_lags() -> None:
    behind = {("lintas-matcher", "reports"): 0, ("lintas-loader", "assessments"): 7}
    with pytest.raises(Failure, match="loader is 7 behind on assessments"):
        settle(lambda: behind, timeout_seconds=0, check=lambda: None)


def test_waiting_ends_when_the_stack_goes_down() -> None:
    def check() -> None:
        message = "the stack does not run"
        raise Failure(message)

    with pytest.raises(Failure, match="does not run"):
        settle(lambda: {("m", "t"): 1}, timeout_seconds=30, check=check)


@pytest.mark.parametrize("text", ["2026-03-02T10:00:00", "soon", "2026-13-01"])
def test_a_time_without_an_offset_or_sense_is_refused(text: str) -> None:
    with pytest.raises(Misuse):
        read_time(text)


def test_a_date_begins_at_midnight_utc() -> None:
    assert read_time("2026-03-02") == datetime(2026, 3, 2, tzinfo=UTC)
    assert read_time("2026-03-02T10:00:00+08:00") == datetime(2026, 3, 2, 2, tzinfo=UTC)


def test_json_is_one_object_a_line_without_a_limit(capsys: pytest.CaptureFixture[str]) -> None:
    columns = (Column(field="a"), Column(field="b"))
    show(({"a": n, "b": ["x", "ü"], "c": "hidden"} for n in range(1500)), columns, Format.JSON)
    out = capsys.readouterr().out
    assert [json.loads(line) for line in out.splitlines()] == [{"a": n, "b": ["x", "ü"]} for n in range(1500)]
    assert "ü" in out


def test_csv_has_the_fields_as_its_header_and_lists_joined(capsys: pytest.CaptureFixture[str]) -> None:
    show([{"a": None, "b": ["R01", "R08"]}], (Column(field="a"), Column(field="b")), Format.CSV)
    assert capsys.readouterr().out == "a,b\n,R01;R08\n"


def test_a_table_shows_markup_of_the_data_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    show([{"a": "[red]x[/red]"}], (Column(field="a"),), Format.TABLE)
    assert "[red]x[/red]" in capsys.readouterr().out
    show([], (Column(field="a"),), Format.TABLE, empty="no flags")
    assert capsys.readouterr().out == "no flags\n"


def test_a_refused_record_is_read_under_its_own_key() -> None:
    value = (GOLDEN / "transit_event.json").read_bytes()
    key, record = readable(transit_topic(Province(json.loads(value)["province"])), value)
    assert key == json.loads(value)["block"].encode()
    assert record.record == "transit_event"
    heartbeat = (GOLDEN / "heartbeat.json").read_bytes()
    assert readable(DEPARTURES, heartbeat)[0] is None


def test_a_record_in_another_provinces_topic_stays_refused() -> None:
    value = (GOLDEN / "transit_event.json").read_bytes()
    other = next(p for p in Province if p.value != json.loads(value)["province"])
    with pytest.raises(RecordRejected) as caught:
        readable(transit_topic(other), value)
    assert caught.value.reason is Reason.WRONG_PROVINCE


@pytest.mark.parametrize("line", ["{", "[]", "{}", '{"topic": "assessments", "record": {}}', '{"topic": "departures"}'])
def test_a_file_of_repaired_records_is_refused_by_its_line(tmp_path: Path, line: str) -> None:
    file = tmp_path / "repaired.jsonl"
    file.write_text('{"topic": "departures", "record": {}}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(Misuse, match="line 2"):
        list(read_repaired(file))


def test_planted_found_and_false_are_counted_rule_by_rule(tmp_path: Path) -> None:
    truth = tmp_path / "truth.jsonl"
    rows = [
        {"province": "kepri", "event_id": "a", "rules": ["R01", "R08"]},
        {"province": "kalbar", "event_id": "a", "rules": []},
    ]
    truth.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    verdicts = [
        {"province": "kepri", "event_id": "a", "rules": ["R01"]},
        {"province": "kalbar", "event_id": "a", "rules": ["R08"]},
        {"province": "kaltara", "event_id": "b", "rules": ["R01"]},
    ]
    tallies = compare(read_truth(truth), verdicts)
    assert {rule: (t.planted, t.found, t.false) for rule, t in tallies.items()} == {"R01": (1, 1, 1), "R08": (1, 0, 1)}
