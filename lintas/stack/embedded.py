"""The pip-only broker, for trying out where Kafka's jars cannot be had.

It keeps its records in one snapshot written about once a second: what was acknowledged in the second before a crash
is lost.  Consumers take their partitions by `assign`: a second member of a group fails there, and one that was killed
is never expired.
"""

from importlib import resources
from pathlib import Path

from lintas.stack.errors import BrokerMissing
from lintas.stack.ports import LOOPBACK

_MISSING = "the pip-only broker is not installed: pip install 'lintas[local]', or use Apache Kafka: --broker kafka"


def embedded_command(directory: Path, port: int) -> tuple[str, ...]:
    """The command line that runs the broker in the foreground; SIGTERM ends it in order, with exit code 0.

    It names the program inside the package, not the package's wrapper: one process to watch and to end, not two.

    Raises:
        BrokerMissing: the package is not installed.
    """
    try:
        program = Path(str(resources.files("noida_db").joinpath("noida-db")))
    except ModuleNotFoundError as error:
        raise BrokerMissing(_MISSING) from error
    if not program.is_file():
        raise BrokerMissing(_MISSING)
    program.chmod(0o755)  # installers do not all keep the mode
    data = str(directory.absolute())
    return (str(program), "start", "--only", "kafka", "--host", LOOPBACK, "--kafka-port", str(port), "--data-dir", data)
