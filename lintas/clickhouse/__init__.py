"""A ClickHouse server for one machine: the engine of the chdb-core wheel behind the native TCP protocol."""

from lintas.clickhouse.errors import StartError
from lintas.clickhouse.running import ClickHouseAddress, ClickHouseProcess, running_clickhouse, start_clickhouse
from lintas.clickhouse.users import User

__all__ = [
    "ClickHouseAddress",
    "ClickHouseProcess",
    "StartError",
    "User",
    "running_clickhouse",
    "start_clickhouse",
]
