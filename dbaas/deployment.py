"""A deployment's parts, made from its configuration: what every program of the control plane starts from.

Import it after conf.messaging.prepare().
"""

import dataclasses
import functools
import os
from typing import Any

from oslo_config import cfg

from conductor.board.base import Board
from conductor.board.embedded import EmbeddedBoard
from conductor.names import name_of
from conf import messaging
from dbaas.db import instances
from dbaas.db.engines import Limits
from dbaas.db.session import Database
from dbaas.exceptions import NotFound, Unavailable
from dbaas.guest import accounts
from dbaas.guest.api import Guests
from dbaas.guest.reports import OnHeartbeat, OnReport, ReportServer
from dbaas.services import keyring
from dbaas.services.operations import Operations
from dbaas.services.secrets import Secrets
from flows import registry


@dataclasses.dataclass(frozen=True)
class Deployment:
    """cloud: dbaas.cloud.protocol.Cloud; guest: what dbaas.guest.api.Guests offers; transport: oslo.messaging's;

    board: where jobs are posted and claimed; it has to be started.
    """

    conf: cfg.ConfigOpts
    db: Database
    secrets: Secrets
    operations: Operations
    cloud: Any
    guest: Any
    transport: Any
    board: Board

    def for_conductor(self) -> dict[str, Any]:
        """The parts that conductor.service.build asks for."""
        return {
            'db': self.db, 'cloud': self.cloud, 'guest': self.guest, 'secrets': self.secrets,
            'dependencies': {'accounts': accounts.of(self.conf)},
        }  # fmt: skip

    def for_api(self) -> dict[str, Any]:
        """The parts that dbaas.api.assembly.create_app asks for."""
        return {
            'db': self.db, 'cloud': _impatient(self.conf, self.cloud), 'guest': self.guest, 'secrets': self.secrets,
            'operations': self.operations,
        }  # fmt: skip

    def key_of(self, instance_id: str) -> bytes:
        return _key_of(self.db, self.secrets, instance_id)

    def reception(self, on_report: OnReport, on_heartbeat: OnHeartbeat) -> Any:
        """What receives the reports of guests once it is started: start(), stop()."""
        if self.conf.cloud.driver == 'simulated':
            return self.transport.receive(on_report, on_heartbeat)
        workers = self.conf.messaging.workers
        name = 'reports' if messaging.brokered(self.conf) else self.conf.conductor.name or 'reports'
        return ReportServer(self.transport, self.key_of, on_report, on_heartbeat, workers, name)


def open(conf: cfg.ConfigOpts) -> Deployment:
    """Every part, ready to be used; nothing runs yet. Raises DbaasError or OSError with the remedy.

    Options that depend on others get their values here: the state directory becomes absolute, and what is not given
    lies in it.
    """
    conf.set_override('state_dir', os.path.abspath(conf.state_dir))
    os.makedirs(conf.state_dir, 0o700, exist_ok=True)
    url = conf.database.connection or f'sqlite:///{in_state(conf, "dbaas.sqlite")}'
    db = database(conf, url)
    secrets = Secrets(db, keyring.load(conf.secrets.key_file or in_state(conf, 'keys.yaml')))
    operations = Operations(registry.types(conf), db.clock)
    if conf.cloud.driver == 'simulated':
        made = _simulated(conf)
    else:
        cloud = _openstack(conf) if conf.cloud.driver == 'openstack' else _local(conf)
        made = (cloud, *_guests(conf, db, secrets))
    return Deployment(conf, db, secrets, operations, *made, board(conf))


def database(conf: cfg.ConfigOpts, url: str) -> Database:
    """With the limits of [database]."""
    given = conf.database
    limits = Limits(given.pool_size, given.max_overflow, given.answer_within)
    return Database(url, reruns=given.reruns, limits=limits)


def board(conf: cfg.ConfigOpts) -> Board:
    """Not connected yet. Raises Unavailable when a certificate cannot be read."""
    if conf.board.driver == 'embedded':
        return EmbeddedBoard()
    from conductor.board.zookeeper import ZooKeeperBoard

    return ZooKeeperBoard(conf.board, name_of(conf))


def in_state(conf: cfg.ConfigOpts, *names: str) -> str:
    return os.path.join(conf.state_dir, *names)


def _key_of(db: Database, secrets: Secrets, instance_id: str) -> bytes:
    """The key that seals messages to and from an instance's guest. Raises NotFound when it has none."""
    with db.read() as c:
        row = instances.get(c, instance_id)
    if row is None or row.guest_key_id is None:
        raise NotFound(f'Instance {instance_id} has no guest.')
    return secrets.open(row.guest_key_id)


def _simulated(conf: cfg.ConfigOpts) -> tuple[Any, Any, Any]:
    """A world in this process, or the one of a dbaas-simulator that several processes share."""
    conf.set_default('transport_url', 'simulated://', group='messaging')
    if conf.simulated.url:
        from dbaas.cloud.simulated.remote import RemoteWorld

        given = conf.simulated
        remote = RemoteWorld(given.url, given.timeout, given.patience, conf.messaging.workers)
        return remote.cloud, remote.guests, remote
    from dbaas.cloud.simulated.world import World

    world = World(path=in_state(conf, 'world.journal'))
    return world.cloud, world.guests, world


def _impatient(conf: cfg.ConfigOpts, cloud: Any) -> Any:
    """The same cloud for requests, whose clients wait: it gives up within [api] cloud_patience."""
    seconds = conf.api.cloud_patience
    if conf.cloud.driver == 'openstack':
        from dbaas.cloud.openstack.cloud import OpenStackCloud

        return OpenStackCloud(conf.openstack, patience=seconds)
    if conf.cloud.driver == 'simulated' and conf.simulated.url:
        from dbaas.cloud.simulated.remote import RemoteWorld

        return RemoteWorld(conf.simulated.url, min(conf.simulated.timeout, seconds), seconds).cloud
    return cloud


def _local(conf: cfg.ConfigOpts) -> Any:
    from dbaas.cloud.local import cloud, places

    found = places.settle(conf.state_dir, conf.local.runtime_dir)
    if not conf.messaging.transport_url:
        conf.set_override('transport_url', f'unix://{found.rpc}', group='messaging')
    options: dict[str, Any] = {'heartbeat_interval': conf.guest.heartbeat_interval}
    if not messaging.brokered(conf):  # with a broker each has its own, from its user data
        options['transport_url'] = conf.messaging.transport_url
    return cloud.LocalCloud(
        found,
        network=conf.local.network,
        address_dir=conf.local.address_dir,
        flavors_file=conf.local.flavors_file,
        limits=conf.local.limits,
        agent_options=options,
    )


def _openstack(conf: cfg.ConfigOpts) -> Any:
    """Raises Unavailable when guests, which are on machines of their own, would have no bus."""
    from dbaas.cloud.openstack.cloud import OpenStackCloud

    if not messaging.brokered(conf):
        raise Unavailable(
            '[messaging] transport_url is no rabbit:// URL, and [cloud] driver is openstack: guests in servers of'
            ' their own speak through a broker'
        )
    return OpenStackCloud(conf.openstack)


def _guests(conf: cfg.ConfigOpts, db: Database, secrets: Secrets) -> tuple[Any, Any]:
    """Guests and the transport that leads to them."""
    from dbaas.guest import rpc

    transport = rpc.connect(conf, conf.messaging.transport_url)
    key_of = functools.partial(_key_of, db, secrets)
    return Guests(transport, key_of, conf.messaging.call_timeout), transport
