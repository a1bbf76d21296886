"""Databases: made where they are not there."""

from typing import Any

from guestagent.datastores.mariadb import account, sql
from guestagent.failure import CommandError
from guestagent.place import Place

RESERVED = frozenset({'mysql', 'information_schema', 'performance_schema', 'sys'})


class Databases:
    def __init__(self, place: Place) -> None:
        self._place = place

    def create(self, databases: list[dict[str, Any]]) -> None:
        account.run(self._place, statements(databases))


def statements(databases: list[dict[str, Any]]) -> list[str]:
    """Idempotent; an existing database keeps its character set. Raises CommandError for a reserved name."""
    return [_create(one) for one in databases]


def _create(database: dict[str, Any]) -> str:
    if database['name'].lower() in RESERVED:
        raise CommandError(f'the database name {database["name"]!r} is reserved')
    made = f'CREATE DATABASE IF NOT EXISTS {sql.name(database["name"])}'
    if database.get('character_set'):
        made += f' CHARACTER SET {sql.word(database["character_set"])}'
    if database.get('collate'):
        made += f' COLLATE {sql.word(database["collate"])}'
    return made
