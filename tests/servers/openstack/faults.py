"""Trouble on demand at the fault proxy, which everybody passes who comes by the public endpoints."""

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import Any

import requests

from tests.servers.openstack.plugins.bed.rules import Rule


class Faults:
    """port: of the proxy's own API."""

    def __init__(self, port: int):
        self._url = f'http://127.0.0.1:{port}'
        self._session = requests.Session()

    @contextlib.contextmanager
    def rule(self, kind: str, service: str = '', **conditions: Any) -> Iterator['Trouble']:
        """Within the block, calls that fit go wrong. See `plugins/bed/rules.py` for kinds and conditions."""
        asked = dataclasses.asdict(Rule(kind, service, **conditions))
        trouble = Trouble(self, self._ask('POST', '/rules', json=asked)['id'])
        try:
            yield trouble
        finally:
            self._ask('DELETE', f'/rules/{trouble.id}')

    def clear(self) -> None:
        """No rule is left, also none of a test that was killed."""
        self._ask('DELETE', '/rules')

    def hits(self, rule: int) -> int:
        """How many calls have gone wrong by that rule, which is in force still."""
        return next(one['hits'] for one in self._ask('GET', '/rules') if one['id'] == rule)

    @property
    def serial(self) -> int:
        """Of the last call so far; for `calls`."""
        return max((call['serial'] for call in self._ask('GET', '/calls')), default=0)

    def calls(self, after: int = 0) -> list[dict[str, Any]]:
        """Calls since that serial number, in the order of their ends: service, method, path, status, trouble.

        status is 0 where the caller was told nothing; trouble is the kind of the rule that struck, or ''.
        """
        return self._ask('GET', f'/calls/{after}')

    def _ask(self, method: str, path: str, **what: Any) -> Any:
        answer = self._session.request(method, self._url + path, timeout=10, **what)
        answer.raise_for_status()
        return answer.json()


class Trouble:
    """A rule in force."""

    def __init__(self, faults: Faults, number: int):
        self._faults, self.id = faults, number

    @property
    def hits(self) -> int:
        return self._faults.hits(self.id)
