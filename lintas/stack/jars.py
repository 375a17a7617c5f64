"""Kafka's jars: those of an installed Kafka, else of Maven Central, each checked against a pinned digest."""

import hashlib
import shutil
import subprocess
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp

from lintas.stack.errors import BadLocation, JarsUnavailable, MavenUnreachable
from lintas.stack.lock import taking_turns

KAFKA_VERSION = "4.3.1"
MAVEN_CENTRAL = "https://repo.maven.apache.org/maven2"
PROBE_SECONDS = 5
REQUEST_SECONDS = 20
MVN_SECONDS = 300
DOWNLOADS_AT_ONCE = 8
ATTEMPTS = 3

_LIST = Path(__file__).with_name(f"kafka-{KAFKA_VERSION}.jars")
# the newest file of a complete directory: written last, so its presence says that all others are there
_COMPLETE = "complete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Jar:
    """One artifact of Maven Central and the SHA-256 of its jar, in hexadecimal."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def filename(self) -> str:
        """The name of the jar's file."""
        return f"{self.artifact}-{self.version}.jar"


def pinned_jars() -> tuple[Jar, ...]:
    """The jars a broker runs on, as listed beside this module."""
    jars = []
    for line in _LIST.read_text(encoding="ascii").splitlines():
        if line and not line.startswith("#"):
            coordinate, digest = line.split()
            group, artifact, version = coordinate.split(":")
            jars.append(Jar(group=group, artifact=artifact, version=version, sha256=digest))
    return tuple(jars)


def default_cache(environment: Mapping[str, str]) -> Path:
    """Where jars are kept for all stacks of this user."""
    base = environment.get("XDG_CACHE_HOME")
    home = Path(environment["HOME"]) if environment.get("HOME") else Path.home()
    return (Path(base) if base else home / ".cache") / "lintas" / f"kafka-{KAFKA_VERSION}"


def kafka_jars(
    environment: Mapping[str, str], *, cache: Path | None = None, say: Callable[[str], object] = lambda _: None
) -> Path:
    """The directory with the jars of a Kafka broker, downloaded on first use.

    Args:
        environment: KAFKA_HOME names an installed Kafka (4.x); LINTAS_MAVEN another Maven repository than Central.
        cache: where downloaded jars are kept, by default in the user's cache.
        say: hears what takes long, before it begins.

    Raises:
        MavenUnreachable: the jars are not there and Maven Central does not answer.
        JarsUnavailable: KAFKA_HOME holds no Kafka, or what came is not what was pinned.
    """
    installed = environment.get("KAFKA_HOME")
    if installed:
        return _installed_jars(Path(installed))
    directory = (cache or default_cache(environment)).absolute()
    if ":" in str(directory):
        message = f"{directory}: a colon separates the entries of a Java class path; choose another cache directory"
        raise BadLocation(message)
    if is_complete(directory):
        return directory
    directory.parent.mkdir(parents=True, exist_ok=True)
    with taking_turns(directory.with_name(directory.name + ".lock")):
        if not is_complete(directory):  # another process may have finished it while this one waited
            _download(directory, environment, say)
    return directory


def is_complete(directory: Path) -> bool:
    """Was the download into this directory finished and checked, and is nothing missing since?"""
    return (directory / _COMPLETE).is_file() and all((directory / jar.filename).is_file() for jar in pinned_jars())


def _installed_jars(home: Path) -> Path:
    libs = home / "libs"
    if not any(libs.glob("kafka_2.13-4.*.jar")):
        message = f"KAFKA_HOME={home}: {libs} has no kafka_2.13-4.*.jar; name an installed Kafka 4, or unset KAFKA_HOME"
        raise JarsUnavailable(message)
    return libs


