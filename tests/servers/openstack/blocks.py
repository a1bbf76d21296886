"""Addresses for the networks of one bed: 10.<n>.0.0/16, where nobody else on this machine has them."""

import contextlib
import pathlib
import subprocess

FIRST, LAST = 64, 127
CLAIMS = pathlib.Path('/run/lock/dbaas-openstack')


def claim(state: pathlib.Path) -> int:
    """-> n, the same for the same state until it is released."""
    CLAIMS.mkdir(exist_ok=True)
    for file in CLAIMS.iterdir():
        if file.read_text() == str(state):
            return int(file.name)
    routes = subprocess.run(['ip', '-4', 'route', 'show', 'table', 'all'], capture_output=True, text=True, check=True)
    for number in range(FIRST, LAST + 1):
        file = CLAIMS / str(number)
        if f'10.{number}.' in routes.stdout or (file.exists() and pathlib.Path(file.read_text()).exists()):
            continue
        file.unlink(missing_ok=True)  # of a bed whose folder is gone
        with contextlib.suppress(FileExistsError), file.open('x') as out:
            out.write(str(state))
            return number
    raise RuntimeError(f'no block 10.{FIRST}..{LAST}.0.0/16 is free; see {CLAIMS} and `ip route`')


def release(state: pathlib.Path) -> None:
    for file in CLAIMS.glob('*'):
        if file.read_text() == str(state):
            file.unlink()
