"""What is missing or not permitted on this machine: said at a start, which it does not prevent."""

from typing import Any

from oslo_config import cfg

from dbaas.cli.embedded.schema import DATASTORE
from dbaas.cloud.local import cloud, places
from guestagent.contract import programs

PACKAGE = 'mariadb-server-core'


def of(conf: cfg.ConfigOpts, used: Any) -> list[str]:
    """A line each; `used`: the cloud of this deployment."""
    return _missing(conf) + (used.notes() if isinstance(used, cloud.LocalCloud) else [])


def of_cluster(conf: cfg.ConfigOpts) -> list[str]:
    """The same for programs in other processes; simulated instances need nothing of this machine."""
    if conf.cloud.driver != 'local':
        return []
    found = places.settle(conf.state_dir, conf.local.runtime_dir)
    return of(conf, cloud.LocalCloud(found, address_dir=conf.local.address_dir, limits=conf.local.limits))


def _missing(conf: cfg.ConfigOpts) -> list[str]:
    try:
        programs.find(('mariadbd',), conf.mariadb.server_binary, package=PACKAGE, option='[mariadb] server_binary')
    except programs.ProgramMissing as error:
        return [f'{error}; until then creating a {DATASTORE} instance is held']
    return []
