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

    Old keys stay in the key file: backups of the database need them.

    \b
    Example:
      dbaas-manage --state var secrets rotate
    """
    from dbaas.services import keyring
    from dbaas.services.secrets import Secrets

    if not os.path.exists(deployment.key_file):
        raise ManageError(f'there is no key file {deployment.key_file}: nothing is sealed yet')
    ring = deployment.keyring()
    if not finish:
        keyring.rotate(deployment.key_file)
        ring = deployment.keyring()
    changed = Secrets(deployment.db, ring).reseal()
    output.write(f'{changed} secrets sealed anew; the current key is {ring.current}')
