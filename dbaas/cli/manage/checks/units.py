"""The services of this machine, where systemd runs them."""

import os
import subprocess
from collections.abc import Iterator

from dbaas.cli.manage.deployment import Deployment
from dbaas.cli.manage.findings import Finding, failed, ok, warning

RUNS = '/run/systemd/system'  # there is such a folder where systemd has booted the machine
UNITS = ('dbaas-api', 'dbaas-conductor')
TRY = 10  # seconds


def units(_deployment: Deployment) -> Iterator[Finding]:
    """Only those that are installed here."""
    for unit in UNITS:
        seen = shown(unit)
        if seen.get('LoadState') != 'loaded':
            continue
        state = f'{unit} is {seen.get("ActiveState")}, {seen.get("UnitFileState")}'
        if seen.get('ActiveState') != 'active':
            yield failed('unit', state, f'systemctl enable --now {unit}; journalctl -u {unit}')
        elif seen.get('UnitFileState') != 'enabled':
            yield warning('unit', state, f'systemctl enable {unit}: it does not come back after a boot')
        else:
            yield ok('unit', state)


def shown(unit: str) -> dict[str, str]:
    """What systemd says of it; nothing where there is no systemd."""
    if not os.path.isdir(RUNS):
        return {}
    command = ['systemctl', 'show', unit, '--property=LoadState,ActiveState,UnitFileState']
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=TRY, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return {}
    return dict(line.partition('=')[::2] for line in said.splitlines())
