"""python -m tests.servers.openstack up|down|status|wipe [--state DIR]: an OpenStack to try things on, or for tests."""

import pathlib
import sys
import time

import click

from tests.servers.openstack import leftovers, place
from tests.servers.openstack.bed import Bed


@click.command(help=__doc__)
@click.argument('what', type=click.Choice(['up', 'down', 'status', 'wipe']))
@click.option(
    '--state', type=click.Path(path_type=pathlib.Path), help='Default: the folder `cloud` of $DBAAS_OPENSTACK.'
)
def main(what: str, state: pathlib.Path | None) -> None:
    bed = Bed((state or place.home() / 'cloud').absolute())
    began = time.monotonic()
    if what == 'status':
        found = bed.status()
        for name, runs in found.items():
            click.echo(f'{name:10} {"answers" if runs else "does not answer"}')
        for leftover in leftovers.there(bed.state):
            click.echo(leftover)
        sys.exit(0 if found and all(found.values()) else 1)
    getattr(bed, what)()
    click.echo(f'{what}: {time.monotonic() - began:.0f} s')
    if what == 'up':
        click.echo(f'export OS_CLIENT_CONFIG_FILE={bed.state}/clouds.yaml OS_CLOUD=admin')


if __name__ == '__main__':
    main()
