"""What each part of the cloud has: the services, the options and the patience."""

from collections.abc import Iterable, Sequence
from typing import Any

from dbaas.cloud.openstack import names
from dbaas.cloud.openstack.services import Services
from dbaas.cloud.openstack.tries import Row, Tries
from dbaas.cloud.protocol import Resource


class Part:
    """Base. options: the group [openstack]."""

    def __init__(self, services: Services, options: Any, tries: Tries):
        self.services, self.options, self.tries = services, options, tries


def oldest(rows: Iterable[Row], order: Sequence[str] = ('created_at', 'id')) -> Row | None:
    """Of several of one name everybody takes the same: calls that look before one has made leave more than one."""
    return min(rows, key=lambda row: [row.get(key) or '' for key in order], default=None)


def ours(kind: str, rows: Iterable[Row], instance: str | None, called: str = 'name') -> list[Resource]:
    """Those of them whose name says that they are ours, of one instance or of all."""
    found = [(row['id'], names.read(row[called])) for row in rows]
    return [
        Resource(kind, id, known[1], known[0])
        for id, known in found
        if known is not None and instance in (None, known[0].instance)
    ]
