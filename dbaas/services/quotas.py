"""Limits of a project, and what an instance takes of them."""

from typing import Any

import sqlalchemy as sa
from oslo_config import cfg

from dbaas.cloud.protocol import Flavor
from dbaas.db import quotas

RESOURCES = ('instances', 'ram', 'volumes', 'backups')


class Quotas:
    """Projects without rows of their own have the limits of [quota]; negative: none."""

    def __init__(self, conf: cfg.ConfigOpts):
        self._conf = conf

    def _defaults(self) -> dict[str, int]:
        return {name: self._conf.quota[name] for name in RESOURCES}

    def limits(self, c: sa.Connection, project_id: str) -> dict[str, int]:
        """By resource."""
        own: dict[str, Any] = quotas.of(c, project_id)
        return {name: own[name].limit if name in own else limit for name, limit in self._defaults().items()}

    def ensure(self, c: sa.Connection, project_id: str) -> None:
        """Make the rows that a reservation is taken from."""
        quotas.ensure(c, project_id, self._defaults())


def of_instance(flavor: Flavor, volume_size: int) -> dict[str, int]:
    return {'instances': 1, 'ram': flavor.ram, 'volumes': volume_size}
