"""dbaas-manage db: the schema of the control plane's database."""

import os
from typing import Any

import click

from dbaas.cli import output
from dbaas.cli.manage.deployment import FAILED, Deployment, explained, pass_deployment


@click.group()
def db() -> None:
    """Make or migrate the schema of the control plane's database, and say its version."""


@db.command()
@pass_deployment
@explained
def upgrade(deployment: Deployment) -> None:
    """Bring the schema to this program's version; an empty database gets all of it. Repeatable.

    \b
    Example:
      dbaas-manage --state var db upgrade
    """
    from dbaas.db import migrate

    if deployment.database_file:
        os.makedirs(deployment.state, 0o700, exist_ok=True)
    database = deployment.open()
    before = migrate.current(database)
    migrate.upgrade(database)
    output.write(f'schema {before or "empty"} -> {migrate.current(database)}: {database.engine.url!r}')


@db.command()
@click.argument('revision')
@click.option('--yes', is_flag=True, help='Do not ask.')
@pass_deployment
@explained
def downgrade(deployment: Deployment, revision: str, yes: bool) -> None:
    """Take the schema back to REVISION, with what newer ones have added; `base` removes every table.

    Back up the database before, and end every program of the control plane.

    \b
    Example:
      dbaas-manage --state var db downgrade 0001 --yes
    """
    from dbaas.db import migrate

    before = migrate.current(deployment.db)
    if not yes:
        click.confirm(f'schema {before or "empty"} -> {revision}: data is lost. Go on?', abort=True)
    migrate.downgrade(deployment.db, revision)
    output.write(f'schema {before or "empty"} -> {migrate.current(deployment.db) or "empty"}')


@db.command()
@pass_deployment
@explained
def version(deployment: Deployment) -> None:
    """Print the schema's version and the program's. Exit code 1 when they differ.

    \b
    Example:
      dbaas-manage --state var db version || dbaas-manage --state var db upgrade
    """
    found = versions(deployment)
    output.say(f'source: {deployment.source}')
    output.emit(deployment.format, found, lambda: [f'schema {found["schema"] or "empty"}, program {found["program"]}'])
    if found['schema'] != found['program']:
        raise click.exceptions.Exit(FAILED)


def versions(deployment: Deployment) -> dict[str, Any]:
    """{schema, program}: revisions; schema is None for an empty database."""
    from dbaas.db import migrate

    return {'schema': migrate.current(deployment.db), 'program': migrate.head()}
