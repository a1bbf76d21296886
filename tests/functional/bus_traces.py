"""What a cluster has on this machine, and at its own message broker, asked past its programs."""

import pathlib
from typing import Any

from dbaas.guest.management import Management
from tests.functional import settings
from tests.functional.machine import Traces

_KINDS = {'users': 'name', 'permissions': 'user', 'queues': 'name', 'exchanges': 'name'}


class BusTraces(Traces):
    """config: a configuration file of the cluster, which names the broker."""

    once = {**Traces.once, 'bus users': 1}

    def __init__(self, state: pathlib.Path, addresses: pathlib.Path, config: pathlib.Path):
        super().__init__(state, addresses)
        self._config = config

    def census(self, instance: str) -> dict[str, int]:
        return {**super().census(instance), 'bus users': len(self._named('users', instance))}

    def left(self, instance: str) -> dict[str, list[str]]:
        at_the_bus = {f'bus {kind}': self._named(kind, instance) for kind in _KINDS}
        return super().left(instance) | {kind: names for kind, names in at_the_bus.items() if names}

    def _named(self, kind: str, instance: str) -> list[str]:
        found: list[dict[str, Any]] = self._management().get(kind) or []
        return [one[_KINDS[kind]] for one in found if instance in one[_KINDS[kind]]]

    def _management(self) -> Management:
        return Management(settings.of(self._config)['messaging']['management_url'][0])
