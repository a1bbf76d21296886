"""The state of a control plane that has its tables, users and catalog, made once; every run begins with a copy."""

import concurrent.futures
import contextlib
import fcntl
import os
import pathlib
import shutil
import subprocess
from collections.abc import Iterator, Sequence

from cryptography.fernet import Fernet

from dbaas.cli.cluster.mariadb import MariaDB
from tests.servers.openstack import answers, people, place, programs, rendering, sql
from tests.servers.openstack.ports import choose

PARTS = ('sql', 'files')


def restore(state: pathlib.Path) -> None:
    """Unless there is some state; the template is made first where there is none."""
    with _lock():
        source = _ready()
        for part in PARTS:
            if not (state / part).exists():
                shutil.rmtree(state / f'{part}.new', ignore_errors=True)
                subprocess.run(['cp', '-a', '--sparse=always', source / part, state / f'{part}.new'], check=True)
                (state / f'{part}.new').rename(state / part)


@contextlib.contextmanager
def _lock() -> Iterator[None]:
    """Held by whoever makes, removes or copies one."""
    with open(place.home() / 'template.lock', 'w') as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _ready() -> pathlib.Path:
    """Those of older code are removed, and what a killed try has left."""
    found = place.template()
    if not found.exists():
        for old in place.home().glob('template-*'):
            _end(old)
            shutil.rmtree(old)
        _make(found)
    return found


def _make(target: pathlib.Path) -> None:
    new = target.with_suffix('.new')
    new.mkdir()
    ports = choose()
    server = MariaDB(str(new), ports['sql'], durable=False)
    try:
        server.start()
        rendering.render(new, ports, sql.prepare(server))
        _fill(new, ports)
    finally:
        _end(new)
    for other in set(os.listdir(new)) - set(PARTS):
        shutil.rmtree(new / other)
    new.rename(target)


def _end(state: pathlib.Path) -> None:
    programs.process(state, 'keystone').stop()
    MariaDB(str(state), 0).stop()


def _fill(state: pathlib.Path, ports: dict[str, int]) -> None:
    tools, etc = place.services() / 'bin', state / 'etc'
    jobs = (
        lambda: _keystone(state, ports),
        lambda: _run(state, tools / 'python', '-m', 'bed.nova_sync', etc / 'nova.conf'),
        lambda: _run(state, tools / 'neutron-db-manage', '--config-file', etc / 'neutron.conf', 'upgrade', 'heads'),
        lambda: _run(state, tools / 'cinder-manage', '--config-file', etc / 'cinder.conf', 'db', 'sync'),
        lambda: _run(state, tools / 'glance-manage', '--config-file', etc / 'glance-api.conf', 'db_sync'),
        lambda: _run(state, tools / 'placement-manage', '--config-file', etc / 'placement.conf', 'db', 'sync'),
    )
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        for job in [pool.submit(job) for job in jobs]:
            job.result()


def _keystone(state: pathlib.Path, ports: dict[str, int]) -> None:
    _keys(state / 'files' / 'keystone')
    manage = (place.services() / 'bin' / 'keystone-manage', '--config-file', state / 'etc' / 'keystone.conf')
    _run(state, *manage, 'db_sync')
    url = f'http://127.0.0.1:{ports["keystone"]}/v3'
    _run(
        state, *manage, 'bootstrap', '--bootstrap-password', rendering.PASSWORD, '--bootstrap-public-url', url,
        '--bootstrap-internal-url', url, '--bootstrap-admin-url', url, '--bootstrap-region-id', rendering.REGION,
    )  # fmt: skip
    running = programs.start(state, 'keystone', ports)
    running.await_(lambda: answers.http(url), 60, 'keystone')
    people.register(url, ports)


def _keys(folder: pathlib.Path) -> None:
    """As `keystone-manage fernet_setup` and `credential_setup` write them, in no time."""
    for kind in ('fernet', 'credential'):
        (folder / kind).mkdir(0o700)
        for number in ('0', '1'):
            (folder / kind / number).write_bytes(Fernet.generate_key())


def _run(state: pathlib.Path, *command: str | os.PathLike[str]) -> None:
    words: Sequence[str] = [str(word) for word in command]
    ran = subprocess.run(
        words, env=programs.environment(state), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, cwd='/',
    )  # fmt: skip
    if ran.returncode:
        raise RuntimeError(f'{" ".join(words)} failed: {ran.stdout[-3000:]}')
