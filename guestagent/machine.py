"""An agent that has a whole machine to itself: it gets few facts, by the machine's user data, and knows the rest.

All that must outlive the machine lies on the volume, the agent's own record included: another machine with the same
volume goes on where this one was.
"""

import json
import os
import pwd
from typing import Any

from guestagent import place as places
from guestagent.failure import CommandError
from guestagent.place import Place
from guestagent.system import device, disk, files

VOLUME = '/srv/dbaas'
RECORD = f'{VOLUME}/agent'
RUNTIME = '/run/dbaas'
TEMPLATES = '/var/lib/dbaas/templates'
MOUNTED = '/var/lib/dbaas/mounted'  # on the root disk: from now on the volume is not new
USER = 'dbaas'  # of the database server; its number is the same in every image, for it is on the volume
VOLUME_WITHIN = 120.0  # seconds


def settle(path: str) -> Place:
    """The place that the facts in file `path` describe, with its volume mounted and its folders made. Repeatable.

    Facts: {instance, key, datastore, transport_url, address, heartbeat_interval?, flavor?, volume: {id, size},
    new_volume?: whether it may be formatted}.
    Raises CommandError, OSError, KeyError naming what is missing, ValueError for bad JSON.
    """
    with open(path) as text:
        given = json.load(text)
    found = device.find(given['volume']['id'], VOLUME_WITHIN)
    device.make_file_system(found, new=bool(given.get('new_volume')) and not os.path.exists(MOUNTED))
    place = places.make(given | _facts(given['volume'], found))
    disk.attach(place)
    files.folder(RECORD)
    files.write(MOUNTED, given['volume']['id'])
    return place


def _facts(volume: dict[str, Any], found: str) -> dict[str, Any]:
    """What follows from being alone here; `port` comes with the order to prepare."""
    return {
        'state': RUNTIME,
        'record': RECORD,
        'runtime': RUNTIME,
        'templates': TEMPLATES,
        'data': f'{VOLUME}/data',
        'volume': {'device': found, 'mount': VOLUME, 'size': volume['size']},
        'identity': _identity(),
        'port': 0,
    }


def _identity() -> dict[str, int]:
    try:
        user = pwd.getpwnam(USER)
    except KeyError:
        raise CommandError(f'this image has no user {USER}: build it with tools/guest-image') from None
    return {'uid': user.pw_uid, 'gid': user.pw_gid}
