"""The engine's programs: where they are, and what to do when they are not there."""

import os
import re
import shutil
import subprocess

from guestagent.failure import CommandError

FOLDERS = ('/usr/sbin', '/usr/local/sbin')  # not on everybody's PATH


def server(given: str | None) -> str:
    """Path of the server program. Raises CommandError with the remedy."""
    return _find('mariadbd', given, 'server_binary')


def install(given: str | None) -> str:
    """Path of the program that makes a data directory. Raises CommandError with the remedy."""
    return _find('mariadb-install-db', given, 'install_binary')


def version(binary: str) -> str:
    """'10.11.19'. Raises CommandError when the program does not say."""
    try:
        said = subprocess.run(
            [binary, '--no-defaults', '--version'],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CommandError(f'{binary} cannot be run: {error}') from error
    found = re.search(r'Ver (\d+\.\d+\.\d+)', said.stdout)
    if not found:
        raise CommandError(f'{binary} --version does not say a version: is it a MariaDB server?')
    return found[1]


def _find(program: str, given: str | None, option: str) -> str:
    path = os.pathsep.join([os.environ.get('PATH', os.defpath), *FOLDERS])
    found = shutil.which(given or program, path=path)
    if found:
        return os.path.realpath(found)  # a link may lie where the server's own user may not look
    where = given or 'PATH, ' + ', '.join(FOLDERS)
    raise CommandError(f'{program} not found at {where}: install mariadb-server-core or set [mariadb] {option}')
