"""Accepting what mends the difference between records and cloud: a sweep of orphans, repairs of instances."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from dbaas import exceptions
from dbaas.cloud.protocol import Resource
from dbaas.context import RequestContext
from dbaas.db import instances, inventory, secrets
from dbaas.services.audits import NOT_RECORDED, Loss
from dbaas.services.operations import Operations

# what a repair needs to know as the create did
KEPT = ('datastore', 'datastore_version', 'nic', 'zone', 'locality', 'image', 'runtime')


def sweep(
    c: sa.Connection,
    operations: Operations,
    ctx: RequestContext,
    orphans: Sequence[Resource],
    disowned: Sequence[Resource] = (),
) -> str:
    """-> the operation's id. disowned: strangers of whom the caller knows that they are nobody's."""
    named = [_named(one) for one in orphans] + [_named(one) | {'disowned': True} for one in disowned]
    return operations.accept(c, ctx, 'cloud.sweep', inputs={'orphans': named})


def _named(one: Resource) -> dict[str, Any]:
    return {'kind': one.kind, 'id': one.id, 'name': one.name, **dataclasses.asdict(one.owner)}


def repair(c: sa.Connection, operations: Operations, ctx: RequestContext, loss: Loss) -> str:
    """-> the operation's id. Raises Conflict when no flow can repair it, Unprocessable while the instance is busy."""
    row, create = instances.lock(c, loss.instance_id), inventory.creation(c, loss.instance_id)
    if row is None or create is None or loss.refused:
        raise exceptions.Conflict(f'Instance {loss.instance_id} cannot be repaired: {loss.refused or NOT_RECORDED}.')
    return operations.accept(
        c, ctx, 'instance.repair', resource_id=row.id, project_id=row.project_id, inputs=_inputs(c, row, create, loss)
    )


def _inputs(c: sa.Connection, row: Any, create: Any, loss: Loss) -> dict[str, Any]:
    """The databases and users are on the volume."""
    published = {'addresses': row.addresses, 'server_id': row.server_id, 'volume_id': row.volume_id}
    return {name: create.inputs.get(name) for name in KEPT} | {
        'instance_id': row.id,
        'made_by': create.id,
        'lost': list(loss.lost),
        'published': published,
        'flavor': row.flavor,
        'volume_id': row.volume_id,
        'volume_size': row.volume_size,
        'access': row.access,
        'databases': [],
        'users': [],
        'guest_key_id': row.guest_key_id,
        'bus_password_id': secrets.find(c, row.id, 'bus-password'),
    }
