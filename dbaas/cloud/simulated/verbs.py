"""What each verb of the contract does inside a simulated guest."""

import dataclasses
from collections.abc import Callable
from typing import Any

Guest = dict[str, Any]  # 'inside': {'database': None or {...}}, what a snapshot shows; 'ledger': its commands
Effect = Callable[[Guest, dict[str, Any]], dict[str, Any] | None]


class VerbFailed(Exception):
    """The command ends as failed, with this text."""


def nothing(guest: Guest, command: dict[str, Any]) -> None:
    return None


@dataclasses.dataclass(frozen=True)
class Verb:
    """`begin` happens when the command arrives, `finish` when it ends; an instant one ends as it arrives."""

    finish: Effect
    begin: Effect = nothing
    instant: bool = False


def database(guest: Guest) -> dict[str, Any]:
    if guest['inside']['database'] is None:
        raise VerbFailed('the database is not prepared')
    return guest['inside']['database']


def prepare(guest: Guest, command: dict[str, Any]) -> None:
    if guest['inside']['database'] is None:
        made = {'version': command['args']['version'], 'running': False, 'databases': [], 'users': []}
        guest['inside']['database'] = made


def start(guest: Guest, command: dict[str, Any]) -> None:
    args = command['args']
    database(guest)['running'] = True
    create_databases(guest, command)
    if args.get('users'):
        create_users(guest, command)


def stop(guest: Guest, command: dict[str, Any]) -> None:
    if guest['inside']['database'] is not None:
        guest['inside']['database']['running'] = False


def create_databases(guest: Guest, command: dict[str, Any]) -> None:
    names = {d['name'] for d in command['args'].get('databases', [])}
    database(guest)['databases'] = sorted(names.union(database(guest)['databases']))


def create_users(guest: Guest, command: dict[str, Any]) -> None:
    names = {f'{u["name"]}@{u.get("host") or "%"}' for u in command['args']['users']}
    database(guest)['users'] = sorted(names.union(database(guest)['users']))


def wipe(guest: Guest, command: dict[str, Any]) -> None:
    guest['inside']['database'] = None


VERBS = {
    'prepare': Verb(prepare),
    'start': Verb(start),
    'stop': Verb(stop),
    'create-databases': Verb(create_databases),
    'create-users': Verb(create_users),
    'wipe': Verb(wipe),
}
