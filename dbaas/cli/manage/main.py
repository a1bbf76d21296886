"""dbaas-manage: schema, datastores, quotas, identities, keys, checks. The group; commands have own files."""

import sys

import click

from dbaas.cli import completion, output, program
from dbaas.cli.manage.audit import audit
from dbaas.cli.manage.check import check
from dbaas.cli.manage.datastore import datastore
from dbaas.cli.manage.db import db
from dbaas.cli.manage.deployment import Deployment
from dbaas.cli.manage.flow import flow
from dbaas.cli.manage.identity import identity
from dbaas.cli.manage.image import image
from dbaas.cli.manage.keystone import keystone
from dbaas.cli.manage.quota import quota
from dbaas.cli.manage.secrets import secrets

NAME = 'dbaas-manage'
SETTINGS = {'help_option_names': ['-h', '--help'], 'max_content_width': 110}
EPILOG = """\b
Examples:
  dbaas-manage --state var check
  dbaas-manage --config-file /etc/dbaas/dbaas.conf db upgrade
  dbaas-manage flow show instance.create

\b
Exit codes:
    0  done; check: nothing FAILED; db version: the schema is the program's; audit: nothing found, or all is repaired
    1  refused, or any other error; check: something FAILED; db version: they differ; audit: something is left
    2  usage
  130  interrupted
"""


@click.group(context_settings=SETTINGS, epilog=EPILOG)
@click.option('--state', metavar='DIR', envvar='DBAAS_STATE', help='State directory; default: [DEFAULT] state_dir.')
@click.option('--config-file', multiple=True, metavar='FILE', help='Read options from FILE; repeatable, the last wins.')
@click.option('-o', '--format', type=click.Choice(output.FORMATS), default='table', show_default=True)
@click.pass_context
def cli(context: click.Context, state: str | None, config_file: tuple[str, ...], format: str) -> None:
    """Look after a deployment of dbaas, on its own machine: works on its database and files, not through the API."""
    context.obj = Deployment(state, config_file, format)


for command in (db, datastore, image, secrets, quota, identity, keystone, check, audit, flow, completion.completion):
    cli.add_command(command)


def main() -> int:
    return program.run(cli, NAME)


if __name__ == '__main__':
    sys.exit(main())
