"""Whose a state directory is: that of `dbaas up`, or of `dbaas cluster up`. Each would take the other's instances for
orphans, which are removed; so the kind is written down, and changes only while there is no instance.
"""

import contextlib
import os

from dbaas.cli.cluster.process import Process
from dbaas.cli.embedded import hold
from dbaas.exceptions import Conflict, Unavailable
from guestagent.contract import processes

EMBEDDED, CLUSTER = 'embedded', 'cluster'
_COMMANDS = {EMBEDDED: 'dbaas up', CLUSTER: 'dbaas cluster up'}


def settle(state: str, kind: str) -> None:
    """Make it `kind`'s. Raises Conflict with the remedy while it holds instances or processes of the other."""
    found = of(state)
    if found != kind:
        if hold.held(state):
            raise Conflict(f'another dbaas runs on {state}: stop it (dbaas down --state {state})')
        if found == CLUSTER and (names := running(state)):
            raise Conflict(f'a cluster runs on {state} ({", ".join(names)}): end it with `dbaas cluster down`')
        if found is not None and (count := _instances(state)):
            how_many = 'an instance' if count == 1 else f'{count} instances'
            raise Conflict(
                f'{state} holds {how_many} of `{_COMMANDS[found]}`: go on with that, or give another --state'
            )
        processes.replace(_note(state), kind + '\n')


def of(state: str) -> str | None:
    """None: nobody's yet. Raises Unavailable when it cannot be read."""
    try:
        with open(_note(state)) as text:
            return text.read().strip()
    except FileNotFoundError:  # also a state directory that is older than the note
        return EMBEDDED if os.path.exists(os.path.join(state, 'dbaas.sqlite')) else None
    except OSError as error:
        raise Unavailable(f'cannot read {_note(state)}: {error.strerror}; run as the user who started it') from error


def running(state: str) -> list[str]:
    """Names of the servers of a cluster that run on it, agents not among them."""
    names = [name for name in numbers(state) if not name.startswith('agent-')]
    return [name for name in names if Process(state, name).pid is not None]


def numbers(state: str) -> list[str]:
    """Names of all plain pid files."""
    with contextlib.suppress(FileNotFoundError):
        found = os.listdir(os.path.join(state, 'run'))
        return sorted(name.removesuffix('.pid') for name in found if name.endswith('.pid'))
    return []


def _instances(state: str) -> int:
    with contextlib.suppress(FileNotFoundError):
        return len(os.listdir(os.path.join(state, 'instances')))
    return 0


def _note(state: str) -> str:
    return os.path.join(state, 'kind')
