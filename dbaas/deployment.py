"""A deployment's parts, made from its configuration: what every program of the control plane starts from."""

import dataclasses
import os
from typing import Any

from oslo_config import cfg

from conf import messaging
from dbaas.db import instances
from dbaas.db.session import Database
from dbaas.exceptions import NotFound
from dbaas.services import keyring
from dbaas.services.operations import Operations
from dbaas.services.secrets import Secrets
from flows import registry


@dataclasses.dataclass(frozen=True)
class Deployment:
    """cloud: dbaas.cloud.protocol.Cloud; guest: dbaas.guest.api.Guests; transport: oslo.messaging's."""

    conf: cfg.ConfigOpts
    db: Database
    secrets: Secrets
    operations: Operations
    cloud: Any
    transport: Any
    guest: Any


def open(conf: cfg.ConfigOpts) -> Deployment:  # noqa: A001
    """Every part, ready to be used; nothing runs yet. Raises DbaasError with the remedy.

    Options that depend on others get their values here: the state directory becomes absolute, and what is not given
    lies in it.
    """
    conf.set_override('state_dir', os.path.abspath(conf.state_dir))
    os.makedirs(conf.state_dir, 0o700, exist_ok=True)
    db = Database(conf.database.connection or f'sqlite:///{in_state(conf, "dbaas.sqlite")}', reruns=conf.database.reruns)
    secrets = Secrets(db, keyring.load(conf.secrets.key_file or in_state(conf, 'keys.yaml')))
    cloud = _cloud(conf)
    transport = _transport(conf)
    return Deployment(
        conf, db, secrets, Operations(registry.types(conf), db.clock), cloud, transport, _guest(conf, db, secrets, transport)
    )


def in_state(conf: cfg.ConfigOpts, *names: str) -> str:
    return os.path.join(conf.state_dir, *names)


def key_of(db: Database, secrets: Secrets, instance_id: str) -> bytes:
    """The key that seals messages to and from an instance's guest. Raises NotFound when there is none."""
    with db.read() as c:
        row = instances.get(c, instance_id)
    if row is None or row.guest_key_id is None:
        raise NotFound(f'Instance {instance_id} has no guest.')
    return secrets.open(row.guest_key_id)


def _cloud(conf: cfg.ConfigOpts) -> Any:
    if conf.cloud.driver == 'simulated':
        from dbaas.cloud.simulated import world

        return world.cloud()
    from dbaas.cloud.local import cloud, places

    found = places.settle(conf.state_dir, conf.local.runtime_dir)
    if not conf.messaging.transport_url:
        conf.set_override('transport_url', f'unix://{found.rpc}', group='messaging')
    return cloud.LocalCloud(
        found,
        network=conf.local.network,
        address_dir=conf.local.address_dir,
        flavors_file=conf.local.flavors_file,
        limits=conf.local.limits,
        agent_options={
            'transport_url': conf.messaging.transport_url,
            'heartbeat_interval': conf.guest.heartbeat_interval,
        },
    )


def _transport(conf: cfg.ConfigOpts) -> Any:
    messaging.prepare()
    import oslo_messaging

    messaging.register(conf)
    return oslo_messaging.get_rpc_transport(conf, conf.messaging.transport_url)


def _guest(conf: cfg.ConfigOpts, db: Database, secrets: Secrets, transport: Any) -> Any:
    from dbaas.guest.api import Guests

    return Guests(transport, lambda instance_id: key_of(db, secrets, instance_id), conf.messaging.call_timeout)
