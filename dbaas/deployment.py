"""A deployment's parts, made from its configuration: what every program of the control plane starts from.

Import it after conf.messaging.prepare().
"""

import dataclasses
import os
from typing import Any

from oslo_config import cfg

from dbaas.db import instances
from dbaas.db.session import Database
from dbaas.exceptions import NotFound
from dbaas.guest.api import Guests
from dbaas.guest.reports import OnHeartbeat, OnReport, ReportServer
from dbaas.services import keyring
from dbaas.services.operations import Operations
from dbaas.services.secrets import Secrets
from flows import registry


@dataclasses.dataclass(frozen=True)
class Deployment:
    """cloud: dbaas.cloud.protocol.Cloud; guest: what dbaas.guest.api.Guests offers; transport: oslo.messaging's."""

    conf: cfg.ConfigOpts
    db: Database
    secrets: Secrets
    operations: Operations
    cloud: Any
    guest: Any
    transport: Any

    def for_conductor(self) -> dict[str, Any]:
        """The parts that conductor.service.build asks for."""
        return {'db': self.db, 'cloud': self.cloud, 'guest': self.guest, 'secrets': self.secrets}

    def key_of(self, instance_id: str) -> bytes:
        return _key_of(self.db, self.secrets, instance_id)

    def reception(self, on_report: OnReport, on_heartbeat: OnHeartbeat) -> Any:
        """What receives the reports of guests once it is started: start(), stop()."""
        if self.conf.cloud.driver == 'simulated':
            return self.transport.receive(on_report, on_heartbeat)
        workers = self.conf.messaging.workers
        return ReportServer(self.transport, self.key_of, on_report, on_heartbeat, workers)


def open(conf: cfg.ConfigOpts) -> Deployment:
    """Every part, ready to be used; nothing runs yet. Raises DbaasError or OSError with the remedy.

    Options that depend on others get their values here: the state directory becomes absolute, and what is not given
    lies in it.
    """
    conf.set_override('state_dir', os.path.abspath(conf.state_dir))
    os.makedirs(conf.state_dir, 0o700, exist_ok=True)
    url = conf.database.connection or f'sqlite:///{in_state(conf, "dbaas.sqlite")}'
    db = Database(url, reruns=conf.database.reruns)
    secrets = Secrets(db, keyring.load(conf.secrets.key_file or in_state(conf, 'keys.yaml')))
    operations = Operations(registry.types(conf), db.clock)
    made = _simulated(conf) if conf.cloud.driver == 'simulated' else _local(conf, db, secrets)
    return Deployment(conf, db, secrets, operations, *made)


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
    from dbaas.cloud.simulated.world import World

    world = World(path=in_state(conf, 'world.json'))
    conf.set_default('transport_url', 'simulated://', group='messaging')
    return world.cloud, world.guests, world


def _local(conf: cfg.ConfigOpts, db: Database, secrets: Secrets) -> tuple[Any, Any, Any]:
    from dbaas.cloud.local import cloud, places
    from dbaas.guest import rpc

    found = places.settle(conf.state_dir, conf.local.runtime_dir)
    if not conf.messaging.transport_url:
        conf.set_override('transport_url', f'unix://{found.rpc}', group='messaging')
    url = conf.messaging.transport_url
    made = cloud.LocalCloud(
        found,
        network=conf.local.network,
        address_dir=conf.local.address_dir,
        flavors_file=conf.local.flavors_file,
        limits=conf.local.limits,
        agent_options={'transport_url': url, 'heartbeat_interval': conf.guest.heartbeat_interval},
    )
    transport = rpc.connect(conf, url)
    guests = Guests(transport, lambda instance_id: _key_of(db, secrets, instance_id), conf.messaging.call_timeout)
    return made, guests, transport
