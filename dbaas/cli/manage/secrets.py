"""dbaas-manage secrets: the keys that seal secrets at rest."""

import os

import click

from dbaas.cli import output
from dbaas.cli.manage.deployment import Deployment, ManageError, explained, pass_deployment


@click.group()
def secrets() -> None:
    """Change the keys that seal secrets in the database."""


@secrets.command()
@click.option('--finish', is_flag=True, help='Make no new key: only seal anew what an interrupted rotation left.')
@pass_deployment
@explained
def rotate(deployment: Deployment, finish: bool) -> None:
    """Make a new key and seal every secret with it, row by row; what an interruption leaves, --finish completes.

    Old keys stay in the key file: backups of the database need them. Programs read the file when they start, so
    stop them first; databases go on. Refused while `dbaas up`, or the API or a conductor of
    a cluster, runs on the state directory.

    \b
    Example:
      dbaas-manage --state var secrets rotate
    """
    from dbaas.cli import kind
    from dbaas.cli.embedded import hold
    from dbaas.exceptions import Conflict

    if not os.path.exists(deployment.key_file):
        raise ManageError(f'there is no key file {deployment.key_file}: nothing is sealed yet')
    if names := [name for name in kind.running(deployment.state) if name.startswith(('api', 'conductor'))]:
        raise ManageError(f'{", ".join(names)} would not know the new key: stop them first (SIGTERM; databases go on)')
    try:
        with hold.taken(deployment.state):
            changed, current = _rotate(deployment, finish)
    except Conflict as error:
        raise ManageError(
            f'`dbaas up` runs on {deployment.state} and would not know the new key: stop it first (databases go on)'
        ) from error
    output.write(f'{changed} secrets sealed anew; the current key is {current}')


def _rotate(deployment: Deployment, finish: bool) -> tuple[int, str]:
    """-> secrets sealed anew, the id of the current key."""
    from dbaas.services import keyring
    from dbaas.services.secrets import Secrets

    ring = deployment.keyring()
    if not finish:
        keyring.rotate(deployment.key_file)
        ring = deployment.keyring()
    return Secrets(deployment.db, ring).reseal(), ring.current
