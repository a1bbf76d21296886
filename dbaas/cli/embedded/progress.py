"""The demo's steps as they run: a live table on a terminal, else a line per event; then what to paste, or to do."""

import os
import shlex
import socket
import sys
import time
from collections.abc import Iterator
from typing import Any

import click

from dbaas.cli import output
from dbaas.cli.embedded import identities
from dbaas.cli.embedded.demo import PORT, Demo
from dbaas.cli.flow import errors, watch
from dbaas.cli.flow.api import Api
from dbaas.cli.flow.auth import Access
from dbaas.exceptions import DbaasError

INTERVAL = 0.1  # seconds between looks while steps run
HELD_INTERVAL = 1.0
START_PATIENCE = 30  # seconds for a database that comes back after a reboot


def bring_up(state: str, token_file: str, url: str) -> Iterator[None]:
    """The demo, as the first admin of `token_file`. One that cannot be is no reason to stop what others use."""
    person = identities.admin(token_file)
    api = Api(Access(f'{url}/v1.0/{person["project_id"]}', person['token']), timeout=30)
    try:
        yield from follow(Demo(state, api), api, state)
    except (click.ClickException, DbaasError) as error:
        output.say(f'the demo cannot be had: {error}')
        yield


def follow(demo: Demo, api: Api, state: str) -> Iterator[None]:
    """Bring the demo up, saying how it goes. Yields when there is nothing more to say for now; ends with its end."""
    operation = demo.ensure()
    shown = show(api, operation)
    while shown['state'] in ('HELD', 'ABORT_HELD'):
        output.write('\n'.join(held(shown, state)))
        yield
        _wait_until_continued(api, operation, shown['state'])
        shown = show(api, operation)
    if shown['state'] == 'SUCCEEDED':
        demo.finish()
        _wait_for_database(demo.address())
        output.write('\n'.join(ready(demo, state)))
    else:
        output.write(
            f'the demo is not there: its create is {shown["state"]}. For a new one delete it'
            f' ({tool("openstack")} database instance delete demo) and start again'
        )
    yield


def show(api: Api, operation: str) -> dict[str, Any]:
    """Its steps, until it rests -> the operation."""

    def look() -> watch.Seen:
        seen = api.get('operations', operation)['operation']
        return seen, api.get('operations', operation, 'events')['events']

    first = look()
    if first[0]['state'] in errors.OF_STATE:
        return first[0]
    changes = watch.follow(look, interval=INTERVAL, timeout=None, patience=0)
    return watch.live(changes) if output.on_terminal() else watch.lines(changes, 'table')


def held(operation: dict[str, Any], state: str) -> list[str]:
    return [
        '',
        f'The create of the demo is HELD at step {operation["step"]}: {operation["reason"]}',
        'Nothing is undone. When it is mended, continue, or give up:',
        '',
        f'  {openrc(state)} && {tool("dbaas-flow")} resume {operation["id"]} --reason mended',
        f'  {openrc(state)} && {tool("dbaas-flow")} abort {operation["id"]} --reason "no demo"',
        '',
    ]


def ready(demo: Demo, state: str) -> list[str]:
    return [
        '',
        'The demo database is ready. To paste:',
        '',
        f'  mariadb --defaults-file={shlex.quote(demo.defaults_file)}',
        f'  {openrc(state)} && {tool("openstack")} database instance list',
        f'  {openrc(state)} && {tool("dbaas-flow")} list',
        '',
    ]


def openrc(state: str) -> str:
    return f'. {shlex.quote(os.path.join(state, "openrc"))}'


def tool(name: str) -> str:
    """A program of our virtual environment."""
    return shlex.quote(os.path.join(os.path.dirname(os.path.abspath(sys.executable)), name))


def _wait_until_continued(api: Api, operation: str, state: str) -> None:
    while api.get('operations', operation)['operation']['state'] == state:
        time.sleep(HELD_INTERVAL)


def _wait_for_database(address: str) -> None:
    """After a reboot it recovers while we are ready already."""
    deadline = time.monotonic() + START_PATIENCE
    while time.monotonic() < deadline:
        try:
            socket.create_connection((address, PORT), 1).close()
        except OSError:
            time.sleep(INTERVAL)
        else:
            return
    output.write(f'warning: the demo database does not answer at {address}:{PORT} yet; its agent goes on trying')
