"""The engine's programs: where they are, and what to do when they are not there."""

import re

from guestagent.failure import CommandError
from guestagent.runtime.base import Runtime

PACKAGE = 'mariadb-server-core'


def server(runtime: Runtime, given: str | None) -> str:
    """The server program. Raises CommandError with the remedy."""
    return runtime.find('mariadbd', given, package=PACKAGE, option='[mariadb] server_binary')


def install(runtime: Runtime, given: str | None) -> str:
    """The program that makes a data directory. Raises CommandError with the remedy."""
    return runtime.find('mariadb-install-db', given, package=PACKAGE, option='[mariadb] install_binary')


def version(runtime: Runtime, binary: str) -> str:
    """'10.11.19'. Raises CommandError when the program does not say."""
    said = runtime.run([binary, '--no-defaults', '--version'], timeout=30)
    found = re.search(r'Ver (\d+\.\d+\.\d+)', said.stdout)
    if not found:
        why = f' ({said.stderr.strip()})' if said.stderr.strip() else ''
        raise CommandError(f'{binary} --version does not say a version{why}: is it a MariaDB server?')
    return found[1]
