"""Comparing records and cloud: what no record owns, and what a record has lost. Looks only."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from dbaas.cloud.protocol import Cloud, Resource, of_instances
from dbaas.db import inventory, operations, sweeping
from dbaas.db.session import Database

VOLUME_GONE = 'its volume is gone, and the data with it: restore a backup into a new instance, and delete this one'
NOT_RECORDED = 'the operation that created it is not in the records: delete it, or mend the cloud by hand'


@dataclasses.dataclass(frozen=True)
class Loss:
    """An instance that is not in the cloud as its record says.

    lost: names of what is missing; found: the same and what differs, in words; refused: why no flow can repair it.
    """

    instance_id: str
    name: str
    project_id: str
    lost: tuple[str, ...]
    found: tuple[str, ...]
    refused: str | None = None


@dataclasses.dataclass(frozen=True)
class Report:
    """orphans: what no record owns, safe to remove; strangers: of operations that are not in these records."""

    orphans: Sequence[Resource]
    strangers: Sequence[Resource]
    losses: Sequence[Loss]

    @property
    def clean(self) -> bool:
        return not (self.orphans or self.strangers or self.losses)


def look(db: Database, cloud: Cloud) -> Report:
    """Records are read before and after the cloud: what changes meanwhile is not reported. Raises CloudError."""
    with db.read() as c:
        before = inventory.at_rest(c)
    resources = cloud.resources()
    with db.read() as c:
        still = {row.id: row.updated for row in inventory.at_rest(c)}
        orphans = [r for instance, mine in of_instances(resources) for r in sweeping.orphans(c, instance, mine)]
        strangers = [r for r in resources if operations.get(c, r.owner.operation) is None]
        quiet = [row for row in before if still.get(row.id) == row.updated]
        made = [(row, inventory.creation(c, row.id)) for row in quiet]
        names = {op.id: inventory.made(c, op.id) for _, op in made if op is not None}
    gone = {r.id for r in orphans}
    losses = []
    for row, op in made:
        mine = [r for r in resources if r.owner.instance == row.id and r.id not in gone]
        loss = _compare(cloud, row, op, names.get(op.id, set()) if op is not None else set(), mine)
        losses += [loss] if loss.found else []
    return Report(orphans, strangers, losses)


def _compare(cloud: Cloud, row: Any, op: Any, made: set[str], mine: Sequence[Resource]) -> Loss:
    there = {r.name: r for r in mine if not r.put_away}
    names = set(there)
    if 'server' not in names and row.server_id and cloud.server_by_id(row.server_id) is not None:
        names.add('server')  # clouds leave servers out of a list while a part of them is away
    lost = _lost(made | {'server', 'volume'}, names)
    found = [f'{name} is gone' for name in sorted(lost)]
    for name, said in (('server', row.server_id), ('volume', row.volume_id)):
        if name in there and there[name].id != said:
            found.append(f'{name} is {there[name].id}, and not {said} as recorded')
    port = cloud.port(there['port'].id) if 'port' in there else None
    if port is not None and port.address not in [place['address'] for place in row.addresses]:
        found.append(f'the address is {port.address}, which is not recorded')
    if {'port', 'management-port'} & lost:
        lost.add('server')  # it never gets that interface back: another takes its place
    refused = NOT_RECORDED if op is None else VOLUME_GONE if 'volume' in lost else None
    return Loss(row.id, row.name, row.project_id, tuple(sorted(lost)), tuple(found), refused)


def _lost(wanted: set[str], there: set[str]) -> set[str]:
    """A server group matters only to a machine that is made."""
    lost = wanted - there
    return lost if 'server' in lost else lost - {'server-group'}
