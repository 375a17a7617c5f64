"""Law 6: identities planted wherever a partner can put them are found in no topic, table, log, file or message."""

from __future__ import annotations

import base64
import csv
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from producers.columns import KINDS
from schemas.topics import BY_NAME, TRANSIT
from tests.integration.known import BATAM, Cells, write
from tests.integration.stacked import Stack, lintas, running_stack
from tests.unit.edifact_lists import interchange, message
from tests.unit.edifact_lists import person as person_segments
from tests.unit.edifact_lists import written as edifact

pytestmark = [pytest.mark.stack, pytest.mark.twice]

NIK, KK = "5399992911619471", "5399990101019482"
PASSPORT, PHONE = "XX8395172", "+62 812-9999-0471"
GIVEN, FAMILY, BORN = "ZWQORILLA", "VEXANDRIM", "1961-11-29"
NAME = f"{GIVEN} {FAMILY}"


def zone() -> str:
    """Her passport's machine readable zone, with the check digits of ICAO 9303."""

    def checked(text: str) -> str:
        values = (0 if c == "<" else int(c, 36) for c in text)
        return text + str(sum(value * (7, 3, 1)[i % 3] for i, value in enumerate(values)) % 10)

    number, born, until, rest = checked(PASSPORT), checked("611129"), checked("341122"), checked("<" * 14)
    whole = checked(number + born + until + rest)[-1]
    return f"P<IDN{FAMILY}<<{GIVEN}".ljust(44, "<") + f"\n{number}IDN{born}F{until}{rest}{whole}"


MRZ = zone()
SECRETS = tuple(
    re.compile(pattern.encode(), re.IGNORECASE)
    for pattern in (
        r"[\s.\-_/]{0,2}".join(NIK[-10:]),
        r"[\s.\-_/]{0,2}".join(KK[-10:]),
        r"8[\s.\-_/]?3[\s.\-_/]?9[\s.\-_/]?5[\s.\-_/]?1[\s.\-_/]?7[\s.\-_/]?2",
        r"812[\s.\-_/]?9999[\s.\-_/]?0471",
        GIVEN,
        FAMILY,
        BORN,
        BORN.replace("-", ""),
    )
)
BASE64 = re.compile(rb"[A-Za-z0-9+/]{24,}={0,2}")
WORDS = (NIK, "5399.9929.1161.9471", KK, PASSPORT, "xx 839 5172", PHONE, "081299990471", NAME, f"{FAMILY}, {GIVEN}")
PLAIN = "KM CANARY LANTERN"
"""Published as it is: what the search must find, to show that it searches."""
FREE = ("carrier", "service_no", "from_place", "to_place", "destination_place", "issue_office")
GROUPS = ("payer", "booking", "party")
OPEN = ("mode", "document_type", "sex", "purpose", "officer_action")


