"""The API of this machine: asked whether it is ready, where one is meant to run here."""

import http.client
import os
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from dbaas.cli.manage.checks import units
from dbaas.cli.manage.deployment import Deployment, ManageError
from dbaas.cli.manage.findings import Finding, failed, ok

TRY = 10  # seconds for an answer
UNIT, PROGRAM = 'dbaas-api', 'api'
LOOPBACK = {'0.0.0.0': '127.0.0.1', '::': '::1'}  # where one answers that listens on every address
LONGEST = 64  # bytes: the answer is a word


@dataclass(frozen=True)
class Place:
    """remedy: what brings the API back that listens here."""

    host: str
    port: int
    remedy: str


def api(deployment: Deployment) -> Iterator[Finding]:
    """Nothing where none is: a machine may have conductors only, and `dbaas up` may have been ended."""
    try:
        place = _of_up(deployment) or _of_cluster(deployment) or _of_unit(deployment)
    except ManageError as error:
        yield failed('API', error.message, 'mend the file named')
        return
    if place is not None:
        yield _asked(place)


def _of_up(deployment: Deployment) -> Place | None:
    """While it runs; its port may be one of its command line."""
    from dbaas.cli import kind
    from dbaas.cli.embedded import hold, identities
    from dbaas.exceptions import Unavailable

    try:
        runs = kind.of(deployment.state) == kind.EMBEDDED and hold.held(deployment.state)
        url = identities.told(deployment.state) if runs else None
    except (Unavailable, OSError) as error:
        raise ManageError(str(error)) from error
    if url is None:
        return None
    parts = urlsplit(url)
    remedy = f'end it and start it again: dbaas up --state {deployment.state}; see its log'
    return Place(parts.hostname or '', parts.port or 0, remedy)


def _of_cluster(deployment: Deployment) -> Place | None:
    """A number that nobody has taken away is of one that should run, also when it has died."""
    from dbaas.cli.cluster import files
    from dbaas.cli.cluster.process import Process

    process, path = Process(deployment.state, PROGRAM), files.path_of(deployment.state, PROGRAM)
    if not (os.path.exists(process.pid_file) and os.path.exists(path)):
        return None
    options = Deployment(deployment.state_dir, (path,)).conf.api
    remedy = f'dbaas cluster up --state {deployment.state}; see {process.log}'
    return Place(options.bind_host, options.bind_port, remedy)


def _of_unit(deployment: Deployment) -> Place | None:
    if units.shown(UNIT).get('LoadState') != 'loaded':
        return None
    options = deployment.conf.api
    remedy = f'systemctl restart {UNIT}; journalctl -u {UNIT}; or mend [api] bind_host and bind_port'
    return Place(options.bind_host, options.bind_port, remedy)


def _asked(place: Place) -> Finding:
    host = LOOPBACK.get(place.host, place.host)
    where = f'http://{f"[{host}]" if ":" in host else host}:{place.port}'
    connection = http.client.HTTPConnection(host, place.port, timeout=TRY)
    try:
        connection.request('GET', '/healthcheck')
        answer = connection.getresponse()
        status, text = answer.status, answer.read(LONGEST)
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, 'strerror', None) or str(error) or type(error).__name__
        return failed('API', f'{where} does not answer: {reason}', place.remedy)
    finally:
        connection.close()
    if status != 200:
        return failed('API', f'{where}/healthcheck answers {status}', place.remedy)
    if text.strip() != b'OK':
        return failed('API', f'{where} is somebody else', 'give one of the two another address: [api] bind_port')
    return ok('API', f'{where} is ready')
