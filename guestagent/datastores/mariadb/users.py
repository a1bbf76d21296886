"""Users: made with a verifier, never a password, and given all rights on their databases."""

from typing import Any

from guestagent.datastores.mariadb import account, sql
from guestagent.failure import CommandError
from guestagent.place import Place

RESERVED = frozenset({'root', 'mariadb.sys', 'public', 'mysql'})


class Users:
    def __init__(self, place: Place) -> None:
        self._place = place

    def create(self, users: list[dict[str, Any]]) -> None:
        account.run(self._place, statements(users))


def statements(users: list[dict[str, Any]]) -> list[str]:
    """Idempotent: IF NOT EXISTS leaves an old password, so ALTER follows; grants of old ones stay.

    Raises CommandError for a reserved name, our own account's included.
    """
    return [statement for user in users for statement in _create(user)]


def _create(user: dict[str, Any]) -> list[str]:
    if user['name'].lower() in RESERVED or user['name'] == account.name():
        raise CommandError(f'the user name {user["name"]!r} is reserved')
    who = f'{sql.literal(user["name"])}@{sql.literal(user.get("host") or "%")}'
    how = f'IDENTIFIED VIA mysql_native_password USING {sql.literal(user["verifier"])}'
    grants = [f'GRANT ALL PRIVILEGES ON {sql.pattern(database)}.* TO {who}' for database in user.get('databases') or ()]
    return [f'CREATE USER IF NOT EXISTS {who} {how}', f'ALTER USER {who} {how}', *grants]
