"""dbaas down: stops the control plane, agents and database servers of a state directory; data stays."""

import os

import click

from dbaas.cli import kind, output
from dbaas.cli.embedded import hold
from dbaas.exceptions import DbaasError


@click.command()
@click.option(
    '--state', envvar='DBAAS_STATE', default='./var', show_default=True, metavar='DIR', help='State directory.'
)
def down(state: str) -> None:
    """Stop everything that runs on a state directory, cleanly, and keep the data.

    Also when `dbaas up` is dead. The next `dbaas up` starts every instance that should run, on its old address.
    """
    from dbaas.cli.cluster import down as cluster
    from dbaas.cloud.local import cloud, places

    try:
        if kind.of(os.path.abspath(state)) == kind.CLUSTER:
            cluster.say(os.path.abspath(state), cluster.end(os.path.abspath(state)))
            return
        found = places.find(state)
        if found is None:
            output.write(f'nothing to stop: {os.path.abspath(state)} is no state directory of `dbaas up`')
            return
        hold.end(found.state)
        with hold.taken(found.state):
            stopped = cloud.LocalCloud(found).down()
    except DbaasError as error:
        raise click.ClickException(str(error)) from error
    output.write(f'stopped, {len(stopped)} instance{"" if len(stopped) == 1 else "s"}; data stays in {found.state}')
