"""dbaas-simulator: a cloud with guests in memory, for several processes of a control plane. The group; and serving."""

import os
import sys

import click

from dbaas.cli import program
from dbaas.cli.simulator.steering import COMMANDS

NAME = 'dbaas-simulator'
SETTINGS = {'help_option_names': ['-h', '--help'], 'max_content_width': 110}
EPILOG = """\b
Examples:
  dbaas-simulator --state ./sim --port 8790 &
  dbaas-simulator fault --url http://127.0.0.1:8790 'cloud.create_*' 503 --probability 0.1 --seed 7
  dbaas-simulator snapshot --url http://127.0.0.1:8790

\b
Exit codes: 0 done, or stopped by a signal; 1 it cannot (one line says why); 2 usage.
"""
SECONDS = click.FloatRange(min=0)


@click.group(context_settings=SETTINGS, epilog=EPILOG, invoke_without_command=True)
@click.option('--state', type=click.Path(file_okay=False), help='Directory that keeps the world; made if missing.')
@click.option('--port', type=click.IntRange(0, 65535), help='On 127.0.0.1.')
@click.option('--duration', type=SECONDS, default=0.05, show_default=True, help='Seconds that a command runs.')
@click.option('--active', type=SECONDS, default=0.0, show_default=True, help='Seconds until a server is ACTIVE.')
@click.option('--boot', type=SECONDS, default=0.0, show_default=True, help='Seconds from then until its guest answers.')
@click.option('--gone', type=SECONDS, default=0.0, show_default=True, help='Seconds until a deleted server is gone.')
@click.option('--heartbeat', type=click.FloatRange(min=0.1), default=10.0, show_default=True, metavar='SECONDS')
@click.pass_context
def cli(
    context: click.Context,
    state: str | None,
    port: int | None,
    duration: float,
    active: float,
    boot: float,
    gone: float,
    heartbeat: float,
) -> None:
    """A simulated cloud and its guests, over HTTP on 127.0.0.1; [simulated] url of the control plane names it.

    Without a command it serves until it is stopped. What it remembers outlives a kill. It asks for no token:
    whoever can reach the port may do everything.
    """
    if context.invoked_subcommand is not None:
        return
    if state is None or port is None:
        raise click.UsageError('--state and --port are needed to serve; or name a command', context)
    from dbaas.cli.simulator import serving
    from dbaas.cloud.simulated.things import Latency

    os.makedirs(state, 0o700, exist_ok=True)
    latency = Latency(active=active, boot=boot, gone=gone)
    try:
        serving.serve(os.path.join(state, 'world.journal'), port, latency, duration, heartbeat)
    except OSError as error:
        raise click.ClickException(f'port {port}: {error.strerror}; choose another --port') from None


for command in COMMANDS:
    cli.add_command(command)


def main() -> int:
    return program.run(cli, NAME)


if __name__ == '__main__':
    sys.exit(main())