def _download(directory: Path, environment: Mapping[str, str], say: Callable[[str], object]) -> None:
    repository = environment.get("LINTAS_MAVEN", MAVEN_CENTRAL).rstrip("/")
    for left in directory.parent.glob(f".{directory.name}-*"):  # of a download that was killed
        shutil.rmtree(left, ignore_errors=True)
    staging = Path(mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    try:
        staging.chmod(0o755)
        say(f"downloading Apache Kafka {KAFKA_VERSION} (44 MB, once) from {repository}")
        fetched = _fetch(staging / ".download", repository, environment)
        for jar in pinned_jars():
            _take(fetched / jar.filename, staging / jar.filename, jar)
        shutil.rmtree(staging / ".download")
        (staging / _COMPLETE).write_text(f"kafka {KAFKA_VERSION}\n", encoding="ascii")
        if directory.exists():  # what an older version or a hand left incomplete
            shutil.rmtree(directory)
        staging.rename(directory)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _fetch(work: Path, repository: str, environment: Mapping[str, str]) -> Path:
    """All jars in one directory, by jgo; where the repository does not answer, by a Maven that knows a mirror."""
    out = work / "lib"
    out.mkdir(parents=True)
    mvn = shutil.which("mvn", path=environment.get("PATH", ""))
    home = Path(environment["HOME"]) if environment.get("HOME") else Path.home()
    has_jgo = find_spec("jgo") is not None
    if mvn and (not has_jgo or (home / ".m2" / "settings.xml").is_file()):  # this user's Maven may know a mirror
        fetch_with_maven(Path(mvn), work, out)
        return out
    if not has_jgo:
        message = "Kafka's jars need a way from Maven Central: pip install 'lintas[local]', or put mvn on the PATH"
        raise JarsUnavailable(message)
    why = why_unreachable(repository)
    if why:
        message = (
            f"Kafka's jars are not here yet and {repository} does not offer them ({why}). Connect once, or name a "
            "mirror in LINTAS_MAVEN or an installed Kafka in KAFKA_HOME, or take the pip-only broker: --broker embedded"
        )
        raise MavenUnreachable(message)
    fetch_with_jgo(repository, work, out)
    return out


def why_unreachable(repository: str) -> str | None:
    """None if the repository offers Kafka within some seconds, else the reason; asked through jgo's own client."""
    from jgo.util import http

    url = f"{repository}/org/apache/kafka/kafka_2.13/{KAFKA_VERSION}/kafka_2.13-{KAFKA_VERSION}.pom"
    try:
        status: int = http.head(url, timeout=PROBE_SECONDS).status_code
    except OSError as error:  # requests' exceptions are OSErrors
        return type(error).__name__
    return None if status == HTTPStatus.OK else f"HTTP {status}"


def fetch_with_jgo(repository: str, work: Path, out: Path) -> None:
    """Download the pinned jars side by side; no POM is read, for the list is already resolved."""
    from jgo.maven import MavenContext

    context = MavenContext(
        repo_cache=work / "repository", local_repos=[], remote_repos={"central": repository}, timeout=REQUEST_SECONDS
    )

    def get(jar: Jar) -> None:
        artifact = context.project(jar.group, jar.artifact).at_version(jar.version).artifact()
        for attempt in range(1, ATTEMPTS + 1):
            try:
                artifact.resolve().rename(out / jar.filename)
                return
            except OSError:
                if attempt == ATTEMPTS:
                    raise
                artifact.cached_path.unlink(missing_ok=True)  # jgo would take a half of it for the whole

    try:
        with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool:
            list(pool.map(get, pinned_jars()))
    except OSError as error:
        message = f"the download from {repository} broke off ({type(error).__name__}); try again"
        raise MavenUnreachable(message) from error
    except RuntimeError as error:  # jgo's word for an artifact that the repository does not have
        message = f"{repository} does not serve all jars of Kafka {KAFKA_VERSION}: {error}"
        raise JarsUnavailable(message) from error


def fetch_with_maven(mvn: Path, work: Path, out: Path) -> None:
    """Let the machine's Maven copy the pinned jars, by whatever mirror its settings name."""
    entries = "".join(
        f"<dependency><groupId>{jar.group}</groupId><artifactId>{jar.artifact}</artifactId>"
        f"<version>{jar.version}</version></dependency>"
        for jar in pinned_jars()
    )
    (work / "pom.xml").write_text(
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>lintas</groupId><artifactId>broker</artifactId><version>1</version><packaging>pom</packaging>"
        f"<dependencies>{entries}</dependencies></project>",
        encoding="utf-8",
    )
    command = [
        str(mvn),
        "-B",
        "-q",
        "dependency:copy-dependencies",
        f"-DoutputDirectory={out}",
        "-DincludeScope=runtime",
    ]
    try:
        done = subprocess.run(
            command,
            cwd=work,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=MVN_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"{mvn} did not finish ({type(error).__name__}): run it by hand to see why"
        raise MavenUnreachable(message) from error
    if done.returncode:
        lines = (done.stdout + done.stderr).strip().splitlines()[:5]
        message = f"{mvn} could not fetch Kafka {KAFKA_VERSION}: " + " / ".join(lines)
        raise MavenUnreachable(message)


def _take(source: Path, target: Path, jar: Jar) -> None:
    if not source.is_file():
        message = f"{jar.filename} did not come; try again, or name an installed Kafka in KAFKA_HOME"
        raise JarsUnavailable(message)
    with source.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != jar.sha256:
        message = (
            f"{jar.filename} is not the pinned file (SHA-256 {digest}, wanted {jar.sha256}): it was damaged or "
            "changed on the way; nothing of this download is kept"
        )
        raise JarsUnavailable(message)
    source.rename(target)
