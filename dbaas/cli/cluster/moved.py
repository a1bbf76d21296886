"""Agents know the broker's port from their creation: what to do when it has to move."""

import glob
import os

from guestagent.contract import processes


def tell(state: str, old: int, new: int) -> None:
    """Agents of `state` that know the broker at port `old` end; the conductor starts them again, with port `new`."""
    for path in glob.glob(os.path.join(glob.escape(state), 'instances', '*', 'agent.json')):
        with open(path) as text:
            known = text.read()
        told = known.replace(f'@127.0.0.1:{old}/', f'@127.0.0.1:{new}/')
        if told != known:
            processes.replace(path, told)
            processes.stop_process(os.path.join(os.path.dirname(path), 'agent.pid'), timeout=5)
