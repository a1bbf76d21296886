"""dbaas: the whole product on this machine. The group; commands have own files."""

import sys

import click

from dbaas.cli import completion, program
from dbaas.cli.cluster.main import cluster
from dbaas.cli.down import down
from dbaas.cli.up import up

NAME = 'dbaas'
SETTINGS = {'help_option_names': ['-h', '--help'], 'max_content_width': 110}
EPILOG = """\b
Examples:
  dbaas up --demo                       # in the foreground; Ctrl-C ends it, databases go on
  dbaas up --state ./var --detach       # returns when it is ready
  dbaas down --state ./var              # stops databases too, keeps their data
  dbaas cluster up --demo               # the same on real servers, in several processes

\b
Exit codes: 0 done; 1 it cannot (one line says why, and the remedy); 2 usage; 130 interrupted while starting.
"""


@click.group(context_settings=SETTINGS, epilog=EPILOG)
def cli() -> None:
    """Database as a Service on this machine: API, conductor and databases from one command."""


cli.add_command(up)
cli.add_command(down)
cli.add_command(completion.completion)
cli.add_command(cluster)


def main() -> int:
    return program.run(cli, NAME)


if __name__ == '__main__':
    sys.exit(main())
