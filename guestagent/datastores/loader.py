"""The datastore of this instance, found by entry point: a new one is a folder and a line in setup.py."""

from importlib import metadata

from guestagent.datastores.base import Datastore
from guestagent.failure import CommandError
from guestagent.place import Place

GROUP = 'dbaas.datastores'


def load(place: Place) -> Datastore:
    """Raises CommandError when this agent has no such datastore."""
    for found in metadata.entry_points(group=GROUP, name=place.datastore):
        made: Datastore = found.load()(place)
        return made
    raise CommandError(f'this agent knows no datastore {place.datastore!r}')
