"""From what people type to ids: beginnings of operation ids, names or beginnings of instances, flavors."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from dbaas.cli.flow.errors import NOT_FOUND, CliError

if TYPE_CHECKING:
    from dbaas.cli.flow.api import Api
    from dbaas.cli.flow.records import Records

_FULL = re.compile(r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}')


def operation(api: 'Api | Records', typed: str) -> str:
    """The full id. A full one is not looked up; a prefix reads the list, newest first."""
    if _FULL.fullmatch(typed):
        return typed
    return _only('operation', typed, [o['id'] for o in api.pages('operations') if _begins(o['id'], typed)])


def instance(api: 'Api | Records', typed: str) -> str:
    if _FULL.fullmatch(typed):
        return typed
    return _match('instance', typed, api.pages('instances'))


def flavor(api: 'Api | Records', typed: str) -> str:
    """Whose `id` is null where it is no number: str_id says it always."""
    rows = [{'id': row['str_id'], 'name': row['name']} for row in api.get('flavors')['flavors']]
    return _match('flavor', typed, rows, prefix=False)


def _match(kind: str, typed: str, rows: Iterable[dict[str, Any]], prefix: bool = True) -> str:
    """An exact id wins, then an exact name, then a prefix of an id."""
    known = [(str(row['id']), row.get('name')) for row in rows]
    if any(id_ == typed for id_, _ in known):
        return typed
    found = [id_ for id_, name in known if name == typed]
    return _only(kind, typed, found or [id_ for id_, _ in known if prefix and _begins(id_, typed)])


def _begins(id_: str, typed: str) -> bool:
    return bool(typed) and id_.startswith(typed)


def _only(kind: str, typed: str, found: list[str]) -> str:
    if len(found) == 1:
        return found[0]
    if not found:
        raise CliError(f'no {kind} {typed!r}', NOT_FOUND)
    some = ', '.join(found[:3]) + (', …' if len(found) > 3 else '')
    raise CliError(f'{typed!r} fits {len(found)} {kind}s: {some}; type more of the id', NOT_FOUND)
