"""dbaas cluster up: everything on real servers, in processes of its own; returns when all of it is ready."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from dbaas.cli import kind, output, starting

if TYPE_CHECKING:
    from oslo_config import cfg


@click.command()
@click.option('--demo', is_flag=True, help='Create an instance `demo` with a database and a user, once.')
@click.option('--state', envvar='DBAAS_STATE', metavar='DIR', help='Where everything is kept.  [default: ./var]')
@click.option(
    '--port', envvar='DBAAS_PORT', type=click.IntRange(1, 65535), metavar='N', help='Of the API.  [default: 8779]'
)
@click.option(
    '--config-file', 'config_files', multiple=True, type=click.Path(dir_okay=False), metavar='FILE',
    help='More options (oslo.config) for all processes; may be given several times.',
)  # fmt: skip
def up(demo: bool, state: str | None, port: int | None, config_files: tuple[str, ...]) -> None:
    """Start ZooKeeper, RabbitMQ, MariaDB, one API, two conductors, and the agents of all instances.

    Returns when all of it is ready. What runs already is left alone, what has died is started again.
    """
    with starting.explained():
        conf = starting.configuration(state, port, config_files, kind.CLUSTER)
        run(conf, config_files, demo)


def run(conf: 'cfg.ConfigOpts', config_files: Sequence[str], demo: bool) -> None:
    """Raises DbaasError or OSError with the remedy."""
    from dbaas.cli import remarks
    from dbaas.cli.cluster import files, members
    from dbaas.cli.embedded import hold, identities, progress

    url = starting.url_of(conf)
    with hold.taken(conf.state_dir):
        starting.check_space(conf.state_dir)
        identities.first_start(conf.identity.token_file)
        members.Members(conf, files.given(config_files)).start()
        identities.write_environment(conf.state_dir, identities.admin(conf.identity.token_file), url)
        output.write(f'dbaas is up: {url}, state in {conf.state_dir}')
        for line in remarks.of_cluster(conf):
            output.write(f'note: {line}')
        if demo:
            next(progress.bring_up(conf.state_dir, conf.identity.token_file, url), None)
        output.write('All of it goes on in the background; `make cluster-down` (dbaas cluster down) ends it.')
