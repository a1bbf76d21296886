"""The cloud as requests ask it: few at a time, so that one that is away does not keep every thread of the API."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from dbaas.api import errors
from dbaas.api.guards import context
from dbaas.api.places import Full, Places
from dbaas.cloud.protocol import Flavor, Need, Nic, Questions
from dbaas.exceptions import CloudError, CloudUnavailable

T = TypeVar('T')


class AskedCloud:
    """dbaas.cloud.protocol.Questions. threads: those that serve requests; half of them may wait for the cloud."""

    def __init__(self, cloud: Questions, threads: int):
        self._cloud, self._places = cloud, Places(threads)

    def flavors(self) -> list[Flavor]:
        return self._ask(self._cloud.flavors)

    def effect(self, kind: str) -> str:
        """Nothing is asked for that."""
        return self._cloud.effect(kind)

    def refusal(
        self, project: str, nics: Sequence[Nic], zone: str, volume_type: str, public: bool = False
    ) -> str | None:
        return self._ask(lambda: self._cloud.refusal(project, nics, zone, volume_type, public))

    def shortage(self, need: Need) -> str | None:
        """Plans ask it, and tell in their own words what went wrong: why it did is for administrators."""
        try:
            return self._ask(lambda: self._cloud.shortage(need))
        except CloudError as error:
            if context().is_admin:
                raise
            raise CloudUnavailable(errors.for_users(error)) from error

    def _ask(self, question: Callable[[], T]) -> T:
        try:
            with self._places.one():
                return question()
        except Full as full:
            raise CloudUnavailable(f'{full.waiting} requests wait for the cloud already') from None
