"""An empty data directory, made once per server program and copied for each instance.

Root's account is by Unix socket only; the agent's own user has the same rights, by socket too.
"""

import fcntl
import hashlib
import os
import subprocess

from guestagent.datastores.mariadb import account, binaries
from guestagent.failure import CommandError
from guestagent.runtime.base import Runtime
from guestagent.system import files

FORMAT = 1  # of the template: raised when it is made differently
LONGEST = 300  # seconds to make one


def ensure(runtime: Runtime, templates: str, server_binary: str | None, install_binary: str | None) -> tuple[str, str]:
    """(its data directory, the server's version '10.11.19'). Several agents may race for it.

    Raises CommandError with what the engine's installer said.
    """
    server = binaries.server(runtime, server_binary)
    folder = os.path.join(templates, _name(runtime.facts(server)))
    if not os.path.isdir(folder):
        os.makedirs(templates, exist_ok=True)
        with open(os.path.join(templates, '.lock'), 'w') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not os.path.isdir(folder):
                _make(runtime, folder, server, binaries.install(runtime, install_binary), lock.fileno())
    with open(os.path.join(folder, 'version')) as text:
        return os.path.join(folder, 'data'), text.read()


def _name(program: str) -> str:
    """Another program, an upgraded one, or another user of the agent needs another template."""
    facts = f'{FORMAT}|{program}|{account.name()}'
    return 'mariadb-' + hashlib.sha256(facts.encode()).hexdigest()[:16]


def _make(runtime: Runtime, folder: str, server: str, install: str, lock: int) -> None:
    fresh = folder + '.new'
    files.remove(fresh)  # an agent died while making it, and so did its installer: that holds the lock too
    os.makedirs(fresh)
    version = binaries.version(runtime, server)
    _install(runtime, os.path.join(fresh, 'full'), server, install, lock)
    # zeros become holes: a quarter of the bytes is left to copy
    subprocess.run(
        ['cp', '-a', '--sparse=always', os.path.join(fresh, 'full'), os.path.join(fresh, 'data')], check=True
    )
    for left in ('full', 'full.tmp'):
        files.remove(os.path.join(fresh, left))
    files.write(os.path.join(fresh, 'version'), version)
    files.sync(fresh)
    os.rename(fresh, folder)


def _install(runtime: Runtime, data: str, server: str, install: str, lock: int) -> None:
    # its own: a server that starts removes every temporary table of others that it finds in a shared one
    temporary = data + '.tmp'
    os.makedirs(temporary)
    command = [
        install,
        '--no-defaults',
        f'--datadir={data}',
        '--auth-root-authentication-method=socket',
        f'--auth-root-socket-user={account.name()}',
        f'--tmpdir={temporary}',
        '--skip-test-db',
        '--innodb-log-file-size=8M',
        *(['--user=root'] if os.geteuid() == 0 else []),
    ]
    env = {'MYSQLD_BOOTSTRAP': server, 'LC_ALL': 'C.UTF-8'}
    done = runtime.run(command, timeout=LONGEST, env=env, writes=[os.path.dirname(data)], holding=[lock])
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-1000:]
        raise CommandError(f'{install} failed with status {done.returncode}: {said}')
