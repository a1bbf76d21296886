"""dbaas-flow: see, stop and continue operations. The group and its options; commands have own files."""

import sys

import click

from dbaas.cli import completion, program
from dbaas.cli.flow import errors
from dbaas.cli.flow import list as listing
from dbaas.cli.flow.events import events
from dbaas.cli.flow.plan import plan
from dbaas.cli.flow.session import format_option, prepare
from dbaas.cli.flow.show import show
from dbaas.cli.flow.stats import stats
from dbaas.cli.flow.top import top
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
  dbaas-flow resume --all --state HELD --rate 5/s --reason 'network is back'
  dbaas-flow --db --state var list                # the API is down
"""


class Group(click.Group):
    """--db takes a value or none; a command's name after it is the command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if '--db' in args:
            place = args.index('--db')
            following = args[place + 1] if place + 1 < len(args) else '-'
            if following.startswith('-') or following in self.commands:
                args = [*args[:place], '--db=', *args[place + 1 :]]
        return super().parse_args(ctx, args)


@click.group(cls=Group, context_settings=SETTINGS, epilog=f'{EXAMPLES}\n{errors.HELP}')
@click.option('--os-auth-type', envvar='OS_AUTH_TYPE', help='admin_token, or any that keystoneauth knows.')
@click.option('--os-endpoint', envvar='OS_ENDPOINT', help='http://HOST:PORT/v1.0/PROJECT_ID.')
@click.option('--os-token', envvar='OS_TOKEN', help='Better set OS_TOKEN: others can read a command line.')
@click.option('--os-auth-url', envvar='OS_AUTH_URL', help='Keystone; the other OS_* variables then count too.')
@click.option('--os-cloud', envvar='OS_CLOUD', help='A cloud of clouds.yaml.')
@click.option('--os-cacert', envvar='OS_CACERT', help='File with the certificate authorities to trust.')
@click.option('--insecure', is_flag=True, envvar='OS_INSECURE', help="Do not verify the API's certificate.")
@click.option('--http-timeout', type=click.FloatRange(min=0.1), default=30.0, show_default=True, metavar='SECONDS')
@click.option(
    '--db',
    metavar='[URL|FILE|DIR]',
    help='Work on the database, not through the API: of this URL, configuration file or state directory; '
    'alone: of --config-file and --state. For when the API is down.',
)
@click.option('--state', metavar='DIR', envvar='DBAAS_STATE', help='With --db: state directory of the deployment.')
@click.option('--config-file', multiple=True, metavar='FILE', help='With --db: read options from FILE; repeatable.')
@format_option
@click.pass_context
def cli(context: click.Context, **_: object) -> None:
    """See, plan, stop and continue the operations of a dbaas: each is a flow of steps.

    Works against the API, with the variables that `openstack` uses, or with --db on the database. Ids may
    be shortened to any unique beginning. Into a pipe or a file, output is plain: no colour, no wrapping,
    nothing cut. Where it comes from is said on stderr.
    """
    prepare(context)


for command in (listing.list_, show, watch, why, events, plan, *VERBS, stats, top, completion.completion):
    cli.add_command(command)


def main() -> int:
    return program.run(cli, NAME)


if __name__ == '__main__':
    sys.exit(main())