def hits(data: bytes) -> list[str]:
    """Which secrets stand in the bytes, plainly or in base64."""
    found = [secret.pattern.decode() for secret in SECRETS if secret.search(data)]
    for text in BASE64.findall(data):
        plain = base64.b64decode(text[: len(text) // 4 * 4] or b"", validate=False)
        found += [f"base64 of {secret.pattern.decode()}" for secret in SECRETS if secret.search(plain)]
    return found


def person(event_id: str, **changes: Any) -> Cells:
    cells: Cells = {
        "event_id": event_id,
        "checkpoint_id": BATAM,
        "occurred_at": "2026-03-02T09:30:00+07:00",
        "direction": "out",
        "document_type": "passport",
        "document_number": PASSPORT,
        "mrz": MRZ,
        "nik": NIK,
        "kk": KK,
        "name": NAME,
        "birth_date": BORN,
        "sex": "F",
        "nationality": "IDN",
        "carrier": PLAIN,
        "payer": PHONE,
    }
    return cells | changes


def accepted_crossings() -> list[Cells]:
    rows = [person("canary-plain")]
    for word in WORDS:
        for column in (*FREE, *GROUPS, *OPEN):
            rows.append(person(f"canary-{len(rows)}", **{column: word}))
        rows.append(person(f"canary-{len(rows)}", carrier=f"kapal {word} / Batam", destination_place=f"d/a {word}"))
    rows.append(person("canary-mrz", document_number="", name="", nik=""))
    rows.append(person("canary-bad-nik", nik=f"{NIK}9", document_number=f"{PASSPORT}-{PASSPORT}-{PASSPORT}"))
    return rows


def refused_crossings() -> list[Cells]:
    rows = [person(f"E-{word}") for word in WORDS if word not in (PHONE, "081299990471")]
    rows += [person("canary-no", device_id=NIK), person("canary-no", sequence=NIK), person("canary-no", sequence=NAME)]
    closed = ("checkpoint_id", "occurred_at", "direction", "nationality", "destination_country", "issued_on")
    rows += [person("canary-no", **{column: word}) for word in WORDS for column in closed]
    rows.append(person("canary-no", birth_date=NIK, occurred_at=NAME, nationality=PASSPORT, direction=PHONE))
    rows.append(person("canary-no", name=NAME * 40))
    rows.append(person("canary-no", name=f"{NAME}\x07", occurred_at=""))
    return rows


def broken_lines() -> list[bytes]:
    """Lines of a CSV file that are no rows."""
    columns = KINDS["crossings"].columns
    row = ",".join(str(person("canary-no").get(column, "")).replace("\n", "") for column in columns).encode()
    return [
        row + b"," + NAME.encode(),
        row.rsplit(b",", 4)[0] + b"," + PHONE.encode(),
        row.replace(NAME.encode(), b'"' + NAME.encode()),
        row.replace(GIVEN.encode(), GIVEN.encode() + b"\xff"),
        row.replace(GIVEN.encode(), GIVEN.encode() + b"\0"),
        row.replace(b",", b";"),
        row.replace(NAME.encode(), NAME.encode() * 20_000),
        NAME.encode(),
    ]


def json_lines() -> list[bytes]:
    """Lines of a JSONL file, the first three of which can be published."""
    cells = {key: value for key, value in person("canary-json").items() if value}
    whole = json.dumps(cells).encode()
    return [
        json.dumps(cells | {"event_id": "canary-json-1", "telepon": PHONE, "catatan": f"{NAME} {NIK}"}).encode(),
        json.dumps(cells | {"event_id": "canary-json-2", NIK: "x", PHONE: NAME, "Lampiran": {"nama": NAME}}).encode(),
        json.dumps(cells | {"event_id": "canary-json-3", "raw": NAME}).encode(),
        json.dumps(cells | {"name": [NAME, NIK]}).encode(),
        json.dumps(cells | {"sequence": {"nik": NIK}}).encode(),
        json.dumps([cells]).encode(),
        json.dumps(NAME).encode(),
        whole[:-3],
        whole[:-1] + b', "nik": "' + NIK.encode() + b'"}',
        whole[:-1] + b', "sequence": NaN}',
        whole.replace(b"ZWQ", b"ZWQ\xff"),
        whole.replace(b'"sex": "F"', b'"direction": "' + NAME.encode() + b'"'),
    ]


def registrations() -> tuple[list[Cells], list[Cells]]:
    """Departures that are published, and such that are refused."""
    cells: Cells = {
        "departure_id": "CANARY-1",
        "revision": 1,
        "event": "registered",
        "source": "BP3MI",
        "name": NAME,
        "birth_date": BORN,
        "nik": NIK,
        "passport": PASSPORT,
        "previous_passports": f"{PASSPORT};XX8395173",
        "planned_date": "2026-03-02",
        "issued_at": "2026-02-02T10:00:00+08:00",
        "permission": f"suami {NAME} {PHONE}",
        "visa": PASSPORT,
    }
    free = ("training_institution", "ltsa_office", "p3mi_licence")
    words = ("scheme", "sector", "employer_type", "mode", "sex")
    good = [cells]
    for word in WORDS:
        good += [cells | {"departure_id": f"CANARY-{len(good)}-{c}", c: word} for c in (*free, *words)]
    bad = [cells | {"departure_id": word} for word in (NIK, PASSPORT, NAME)]
    closed = ("event", "source", "revision", "planned_date", "issued_at", "destination_country", "origin_region")
    bad += [cells | {"departure_id": "CANARY-NO", column: word} for word in WORDS for column in closed]
    return good, bad


def sightings() -> tuple[list[Cells], list[Cells]]:
    """Reports that are published, and such that are refused."""
    cells: Cells = {
        "case_id": "CANARY-SAGA-1",
        "reported_at": "2026-03-03T08:00:00+08:00",
        "kind": "missing_person",
        "name": NAME,
        "nik": NIK,
        "passport": PASSPORT,
        "birth_date": BORN,
    }
    good = [cells, *(cells | {"kind": word} for word in WORDS)]
    bad = [cells | {"case_id": word} for word in (NIK, PASSPORT, NAME)]
    closed = ("reported_at", "origin_region", "checkpoint_id", "destination_country", "birth_date")
    bad += [cells | {column: word} for word in WORDS for column in closed]
    return good, bad


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack to which all that was published, and whose every command was asked about it."""
    with pytest.MonkeyPatch.context() as env:
        env.setenv("LINTAS_SNAPSHOT_SECONDS", "1")
        with running_stack(tmp_path_factory.mktemp("canary") / "s") as stack:
            plant(stack, tmp_path_factory.mktemp("partner"))
            yield stack


def plant(stack: Stack, place: Path) -> None:
    """Publish every file, dry first, and ask what analysts ask."""
    for kind, (good, bad) in {
        "departures": registrations(),
        "reports": sightings(),
        "crossings": (accepted_crossings(), refused_crossings()),
    }.items():
        for name, rows, code in (("good", good, 0), ("bad", bad, 1)):
            # a spreadsheet cannot hold every broken cell
            for suffix in (".csv", ".jsonl", ".xlsx") if name == "good" else (".csv", ".jsonl"):
                file = write(place / f"{kind}-{name}{suffix}", kind, rows)
                stack.publish(kind, file, expect=code)
            stack.publish(kind, file, "--dry-run", expect=code)
    lines = [",".join(KINDS["crossings"].columns).encode(), *broken_lines()]
    (place / "broken.csv").write_bytes(b"\n".join(lines))
    (place / "lines.jsonl").write_bytes(b"\n".join(json_lines()))
    more = [{"event_id": "canary-more", "telepon": PHONE, NIK: NAME, **person("canary-more")}]
    with (place / "more.csv").open("w", encoding="utf-8", newline="") as file_:
        writer = csv.DictWriter(file_, list(more[0]))
        writer.writeheader()
        writer.writerows(more)
    (place / "headless.csv").write_bytes(b"\n".join(broken_lines()[-1:] * 3))
    (place / "reporter.csv").write_text(f"case_id,reported_at,name,{NIK}\nC,2026-03-03T08:00:00+08:00,{NAME},{PHONE}\n")
    for option in ([], ["--dry-run"]):
        stack.publish("crossings", place / "broken.csv", *option, expect=1)
        stack.publish("crossings", place / "lines.jsonl", *option, expect=3)
        stack.publish("crossings", place / "more.csv", *option)
        stack.publish("crossings", place / "headless.csv", *option, expect=1)
        stack.publish("reports", place / "headless.csv", *option, expect=1)
        stack.publish("reports", place / "reporter.csv", *option, expect=1)
        stack.publish("heartbeats", place / "headless.csv", *option, expect=1)
    plant_other_ways(stack, place)
    stack.wait()
    for note in (f"orang tua {PHONE}", f"NIK {NIK}"):
        stack.run("review", "canary-plain", "--verdict", "referred", "--note", note, expect=2)
    stack.run("review", "canary-plain", "--verdict", "referred", "--note", "dirujuk ke BP3MI")
    stack.wait()
    for form in ("json", "table", "csv"):
        stack.run("flags", "--status", "any", "--format", form)
        stack.run("rejected", "--format", form)
    for command in ("accounting", "feeds", "status", "doctor"):
        stack.run(command, "--format", "json")
    stack.run("rejected", "--with-payload", "--format", "json")
    for lang in ("id", "en"):
        stack.run("explain", "canary-plain", "--lang", lang)
    stack.run("explain", "canary-plain", "--format", "json")
    stack.run("replay-rejected")


JETTY = ("--checkpoint", BATAM, "--direction", "out")


def passenger_list() -> bytes:
    """Her, and her in every way that a list can fail her."""
    spoken = f"{FAMILY}:{GIVEN}"
    born = BORN.replace("-", "")[2:]
    people = [
        person_segments(spoken, born=born, number=PASSPORT),
        person_segments(spoken, born=born, number=NIK),
        person_segments(spoken, born=f"{born}x", number=PASSPORT),
        person_segments(spoken, born=NIK, number=PHONE.replace("+", "?+")),
        [*person_segments(spoken, born=born, number=PASSPORT)[:3], f"{FAMILY}+{NIK}"],
        ["NAD+FL", f"RFF+AVF:{PASSPORT}", f"FTX+BAG+++{NAME}"],
    ]
    voyage = ("TDT+20+CANARY+1", "LOC+125+IDBTM", "DTM+189:2603020930:201", "LOC+87+MYJHB", "DTM+232:2603021130:201")
    whole = edifact(interchange(message(people, voyage=voyage)))
    return whole + whole[: whole.rindex(FAMILY.encode()) + 4]


def plant_other_ways(stack: Stack, place: Path) -> None:
    """Passenger lists, mappings, a watched folder and a reader."""
    (place / "list.edi").write_bytes(passenger_list())
    for option in ([], ["--dry-run"]):
        stack.publish("crossings", place / "list.edi", *JETTY, *option, expect=3)
        stack.publish("departures", place / "list.edi", *option, expect=1)
    head = f"Nama;Tgl Lahir;No Paspor;NIK;Waktu;Kapal;{NIK[:4]}"
    row = f"{NAME};{BORN};{PASSPORT};{NIK};02/03/2026 09:30;KM {NAME};{PHONE}"
    (place / "manifest.csv").write_text(f"{head}\n{row}\n{row.replace('09:30', NIK)}\n{row.replace(BORN, NAME)}\n")
    (place / "people.csv").write_text(f"{row}\n{row}\n")
    for name, code in (("manifest.csv", 0), ("people.csv", 1)):
        told = lintas("map", place / name)
        assert told.code == code, told
        stack.said.append(told)
    mapping = (
        "columns:\n  name: Nama\n  document_number: No Paspor\n  nik: NIK\n  carrier: Kapal\n"
        "  birth_date: {from: Tgl Lahir, format: dd/mm/yyyy}\n"
        "  occurred_at: {from: Waktu, format: dd/mm/yyyy hh:mm, timezone: checkpoint}\n"
        f"constants: {{checkpoint_id: {BATAM}, direction: out}}\n"
    )
    (place / "mapping.yaml").write_text(mapping)
    (place / "wrong.yaml").write_text(mapping.replace("  name: Nama", f"  name: Nama\n  {FAMILY} {NIK}: {NAME}"))
    stack.publish("crossings", place / "manifest.csv", "--mapping", place / "mapping.yaml", expect=3)
    stack.publish("crossings", place / "manifest.csv", "--mapping", place / "wrong.yaml", expect=2)
    incoming = place / "folder" / "incoming"
    incoming.mkdir(parents=True)
    for name in ("list.edi", "headless.csv", "manifest.csv"):
        (incoming / name).write_bytes((place / name).read_bytes())
    stack.run("watch", place / "folder", "--settle", "0.2", "--once", *JETTY, expect=3)
    wrong = MRZ.replace("7", "3", 1)
    given = "\r\n".join([MRZ, wrong, NAME, MRZ[:-1], NIK, f"{MRZ}{NAME}", "\xff".join(MRZ)]).encode("latin-1")
    stack.run("scan", *JETTY, "--device", "canary-gate", expect=3, given=given)
    stack.run("scan", *JETTY, "--device", NAME, expect=1, given=f"{MRZ}\n".encode())


def records(stack: Stack, topics: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Everything that stands in the topics, aborted or not: place and key, value and headers together."""
    consumer = KafkaConsumer(bootstrap_servers=stack.kafka, auto_offset_reset="earliest", enable_auto_commit=False)
    try:
        places = [TopicPartition(t, p) for t in topics for p in consumer.partitions_for_topic(t) or ()]
        consumer.assign(places)
        consumer.seek_to_beginning(*places)
        ends = consumer.end_offsets(places)
        while any(consumer.position(place) < ends[place] for place in places):
            for found in consumer.poll(timeout_ms=500).values():
                for r in found:
                    heads = b" ".join(k.encode() + b" " + v for k, v in r.headers)
                    yield f"{r.topic}/{r.partition}/{r.offset}", b" ".join((r.key or b"", r.value or b"", heads))
    finally:
        consumer.close()


def rows_of_every_table(stack: Stack) -> Iterator[tuple[str, bytes]]:
    """Every row of every table that holds data, as text."""
    with stack.tables() as client:
        tables = client.execute(
            "SELECT database, name FROM system.tables WHERE engine LIKE '%MergeTree' AND total_rows > 0"
        )
        for database, table in tables:
            for row in client.execute_iter(f"SELECT * FROM `{database}`.`{table}`"):
                yield f"{database}.{table}", repr(row).encode()


def files_of(directory: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of a stack but its keys."""
    for path in sorted(directory.rglob("*")):
        if path.is_file() and path.parent.name != "keys":
            yield str(path.relative_to(directory)), path.read_bytes()


def test_no_identity_stands_in_any_topic(planted: Stack) -> None:
    seen: dict[str, int] = {}
    for place, data in records(planted, BY_NAME):
        assert hits(data) == [], place
        seen[place.partition("/")[0]] = seen.get(place.partition("/")[0], 0) + (PLAIN.encode() in data)
    assert seen["transit.kepri"] > 10
    assert {"departures", "reports", "rejected.kepri", "rejected.registry", "assessments", "reviews"} <= seen.keys()


def test_no_identity_stands_in_any_table(planted: Stack) -> None:
    rows = list(rows_of_every_table(planted))
    assert sum(PLAIN.encode() in data for _, data in rows) > 10
    filled = {table for table, _ in rows}
    assert {f"lintas.{t}" for t in ("crossings", "departures", "assessments", "rejected", "reviews")} <= filled
    for table, data in rows:
        assert hits(data) == [], table


def test_no_identity_stands_in_any_file_of_the_stack(planted: Stack) -> None:
    names = set()
    for name, data in files_of(planted.directory):
        names.add(name)
        found = [secret.pattern.decode() for secret in SECRETS if secret.search(data)]
        assert found == [], name
    assert {"stack.json", "log/matcher.log", "log/loader.log", "log/clickhouse.log"} <= names
    memories = [(planted.directory / name).read_bytes() for name in names if name.endswith(".snapshot")]
    assert any(b"canary-" in memory for memory in memories)


def test_no_identity_is_said_by_any_command(planted: Stack) -> None:
    assert len(planted.said) > 35
    for told in planted.said:
        if told.arguments[0] != "review":  # its arguments are the caller's own
            assert hits((told.out + told.err).encode()) == [], told.arguments
        assert "Traceback" not in told.err


def test_what_another_program_writes_reaches_no_table_and_no_log(planted: Stack) -> None:
    producer = KafkaProducer(bootstrap_servers=planted.kafka)
    raw = json.dumps(person("canary-foreign") | {"province": NAME, "record": "transit_event"}).encode()
    for topic in (*TRANSIT, "departures", "reports", "assessments", "rejected.kepri", "reviews", "clusters"):
        for value in (raw, raw[:-1], NAME.encode(), json.dumps({"event_id": NIK, "block": NAME}).encode()):
            producer.send(topic, key=NAME.encode(), value=value, headers=[("ce_id", NIK.encode())])
    producer.flush()
    producer.close()
    planted.wait()
    rows = list(rows_of_every_table(planted))
    assert sum(b"matcher" in data for table, data in rows if table == "lintas.rejected") >= 4 * 5
    for table, data in rows:
        assert hits(data) == [], table
    for name, data in files_of(planted.directory / "log"):
        assert hits(data) == [], name
    for form in ("json", "table"):
        told = planted.run("rejected", "--format", form)
        assert hits(told.out.encode()) == []


def test_the_search_finds_what_is_there() -> None:
    for word in (*WORDS, MRZ, BORN):
        assert hits(f"<{word}>".encode()), word
        assert hits(b'"payload_base64":"' + base64.b64encode(f"..{word}........".encode() * 3) + b'"'), word
    assert hits(b"KM KELUD 0930 5399 local:k5kyw2") == []
