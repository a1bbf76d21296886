"""The datastore of this instance, found by entry point: a new one is a folder and a line in setup.py."""

from typing import Any

from stevedore import driver, exception

from guestagent.datastores.base import Datastore
from guestagent.failure import CommandError
from guestagent.place import Place

GROUP = 'dbaas.datastores'


def load(place: Place) -> Datastore:
    """Raises CommandError when this agent has no such datastore."""
    try:
        found: Any = driver.DriverManager(GROUP, place.datastore, invoke_on_load=True, invoke_args=(place,))
    except exception.NoMatches as error:
        raise CommandError(f'this agent knows no datastore {place.datastore!r}') from error
    made: Datastore = found.driver
    return made
