"""The container runtime of this machine, where versions of datastores use it and their agents run here."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from dbaas.cli.manage.deployment import Deployment, ManageError
from dbaas.cli.manage.findings import Finding, failed, ok

LOOK_WITHIN = 150.0  # seconds; the agent's own patience with its daemon is less


def containers(deployment: Deployment) -> Iterator[Finding]:
    """The daemon answers, and has each image or can bring it from its archive. Nothing where no version needs one."""
    for version in _versions(deployment):
        name = f'container {version.container_image}'
        done = _look(deployment.conf.container, version)
        if done.returncode == 0:
            yield ok(name, done.stdout.strip())
        else:
            what, _, remedy = (done.stderr.strip() or f'no answer: exit code {done.returncode}').rpartition(': ')
            yield failed(name, what, remedy)


def _versions(deployment: Deployment) -> list[Any]:
    """The active ones that run in containers; none where the database cannot be read: that has a line of its own."""
    from dbaas.db import datastores, failures
    from dbaas.services.datastores import CONTAINER

    try:
        with deployment.db.read() as c:
            return [row for row in datastores.versions(c) if row.active and row.runtime == CONTAINER]
    except (ManageError, *failures.ERRORS):
        return []


def _look(options: Any, version: Any) -> 'subprocess.CompletedProcess[str]':
    """By the agent's own code, as a program: the control plane imports nothing of the agent."""
    command = [sys.executable, '-P', '-m', 'guestagent.runtime.look', version.container_image]
    said = {'--archive': version.container_archive, '--archives': options.archives, '--socket': options.socket}
    for option, value in said.items():
        command += [option, value] if value else []
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LOOK_WITHIN, check=False
    )
