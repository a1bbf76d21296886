"""The same agents and servers without root: no mount, no other uid; run by root as the user nobody."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator

import pytest

NOBODY = 65534
CHECKOUT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# env between: setpriv's own exec still has root's rights
AS_NOBODY = ['setpriv', f'--reuid={NOBODY}', f'--regid={NOBODY}', '--clear-groups', 'env']
CHOSEN = (
    'test_create_with_databases_and_users_in_one_start or test_root_is_by_unix_socket_only or '
    'test_reserved_users or test_the_agent_is_killed or test_a_killed_server or test_read_only_from_90 or '
    'test_one_process_by_name'
)


@pytest.fixture
def scratch() -> Iterator[str]:
    """A home and a place for temporary files that nobody may use."""
    with tempfile.TemporaryDirectory(prefix='dbaas-nobody-') as folder:
        os.chown(folder, NOBODY, NOBODY)
        yield folder


def python() -> str | None:
    """An interpreter of our version that nobody may run: a virtual environment's may lie below /root."""
    said = f'{sys.version_info[0]}.{sys.version_info[1]}'
    ask = 'import sys; print("%d.%d" % sys.version_info[:2])'
    for candidate in (sys.executable, shutil.which('python3', path='/usr/local/bin:/usr/bin')):
        if candidate is None:
            continue
        done = subprocess.run([*AS_NOBODY, candidate, '-c', ask], capture_output=True, text=True, cwd='/', check=False)
        if done.stdout.strip() == said:
            return candidate
    return None


# the checkout and the packages may lie below a folder that only root enters: a namespace of their own shows them
SHOWN = """
mkdir "$3/checkout" "$3/packages"
mount --bind "$1" "$3/checkout"
mount --bind "$2" "$3/packages"
cd "$3/checkout"
shift 3
exec "$@"
"""
IN_NAMESPACE = ['unshare', '--mount', '--propagation', 'private']


@pytest.mark.skipif(os.geteuid() != 0, reason='every test here already runs as a plain user')
def test_the_same_as_nobody(scratch: str) -> None:
    interpreter = python()
    if interpreter is None or subprocess.run([*IN_NAMESPACE, 'true'], check=False).returncode:
        pytest.skip('the user nobody may run no Python of this version, or root makes no namespaces here')
    env = {
        'PATH': os.environ['PATH'],
        'HOME': scratch,
        'TMPDIR': scratch,
        'PYTHONPATH': f'{scratch}/checkout:{scratch}/packages',
        'PYTHONDONTWRITEBYTECODE': '1',
    }
    shown = [*IN_NAMESPACE, 'sh', '-ec', SHOWN, 'sh', CHECKOUT, sysconfig.get_path('purelib'), scratch]
    pytest_ = [interpreter, '-m', 'pytest', '-q', '-p', 'no:cacheprovider', 'tests/guest', '-k', CHOSEN]
    done = subprocess.run([*shown, *AS_NOBODY, *pytest_], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
