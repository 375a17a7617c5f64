"""Makes the passwords of the compose stack once: plain ones for the clients, hashes for the ClickHouse server."""

import hashlib
import secrets
import sys
from pathlib import Path

USERS = ("lintas", "analyst")
TEMPLATE = """<clickhouse>
    <users>
        <default remove="remove"/>
        <lintas>
            <password_sha256_hex>{lintas}</password_sha256_hex>
            <networks><ip>::/0</ip></networks>
            <profile>lintas</profile>
            <quota>default</quota>
        </lintas>
        <analyst>
            <password_sha256_hex>{analyst}</password_sha256_hex>
            <networks><ip>::/0</ip></networks>
            <profile>analyst</profile>
            <quota>default</quota>
            <grants><query>GRANT SELECT ON lintas.*</query></grants>
        </analyst>
    </users>
    <profiles>
        <lintas><async_insert>0</async_insert></lintas>
        <analyst><readonly>2</readonly><max_execution_time>60</max_execution_time></analyst>
    </profiles>
</clickhouse>
"""


def make(folder: Path) -> None:
    """Write the secrets into a folder that only its owner can enter; existing ones are kept."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    hashes = {}
    for user in USERS:
        file = folder / f"clickhouse_{user}_password"
        if not file.exists():
            file.write_text(secrets.token_urlsafe(24))
        file.chmod(0o444)  # the container's user is another than the folder's owner
        hashes[user] = hashlib.sha256(file.read_bytes()).hexdigest()
    users = folder / "clickhouse_users.xml"
    users.unlink(missing_ok=True)
    users.write_text(TEMPLATE.format(**hashes))
    users.chmod(0o444)


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "secrets")
