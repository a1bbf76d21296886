"""What the database server says of itself."""

import dataclasses

import sqlalchemy as sa

from dbaas.db.session import Database

_ASKED = {
    'sqlite': "SELECT sqlite_version(), 'SERIALIZABLE', strftime('%s', 'now')",
    'postgresql': "SELECT version(), current_setting('transaction_isolation'), extract(epoch from clock_timestamp())",
    'mysql': 'SELECT version(), @@tx_isolation, unix_timestamp(now(6))',
}


@dataclasses.dataclass(frozen=True)
class Facts:
    """kind: mariadb, postgresql or sqlite; version: its first numbers; isolation: of a unit of work, as READ COMMITTED;
    now: its clock, seconds since the epoch."""

    kind: str
    version: tuple[int, ...]
    isolation: str
    now: float


def facts(db: Database) -> Facts:
    """Raises what the driver raises (dbaas.db.failures.ERRORS)."""
    backend = db.engine.url.get_backend_name()
    with db.transaction() as c:
        version, isolation, now = c.execute(sa.text(_ASKED['mysql' if backend == 'mariadb' else backend])).one()
    kind = {'mysql': 'mariadb'}.get(backend, backend)
    return Facts(kind, _numbers(str(version)), str(isolation).replace('-', ' ').upper(), float(now))


def _numbers(text: str) -> tuple[int, ...]:
    """'PostgreSQL 15.3 (Debian …)' -> (15, 3); '10.11.4-MariaDB' -> (10, 11, 4)."""
    word = next((word for word in text.split() if word[0].isdigit()), '0')
    return tuple(int(part) for part in word.partition('-')[0].split('.') if part.isdigit())
