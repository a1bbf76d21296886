"""What each verb of the contract does here: a literal table. All of them bear repeating."""

from collections.abc import Callable
from typing import Any

from guestagent.datastores.base import Datastore
from guestagent.desired import Desired

STOP_WITHIN = 120.0  # seconds, then the server is killed

Verb = Callable[[Datastore, Desired, dict[str, Any]], dict[str, Any]]


def prepare(datastore: Datastore, desired: Desired, args: dict[str, Any]) -> dict[str, Any]:
    datastore.runtimes.choose(args.get('runtime'))
    result = datastore.service.prepare({**args, 'used': desired.running is not None})
    desired.set(prepared=args)
    return result


def start(datastore: Datastore, desired: Desired, args: dict[str, Any]) -> dict[str, Any]:
    binary = args.get('server_binary')
    if 'runtime' in args:
        datastore.runtimes.choose(args['runtime'])
    result = datastore.service.start(binary, args.get('databases') or [], args.get('users') or [])
    desired.set(running=True, server_binary=binary)
    return result


def stop(datastore: Datastore, desired: Desired, args: dict[str, Any]) -> dict[str, Any]:
    desired.set(running=False)
    datastore.service.stop(float(args.get('timeout') or STOP_WITHIN))
    return {}


def create_databases(datastore: Datastore, desired: Desired, args: dict[str, Any]) -> dict[str, Any]:
    datastore.databases.create(args['databases'])
    return {}


def create_users(datastore: Datastore, desired: Desired, args: dict[str, Any]) -> dict[str, Any]:
    datastore.users.create(args['users'])
    return {}


def wipe(datastore: Datastore, desired: Desired, args: dict[str, Any]) -> dict[str, Any]:
    desired.set(running=None, prepared=None, full=False)
    datastore.service.wipe()
    return {}


VERBS: dict[str, Verb] = {
    'prepare': prepare,
    'start': start,
    'stop': stop,
    'create-databases': create_databases,
    'create-users': create_users,
    'wipe': wipe,
}
