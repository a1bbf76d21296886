"""dbaas-manage flow: the flows that this program knows, and which ones operations under way need."""

import inspect
from typing import Any

import click

from dbaas.cli import output
from dbaas.cli.flow.render import plans
from dbaas.cli.manage.deployment import FAILED, Deployment, ManageError, explained, pass_deployment
from dbaas.cli.text import Block, Table

INJECTED = ('run', 'cloud', 'guest', 'accounts', 'db', 'secrets', 'settings')


@click.group()
def flow() -> None:
    """Look at the flows that this program knows."""


@flow.command()
@click.argument('type_', metavar='TYPE')
@click.option('--version', type=int, help='Default: the newest.')
@pass_deployment
def show(deployment: Deployment, type_: str, version: int | None) -> None:
    """Show the do/undo table of TYPE: every step in running order, what it does, how that is undone.

    \b
    Example:
      dbaas-manage flow show instance.create
    """
    from conf import messaging

    messaging.prepare()  # TaskFlow's imports would try eventlet
    from flows import registry

    known = sorted(v for name, v in registry.OPERATIONS if name == type_)
    if (version or 0) not in (0, *known) or not known:
        pairs = ', '.join(f'{name} v{v}' for name, v in sorted(registry.OPERATIONS))
        raise ManageError(f'no flow {type_}{f" v{version}" if version else ""}; known: {pairs}')
    found = table(type_, version or known[-1])
    output.emit(deployment.format, found, lambda: _blocks(found))


@flow.command('list')
@pass_deployment
@explained
def list_(deployment: Deployment) -> None:
    """List flows by version: whether this program knows it, and how many operations under way need it.

    Exit code 1 when some need one that this program does not know.

    \b
    Example:
      dbaas-manage --state var flow list
    """
    from conf import messaging

    messaging.prepare()
    from dbaas.db import history
    from flows import registry

    with deployment.db.read() as c:
        needed = history.versions(c)
    rows = [
        {'type': type_, 'version': version, 'known': (type_, version) in registry.OPERATIONS,
         'under_way': needed.get((type_, version), 0)}
        for type_, version in sorted({*registry.OPERATIONS, *needed})
    ]  # fmt: skip
    output.say(f'source: {deployment.source}')
    headings = ('TYPE', 'VERSION', 'KNOWN', 'UNDER WAY')
    output.emit(deployment.format, rows, lambda: [Table(headings, [_cells(row) for row in rows])])
    if any(row['under_way'] and not row['known'] for row in rows):
        raise click.exceptions.Exit(FAILED)


def _cells(row: dict[str, Any]) -> list[Any]:
    return [row['type'], row['version'], 'yes' if row['known'] else 'no', row['under_way']]


def table(type_: str, version: int) -> dict[str, Any]:
    """{type, version, point_of_no_return, steps}; steps as in a plan, with their needs and gives."""
    from flows import registry
    from flows.graph import Graph

    steps = [_row(place) for place in Graph(registry.build(type_, version)).places.values()]
    brink = next((step['name'] for step in steps if step['irreversible']), None)
    return {'type': type_, 'version': version, 'point_of_no_return': brink, 'steps': steps}


def _row(place: Any) -> dict[str, Any]:
    step = place.step
    return {
        'name': step.name,
        'effect': step.effect,
        'undo': step.undo_effect or None,
        'irreversible': step.irreversible,
        'disrupts': step.disrupts,
        'restores': step.restores,
        'depth': place.depth,
        'group': place.group,
        'after': list(place.after),
        'needs': sorted(name for name in inspect.signature(step.execute).parameters if name not in INJECTED),
        'gives': sorted(step.provides),
    }


def _blocks(found: dict[str, Any]) -> list[Block]:
    brink = found['point_of_no_return']
    last = f'from {brink} on it cannot be aborted' if brink else 'it can be aborted until it has ended'
    return [f'{found["type"]} v{found["version"]}: {last}', '', plans.effects(found['steps'])]
