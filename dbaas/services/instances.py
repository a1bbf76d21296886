"""Instances: may it? take quota, write rows, seal secrets, accept an operation. Never commits, never calls a guest."""

import secrets as random
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg

from conf import messaging
from dbaas import exceptions
from dbaas.cloud.protocol import Flavor, Questions
from dbaas.context import RequestContext
from dbaas.db import instances
from dbaas.services import accounts, datastores, flavors, nics
from dbaas.services.datastores import Choice
from dbaas.services.operations import Operations
from dbaas.services.quotas import Quotas, of_instance
from dbaas.services.secrets import Secrets
from dbaas.services.statuses import Clockwork, Seen, seen
from guestagent.contract import verifiers

PASSWORD_LENGTH = 32  # random bytes in the password of a guest's user of the message broker
KEY_LENGTH = 32  # bytes of the key that seals messages to and from a guest
# attributes of a create that are Trove's and not built yet
LATER = ('replica_of', 'restorePoint', 'configuration', 'modules')

Found = tuple[Any, Seen]  # the row with datastore and heartbeat, and what a client sees of it


class Instances:
    """reports_since: when the receiver of guest reports began to listen, seconds since the epoch."""

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        cloud: Questions,
        operations: Operations,
        secrets: Secrets,
        quotas: Quotas,
        clock: Callable[[], float],
        reports_since: Callable[[], float | None],
    ):
        self._conf, self._cloud, self._operations, self._secrets = conf, cloud, operations, secrets
        self._quotas, self._clock, self._reports_since = quotas, clock, reports_since

    # -- read ------------------------------------------------------------------------------------------------------
    def page(self, c: sa.Connection, ctx: RequestContext, limit: int, marker: str | None) -> tuple[list[Found], bool]:
        """Instances of the caller's project by id, and whether there are more."""
        rows = instances.page(c, ctx.project_id, limit, marker)
        return self._with_status(c, rows[:limit]), len(rows) > limit

    def show(self, c: sa.Connection, ctx: RequestContext, instance_id: str) -> Found:
        """Raises NotFound, also for another project's."""
        return self._with_status(c, [_visible(instances.seen(c, instance_id), ctx, instance_id)])[0]

    def _with_status(self, c: sa.Connection, rows: Sequence[Any]) -> list[Found]:
        active: dict[str, list[Any]] = {row.id: [] for row in rows}
        for op in instances.operations(c, list(active)):
            active[op.resource_id].append(op)
        clock = Clockwork(self._clock(), self._conf.guest.heartbeat_expiry, self._reports_since() or 0.0)
        return [(row, seen(row, active[row.id], clock)) for row in rows]

    # -- create ----------------------------------------------------------------------------------------------------
    def flavor_for(self, ctx: RequestContext, wish: Mapping[str, Any]) -> Flavor:
        """The flavor of a create: asked from the cloud before the transaction. Raises what the wish cannot have."""
        for name in LATER:
            if wish.get(name):
                raise exceptions.NotImplementedHere(f'{name} is not available yet: create the instance without it.')
        if wish.get('replica_count', 1) > 1:
            raise exceptions.BadRequest('replica_count needs replica_of.')
        region = wish.get('region_name', self._conf.api.region)
        if region != self._conf.api.region:
            raise exceptions.BadRequest(f'Region {region} is not served here: this is {self._conf.api.region}.')
        if 'flavor' not in wish:
            raise exceptions.BadRequest('Validation error: instance.flavorRef is required.')
        try:
            flavor = flavors.find(self._cloud, wish['flavor'])
        except exceptions.NotFound as error:
            raise exceptions.BadRequest(str(error)) from None
        self._check_place(ctx, wish)
        return flavor

    def _check_place(self, ctx: RequestContext, wish: Mapping[str, Any]) -> None:
        nic = nics.of(wish)
        zone, volume_type = wish.get('availability_zone', ''), wish.get('volume', {}).get('type')
        public = wish['access'].get('is_public', False)
        why = self._cloud.refusal(ctx.project_id, [nic] if nic else [], zone, volume_type or '', public)
        if why is not None:
            raise exceptions.BadRequest(f'The instance cannot be placed so: {why.rstrip(".")}.')

    def create(self, c: sa.Connection, ctx: RequestContext, wish: Mapping[str, Any], flavor: Flavor) -> tuple[str, str]:
        """wish: the validated request. -> (operation id, instance id).

        Raises BadRequest, NotFound (datastore) and OverLimit (volume, quota).
        """
        size = self._volume_size(wish)
        choice = datastores.choose(c, wish.get('datastore', {}))
        accounts.check(choice.version.manager, wish['databases'], wish['users'])
        instance_id, operation_id = str(uuid.uuid4()), str(uuid.uuid4())
        key_id = self._secrets.seal(
            c, project_id=ctx.project_id, owner=instance_id, purpose='guest-key', value=random.token_bytes(KEY_LENGTH)
        )
        self._insert(c, ctx, wish, instance_id, flavor, choice, key_id)
        self._quotas.ensure(c, ctx.project_id)
        inputs = {
            'instance_id': instance_id,
            'name': wish['name'],
            'flavor': flavor.to_dict(),
            'volume_size': size,
            'volume_type': wish['volume'].get('type'),
            'zone': wish.get('availability_zone'),
            'locality': wish.get('locality'),
            'nic': nics.input_of(wish),
            'image': choice.version.image,
            'datastore': choice.version.manager,
            'datastore_version': choice.version.version,
            'runtime': datastores.runtime(choice.version),
            'access': wish['access'],
            'databases': [_database(database) for database in wish['databases']],
            'users': [self._user(c, ctx, operation_id, choice, user) for user in wish['users']],
            'guest_key_id': key_id,
            'bus_password_id': self._bus_password(c, ctx, instance_id),
        }
        self._operations.accept(
            c, ctx, 'instance.create', resource_id=instance_id, inputs=inputs,
            quota=of_instance(flavor, size), operation_id=operation_id,
        )  # fmt: skip
        return operation_id, instance_id

    def _volume_size(self, wish: Mapping[str, Any]) -> int:
        if 'volume' not in wish:
            raise exceptions.BadRequest('Validation error: instance.volume is required.')
        size, most = int(wish['volume']['size']), self._conf.quota.max_volume_size
        if size > most:
            raise exceptions.OverLimit(f'Volume size {size} GiB is larger than the {most} GiB allowed.')
        return size

    def _insert(
        self,
        c: sa.Connection,
        ctx: RequestContext,
        wish: Mapping[str, Any],
        instance_id: str,
        flavor: Flavor,
        choice: Choice,
        key_id: str,
    ) -> None:
        now = self._clock()
        instances.insert(
            c,
            id=instance_id,
            project_id=ctx.project_id,
            name=wish['name'],
            status='BUILD',
            datastore_version_id=choice.version.id,
            flavor=flavor.to_dict(),
            volume_size=int(wish['volume']['size']),
            volume_type=wish['volume'].get('type'),
            access=wish['access'],
            region=self._conf.api.region,
            availability_zone=wish.get('availability_zone'),
            locality=wish.get('locality'),
            addresses=[],
            guest_key_id=key_id,
            created=now,
            updated=now,
        )

    def _bus_password(self, c: sa.Connection, ctx: RequestContext, instance_id: str) -> str | None:
        """The secret with the password of the guest's own user of the broker; None: the transport has no users."""
        if not messaging.brokered(self._conf):
            return None
        password = random.token_urlsafe(PASSWORD_LENGTH).encode()
        return self._secrets.seal(
            c, project_id=ctx.project_id, owner=instance_id, purpose='bus-password', value=password
        )

    def _user(
        self, c: sa.Connection, ctx: RequestContext, operation_id: str, choice: Choice, user: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What the flow gets of a user: the password ends here, as a sealed verifier that dies with the operation."""
        verifier_id = self._secrets.seal(
            c, project_id=ctx.project_id, owner=operation_id, purpose='user-verifier',
            value=verifiers.verifier(choice.version.manager, user['password']).encode(),
        )  # fmt: skip
        return {
            'name': user['name'],
            'host': accounts.host_pattern(user.get('host') or '%'),
            'databases': user['databases'],
            'verifier_secret': verifier_id,
        }

    # -- change ----------------------------------------------------------------------------------------------------
    def rename(self, c: sa.Connection, ctx: RequestContext, instance_id: str, name: str) -> None:
        """In every state. Raises NotFound."""
        self.lock(c, ctx, instance_id)
        instances.update(c, instance_id, name=name, updated=self._clock())

    def delete(self, c: sa.Connection, ctx: RequestContext, instance_id: str) -> str:
        """In every state; while one is under way its operation is the answer. -> operation id. Raises NotFound."""
        row = self.lock(c, ctx, instance_id)
        manager = instances.seen(c, instance_id).manager  # type: ignore[union-attr]
        operation_id, _ = self._operations.delete(
            c, ctx, resource_id=instance_id, project_id=row.project_id,
            inputs={
                'instance_id': instance_id, 'datastore': manager, 'bus_account': messaging.brokered(self._conf),
            },
        )  # fmt: skip
        return operation_id

    def lock(self, c: sa.Connection, ctx: RequestContext, instance_id: str) -> Any:
        """The bare row, locked, so that what is accepted on it is serial. Raises NotFound."""
        return _visible(instances.lock(c, instance_id), ctx, instance_id)


def _visible(row: Any, ctx: RequestContext, instance_id: str) -> Any:
    if row is None or (row.project_id != ctx.project_id and not ctx.is_admin):
        raise exceptions.NotFound(f'Resource {instance_id[:64]} cannot be found.')
    return row


def _database(database: Mapping[str, Any]) -> dict[str, Any]:
    return {
        'name': database['name'],
        'character_set': database.get('character_set'),
        'collate': database.get('collate'),
    }
