"""A gateway run through its command line beside a key file, and a client that speaks plain HTTP to it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schemas.identity import LinkageKey
from tests.integration.stacked import clean_environment, lintas

KEY = LinkageKey("test", b"a test key of thirty-two bytes..")
START_SECONDS = 60.0
JSON, NDJSON = "application/json", "application/x-ndjson"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What an HTTP server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def results(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.json["results"]
        return found


@dataclass(slots=True, kw_only=True)
class Gateway:
    """A gateway that runs."""

    url: str
    directory: Path
    env: Mapping[str, str]
    process: subprocess.Popen[bytes]
    replies: list[Reply] = field(default_factory=list)
    """All that it ever said."""

    @property
    def log(self) -> str:
        return (self.directory / "gateway.log").read_text()

    def key(self, *options: str) -> str:
        """A new key by the command line."""
        told = lintas("gateway", "key", "new", *options, "--dir", self.directory, env=self.env)
        assert told.code == 0, told.err
        return told.out.strip()

    def ask(
        self,
        path: str,
        body: bytes | None = None,
        *,
        key: str = "",
        kind: str = JSON,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One request; a body makes it a POST."""
        heads = {"Content-Type": kind} if body is not None else {}
        if key:
            heads["Authorization"] = f"Bearer {key}"
        request = urllib.request.Request(f"{self.url}{path}", data=body, headers={**heads, **(headers or {})})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                reply = Reply(status=answer.status, headers=dict(answer.headers), body=answer.read())
        except urllib.error.HTTPError as error:
            with error:
                reply = Reply(status=error.code, headers=dict(error.headers), body=error.read())
        self.replies.append(reply)
        return reply

    def post(self, kind: str, rows: Any, key: str, **headers: str) -> Reply:
        """Rows as JSON; `Idempotency_Key="k"` sets that header."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask(f"/v1/{kind}", json.dumps(rows).encode(), key=key, headers=named)


@contextmanager
def running_gateway(
    directory: Path, kafka: str, *options: str, more: Mapping[str, str] | None = None
) -> Iterator[Gateway]:
    """A gateway with the tests' linkage key, from its start to its end."""
    directory.mkdir(parents=True, exist_ok=True)
    key_file = directory / "linkage.key"
    key_file.write_text(KEY.to_text())
    env = {"LINTAS_KAFKA": kafka, "LINTAS_KEY_FILE": str(key_file), **(more or {})}
    argv = [sys.executable, "-m", "lintas", "gateway", "--port", "0", "--dir", str(directory), *options]
    log = directory / "gateway.log"
    with log.open("ab") as out:
        begin = log.stat().st_size
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=clean_environment(env))
    try:
        url = _address(log, begin, process)
        yield Gateway(url=url, directory=directory, env=env, process=process)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _address(log: Path, begin: int, process: subprocess.Popen[bytes]) -> str:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        text = log.read_bytes()[begin:].decode()
        if found := re.search(r"listening on (https?://\S+)", text):
            return found[1]
        assert process.poll() is None, text
        time.sleep(0.05)
    message = f"the gateway does not listen: {log.read_text()}"
    raise AssertionError(message)


def fuzz(gateway: Gateway, keys: Mapping[str, str], place: Path, *options: str) -> None:
    """Schemathesis on a gateway, with a key for each path: it must test all of them and find nothing."""
    config = [
        "[checks]",
        # a row that breaks the document among others that do not: told by its result
        'negative_data_rejection.expected-statuses = ["4xx", 207]',
        # the document gives the form of a row, not all that a row must be
        'positive_data_acceptance.expected-statuses = ["2xx", 409, 422]',
    ]
    for path, key in keys.items():
        config += ["[[operations]]", f'include-path = "/v1/{path}"', f'headers = {{ Authorization = "Bearer {key}" }}']
    (place / "schemathesis.toml").write_text("\n".join(config))
    seed = os.environ.get("LINTAS_TEST_SEED", "1")
    done = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml", "run",
         f"{gateway.url}/openapi.json", "--seed", seed, "--no-color", *options],
        cwd=place, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No issues found" in done.stdout, done.stdout
    assert f"Tested: {len(keys)}" in done.stdout
