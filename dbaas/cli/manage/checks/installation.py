"""Whether the packages that Python finds under our general names are ours, and of versions that we know."""

import importlib.metadata
import importlib.util
import os
import sys
from collections.abc import Iterator

from dbaas.cli.manage.findings import Finding, failed, ok

PACKAGES = ('conf', 'dbaas', 'flows', 'conductor', 'guestagent')
TASKFLOW = '6.5'
OWN_PLACE = 'into a virtual environment of its own'


def packages() -> Iterator[Finding]:
    """The names are general: another `conf` on the path would be taken for ours."""
    home = os.path.dirname(os.path.dirname(_origin('dbaas') or ''))
    for name in PACKAGES:
        origin = _origin(name)
        if origin is None:
            yield failed(f'package {name}', 'it cannot be imported', f'install dbaas {OWN_PLACE}')
        elif os.path.dirname(os.path.dirname(origin)) != home:
            yield failed(
                f'package {name}',
                f'{origin} is not ours, which is in {home}',
                f'install dbaas {OWN_PLACE}, and start the installed programs without PYTHONPATH',
            )
        else:
            yield ok(f'package {name}', origin)
    yield _taskflow()


def _origin(name: str) -> str | None:
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    return os.path.abspath(spec.origin) if spec and spec.origin else None


def _taskflow() -> Finding:
    try:
        version = importlib.metadata.version('taskflow')
    except importlib.metadata.PackageNotFoundError:
        return failed('taskflow', 'not installed', f'{sys.executable} -m pip install "taskflow=={TASKFLOW}.*"')
    if version.startswith(f'{TASKFLOW}.'):
        return ok('taskflow', version)
    remedy = f'{sys.executable} -m pip install "taskflow=={TASKFLOW}.*"'
    return failed('taskflow', f'{version}: the engine relies on the inside of {TASKFLOW}', remedy)
