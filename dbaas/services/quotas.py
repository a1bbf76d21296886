"""Limits of a project, and what an instance takes of them."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg

from dbaas.cloud.protocol import Flavor
from dbaas.db import quotas
from dbaas.exceptions import BadRequest, NotFound

RESOURCES = ('instances', 'ram', 'volumes', 'backups')
HIGHEST = 2**53 - 1  # exact in JSON, and far from what a column holds
LONGEST_ID = 64


@dataclasses.dataclass(frozen=True)
class Usage:
    """own: whether the limit is the project's, not the default. A negative limit is none."""

    limit: int
    used: int
    own: bool


class Quotas:
    """Projects without rows of their own have the limits of [quota]; negative: none."""

    def __init__(self, conf: cfg.ConfigOpts):
        self._conf = conf

    def _defaults(self) -> dict[str, int]:
        return {name: self._conf.quota[name] for name in RESOURCES}

    def limits(self, c: sa.Connection, project_id: str) -> dict[str, int]:
        """By resource."""
        return {name: usage.limit for name, usage in self.usage(c, project_id).items()}

    def usage(self, c: sa.Connection, project_id: str) -> dict[str, Usage]:
        """By resource, also of a project that nobody has heard of."""
        own: dict[str, Any] = quotas.of(c, project_id)
        return {
            name: Usage(own[name].limit, own[name].used, True) if name in own else Usage(limit, 0, False)
            for name, limit in self._defaults().items()
        }

    def change(self, c: sa.Connection, project_id: str, limits: Mapping[str, int]) -> None:
        """Set limits by resource; what is used already stays, also above them.

        Raises NotFound for a resource that there is not, BadRequest for a limit out of range.
        """
        for name, limit in limits.items():
            if name not in RESOURCES:
                raise NotFound(f'Quota resource {name[:64]} is not one of {", ".join(RESOURCES)}.')
            if not -1 <= limit <= HIGHEST:
                raise BadRequest(f'Quota limit {limit} of {name} is not between -1 (none) and {HIGHEST}.')
        if len(project_id) > LONGEST_ID:
            raise BadRequest(f'A project id has at most {LONGEST_ID} characters.')
        self.ensure(c, project_id)
        for name, limit in sorted(limits.items()):
            quotas.set_limit(c, project_id, name, limit)

    def ensure(self, c: sa.Connection, project_id: str) -> None:
        """Make the rows that a reservation is taken from."""
        quotas.ensure(c, project_id, self._defaults())


def of_instance(flavor: Flavor, volume_size: int) -> dict[str, int]:
    return {'instances': 1, 'ram': flavor.ram, 'volumes': volume_size}
