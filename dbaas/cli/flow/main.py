"""dbaas-flow: see, stop and continue operations. The group and its options; commands have own files."""

import sys

import click

from dbaas.cli import program
from dbaas.cli.flow import auth, errors
from dbaas.cli.flow import list as listing
from dbaas.cli.flow.events import events
from dbaas.cli.flow.plan import plan
from dbaas.cli.flow.session import Session, format_option
from dbaas.cli.flow.show import show
from dbaas.cli.flow.verbs import VERBS
from dbaas.cli.flow.watch import watch
from dbaas.cli.flow.why import why

NAME = 'dbaas-flow'
SETTINGS = {'help_option_names': ['-h', '--help'], 'max_content_width': 110}
EXAMPLES = """\b
Examples:
  . var/openrc                                    # OS_AUTH_TYPE, OS_ENDPOINT, OS_TOKEN
  dbaas-flow list --state HELD
  dbaas-flow why 3f2a                             # any unique beginning of an id
  dbaas-flow resume 3f2a --reason 'disk replaced'
  dbaas-flow plan create db1 --flavor 1 --size 1 --datastore mariadb
  dbaas-flow watch 3f2a && echo succeeded
"""


@click.group(context_settings=SETTINGS, epilog=f'{EXAMPLES}\n{errors.HELP}')
@click.option('--os-auth-type', envvar='OS_AUTH_TYPE', help='admin_token, or any that keystoneauth knows.')
@click.option('--os-endpoint', envvar='OS_ENDPOINT', help='http://HOST:PORT/v1.0/PROJECT_ID.')
@click.option('--os-token', envvar='OS_TOKEN', help='Better set OS_TOKEN: others can read a command line.')
@click.option('--os-auth-url', envvar='OS_AUTH_URL', help='Keystone; the other OS_* variables then count too.')
@click.option('--os-cloud', envvar='OS_CLOUD', help='A cloud of clouds.yaml.')
@click.option('--os-cacert', envvar='OS_CACERT', help='File with the certificate authorities to trust.')
@click.option('--insecure', is_flag=True, envvar='OS_INSECURE', help="Do not verify the API's certificate.")
@click.option('--http-timeout', type=click.FloatRange(min=0.1), default=30.0, show_default=True, metavar='SECONDS')
@format_option
@click.pass_context
def cli(context: click.Context, http_timeout: float, **options: object) -> None:
    """See, plan, stop and continue the operations of a dbaas: each is a flow of steps.

    Works against the API, with the variables that `openstack` uses. Ids may be shortened to any unique
    beginning. Into a pipe or a file, output is plain: no colour, no wrapping, nothing cut. What is shown
    comes from the API that is named on stderr.
    """
    session = context.ensure_object(Session)
    named = {name.removeprefix('os_'): value for name, value in options.items()}
    session.options = auth.Options(**named)  # type: ignore[arg-type]
    session.timeout = http_timeout


for command in (listing.list_, show, watch, why, events, plan, *VERBS):
    cli.add_command(command)


def main() -> int:
    return program.run(cli, NAME)


if __name__ == '__main__':
    sys.exit(main())
