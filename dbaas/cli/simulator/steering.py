"""Commands that steer or look at a running dbaas-simulator; each prints JSON or nothing."""

import json
from typing import Any

import click

from dbaas.cloud.simulated.control import Control
from dbaas.exceptions import DbaasError

url = click.option('--url', required=True, help='Of the simulator: http://127.0.0.1:PORT.')


def control(url: str) -> Control:
    return Control(url, patience=2.0)


def told(call: Any, *arguments: Any, **more: Any) -> None:
    """Print what the call answers."""
    try:
        answer = call(*arguments, **more)
    except DbaasError as error:
        raise click.ClickException(str(error)) from None
    if answer is not None:
        click.echo(json.dumps(answer, indent=2))


@click.command()
@url
@click.argument('call')
@click.argument('effect')
@click.option('--when', type=click.Choice(['before', 'after']), default='before', show_default=True)
@click.option('--probability', type=click.FloatRange(0, 1), default=1.0, show_default=True)
@click.option('--times', type=click.IntRange(min=1), help='How often at most; default: always.')
@click.option('--seconds', type=click.FloatRange(min=0), nargs=2, default=(0, 0), help='Range of latency, hang, hold.')
@click.option('--instance', help='Only calls about this one.')
@click.option('--seed', type=int, default=0, show_default=True, help='Of its chances.')
def fault(url: str, call: str, effect: str, **rule: Any) -> None:
    """Disturb calls that match CALL, such as 'cloud.create_*', guest.submit or '*'.

    EFFECT: latency, 429, 500, 503, drop (no answer), hang, hold (a late call); for guests also unreachable, refused.
    """
    told(control(url).fault, call, effect, **rule)


@click.command()
@url
def faults(url: str) -> None:
    """Show the faults, and how often each has struck."""
    told(control(url).faults)


@click.command()
@url
def clear(url: str) -> None:
    """End all faults, and show them."""
    told(control(url).clear)


@click.command()
@url
@click.argument('instance')
@click.argument('mood', type=click.Choice(['well', 'dead', 'slow', 'refusing']))
@click.option('--seconds', type=click.FloatRange(min=0), default=1.0, show_default=True, help='How slow.')
def mood(url: str, instance: str, mood: str, seconds: float) -> None:
    """Change what the guest of INSTANCE is like."""
    told(control(url).mood, instance, mood, seconds)


@click.command()
@url
def snapshot(url: str) -> None:
    """Show what exists, comparably: no ids, no times."""
    told(control(url).snapshot)


@click.command()
@url
@click.option('--since', type=click.IntRange(min=0), default=0, help='Leave out so many of the oldest.')
def effects(url: str, since: int) -> None:
    """Show everything that ever happened: what was made, removed, and run in guests."""
    told(control(url).effects, since)


COMMANDS = (fault, faults, clear, mood, snapshot, effects)
