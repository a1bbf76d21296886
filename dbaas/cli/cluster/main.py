"""dbaas cluster: the distributed deployment on one machine. The group; commands have own files."""

import click

from dbaas.cli.cluster.down import down
from dbaas.cli.cluster.up import up


@click.group()
def cluster() -> None:
    """The same on real servers, in several processes: ZooKeeper, RabbitMQ, MariaDB, one API, two conductors."""


cluster.add_command(up)
cluster.add_command(down)
