"""No secret in anything that is written: creates with known passwords, two of which fail, then a look at every byte.

Database servers are told to write all their logs. Looked at: the state directory with the files of the control plane's
database, of the message broker and of ZooKeeper, logs, ledgers and volumes, the runtime directory with what is mounted
there, what all programs printed, their arguments and environments.
"""

import base64
import dataclasses
import hashlib
import json
import os
import pathlib
import stat
import threading
import uuid
from collections.abc import Callable, Iterator
from urllib import parse

import pytest
import yaml

from guestagent.contract.verifiers import mysql_native
from tests.functional import server_program
from tests.functional.cluster import CONDUCTORS, Cluster
from tests.functional.deployment import PATIENCE, Deployment
from tests.functional.kinds import KINDS
from tests.functional.machine import processes
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group('no-secrets')]

# Every statement goes into every log.
ALL_LOGS = """
    set -- "$@" --general-log --general-log-file=general.log --log-bin=binary-log --log-warnings=9
    set -- "$@" --slow-query-log --slow-query-log-file=slow.log --long-query-time=0 --log-slow-admin-statements
"""
# With the file `dead` there the server does not start; with `broken` CREATE USER
# fails, and the engine's error speaks of the statement.
CHATTY = f"""{ALL_LOGS}
    [ ! -e $here/broken ] || set -- "$@" --skip-grant-tables
    [ ! -e $here/dead ] || set -- "$@" --no-such-option
"""
LOGS = ('general.log', 'binary-log.000001', 'slow.log', 'error.log')
SYSTEM_TABLES = ('mysql', 'aria_log', 'ib', 'undo')  # in the data directory: the engine's own files and their logs


@dataclasses.dataclass(frozen=True)
class Secret:
    what: str
    forms: tuple[bytes, ...]  # how it may be written
    allowed: Callable[[str], bool] = lambda _path: False


class Chatty:
    """A deployment whose database servers write down everything, and what has been seen of its processes."""

    def __init__(self, deployment: Deployment, folder: pathlib.Path):
        self.deployment, self.folder = deployment, folder
        self.passwords: list[str] = []
        self.seen: set[bytes] = set()  # arguments and environments
        self._ending = threading.Event()
        self._watch = threading.Thread(target=self._look_on, daemon=True)
        self._watch.start()

    def create(self, name: str, state: str) -> tuple[str, str]:
        """With a password of its own, until its operation has this state."""
        self.passwords.append(f'Pass-{name}-{uuid.uuid4().hex}')
        instance, operation = self.deployment.create(name, password=self.passwords[-1])
        self.deployment.reach(operation, state)
        return instance, operation

    def stop(self) -> None:
        self._ending.set()
        self._watch.join(PATIENCE)

    def _look_on(self) -> None:
        """Installers and clients live for a moment only."""
        while not self._ending.wait(0.02):
            for pid, line in processes(str(self.deployment.state)).items():
                self.seen.add('\0'.join(line).encode())
                self.seen.add(_environment(pid))


@pytest.fixture(scope='module', params=KINDS)
def chatty(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatty]:
    with server_program.wrapped(CHATTY, control=ALL_LOGS) as program:
        deployment: Deployment = request.param(tmp_path_factory.mktemp('secrets'))
        deployment.variables = {'PATH': os.pathsep.join((str(program.parent), os.environ['PATH']))}
        deployment.configure(mariadb={'server_binary': program}, DEFAULT={'debug': 'true'})
        made = Chatty(deployment, program.parent)
        try:
            deployment.up()
            yield made
        finally:
            made.stop()
            deployment.close()


def test_no_secret_is_written_anywhere(chatty: Chatty) -> None:
    deployment = chatty.deployment
    (chatty.folder / 'dead').touch()
    _, dead = chatty.create('dead', 'HELD')
    (chatty.folder / 'dead').unlink()
    (chatty.folder / 'broken').touch()
    broken, refused = chatty.create('broken', 'HELD')
    (chatty.folder / 'broken').unlink()
    assert 'skip-grant-tables' in deployment.flow('why', refused).stdout  # it is the statement that failed
    instance, created = chatty.create('fine', 'SUCCEEDED')
    for operation in (dead, refused, created):
        deployment.flow('show', operation, '-o', 'json')
        deployment.flow('why', operation, '-o', 'json')
    for one in (instance, broken):
        deployment.openstack('--debug', 'database', 'instance', 'show', one)
    deployment.flow('abort', dead, '--reason', 'seen enough', '--yes')
    deployment.reach(dead, 'ABORTED')
    login = deployment.login(instance, 'u', chatty.passwords[-1])
    until(lambda: deployment.sql(login, 'SELECT 1') == '1', what='it answers')

    looked_at = Looked(login)
    found = [f'{secret.what} in {path}' for path, secret in findings(chatty, [instance, broken], looked_at)]
    assert not found, '\n'.join(found)
    own = files_of(deployment)
    assert {path.removeprefix(f'{deployment.state}/') for path in looked_at.files} >= own
    assert {os.path.basename(path) for path in looked_at.files} >= {*LOGS, 'journal'}
    assert any('/data/' in path for path in looked_at.allowed), 'the search finds nothing'
    plain = {path for path in looked_at.allowed if not in_system_tables(path)}
    assert [path for path in plain if stat.S_IMODE(os.stat(path).st_mode) & 0o077] == []


def files_of(deployment: Deployment) -> set[str]:
    """Some that must have been looked at."""
    if not isinstance(deployment, Cluster):
        return {'dbaas.sqlite', 'dbaas.log'}
    logs = {f'log/{name}.log' for name in ('api', *CONDUCTORS, 'rabbitmq', 'zookeeper')}
    return logs | {f'sql/data/{name}' for name in ('general.log', 'binary-log.000001', 'slow.log')}


class Looked:
    """What was looked at, and where a secret was in its right place: the proof that the search finds them."""

    def __init__(self, login: pathlib.Path):
        self.login, self.files, self.allowed = str(login), set[str](), set[str]()

    def into(self, path: str, secrets: list['Secret']) -> Iterator[tuple[str, 'Secret']]:
        if path == self.login:
            return
        self.files.add(path)
        content = written(path)
        for secret in secrets:
            if contains(content, secret):
                if secret.allowed(path):
                    self.allowed.add(path)
                else:
                    yield path, secret


def findings(chatty: Chatty, instances: list[str], looked: Looked) -> Iterator[tuple[str, Secret]]:
    secrets = [secret for password in chatty.passwords for secret in of_password(password)]
    secrets += [guest_key(chatty.deployment, instance) for instance in instances]
    secrets += keys_and_tokens(chatty.deployment)
    if isinstance(chatty.deployment, Cluster):
        secrets += of_the_servers(chatty.deployment)
        secrets += [bus_password(chatty.deployment, instance) for instance in instances]
    for path in everything(chatty.deployment):
        yield from looked.into(path, secrets)
    for content in list(chatty.seen):  # it grows meanwhile
        yield from (('a command line or environment', secret) for secret in secrets if contains(content, secret))
    for said in chatty.deployment.heard:
        yield from (('the output of a client', secret) for secret in secrets if contains(said.encode(), secret))
    assert any(b'mariadbd' in content for content in list(chatty.seen))


def of_password(password: str) -> list[Secret]:
    """It itself, in no file at all; what the server checks it against, in the server's system tables only."""
    plain = password.encode()
    verifier = mysql_native(password)
    digest = bytes.fromhex(verifier[1:])
    return [
        Secret(f'the password {password}', (plain, plain.hex().encode(), *in_base64(plain))),
        Secret(f'the inner hash of {password}', hashed(hashlib.sha1(plain).digest())),
        Secret(f'the verifier of {password}', (verifier.encode(), *hashed(digest)), allowed=in_system_tables),
    ]


def hashed(digest: bytes) -> tuple[bytes, ...]:
    return (digest, digest.hex().encode(), digest.hex().upper().encode(), *in_base64(digest))


def in_base64(value: bytes) -> tuple[bytes, ...]:
    """As a part of something longer it may begin at any of three places."""
    return tuple(base64.b64encode(b'\0' * skip + value)[4 * bool(skip) : -4].rstrip(b'=') for skip in range(3))


def in_system_tables(path: str) -> bool:
    """The data directory's own; a volume's image holds all of them."""
    inside = path.partition('/data/')[2]
    return inside.startswith(SYSTEM_TABLES) or path.endswith('.img')


def guest_key(deployment: Deployment, instance: str) -> Secret:
    config = deployment.traces.record(instance) / 'agent.json'
    text = json.loads(config.read_text())['key']
    key = base64.b64decode(text)
    return Secret(f'the guest key of {instance}', (text.encode(), *hashed(key)), allowed=str(config).__eq__)


def keys_and_tokens(deployment: Deployment) -> Iterator[Secret]:
    """The deployment's own, each in the files that are there for it."""
    people = yaml.safe_load((deployment.state / 'identity.yaml').read_text())
    files = {str(deployment.state / name) for name in ('identity.yaml', 'token', 'openrc')}
    for person in people:
        yield Secret(f'the token of {person["user_name"]}', (person['token'].encode(),), files.__contains__)
    password = (deployment.state / 'password').read_text().strip()
    where = {str(deployment.state / name) for name in ('password', 'clouds.yaml')}
    yield Secret('the password of admin', (password.encode(),), where.__contains__)
    keys = str(deployment.state / 'keys.yaml')
    for name, key in yaml.safe_load(pathlib.Path(keys).read_text())['keys'].items():
        yield Secret(f'the key {name}', (key.encode(), base64.b64decode(key)), keys.__eq__)


def of_the_servers(cluster: Cluster) -> Iterator[Secret]:
    """Each in the files of its server, and in those of the programs that log in there."""
    told = {str(cluster.state / 'conf' / f'{name}.conf') for name in ('api', *CONDUCTORS)}
    for server, names in {'sql': ('client.cnf',), 'rabbitmq': ('rabbitmq.conf',)}.items():
        folder = cluster.state / server
        files = told | {str(folder / name) for name in ('password', *names)}
        password = (folder / 'password').read_text().strip()
        yield Secret(f'the password of {server}', (password.encode(),), files.__contains__)
    cookie = cluster.state / 'rabbitmq' / '.erlang.cookie'
    yield Secret('the cookie of Erlang', (cookie.read_text().strip().encode(),), str(cookie).__eq__)


def bus_password(cluster: Cluster, instance: str) -> Secret:
    """What its agent logs in with."""
    config = cluster.traces.record(instance) / 'agent.json'
    password = parse.urlsplit(json.loads(config.read_text())['transport_url']).password
    assert password
    return Secret(f'the bus password of {instance}', (password.encode(),), str(config).__eq__)


def everything(deployment: Deployment) -> Iterator[str]:
    """All files: state, output of `up` and of clients, and the runtime directory with what is mounted there."""
    for above in (deployment.folder, deployment.traces.runtime):
        for folder, _, files in os.walk(above):
            paths = (os.path.join(folder, name) for name in files)
            yield from (path for path in paths if os.path.isfile(path))


def written(path: str) -> bytes:
    """What is in a file, its holes left out."""
    found = []
    with open(path, 'rb', buffering=0) as file:
        size, at = os.fstat(file.fileno()).st_size, 0
        while at < size:
            try:
                at = os.lseek(file.fileno(), at, os.SEEK_DATA)
            except OSError:  # only a hole is left
                break
            end = os.lseek(file.fileno(), at, os.SEEK_HOLE)
            found.append(os.pread(file.fileno(), end - at, at))
            at = end
    return b''.join(found)


def contains(content: bytes, secret: Secret) -> bool:
    return any(form in content for form in secret.forms)


def _environment(pid: int) -> bytes:
    try:
        with open(f'/proc/{pid}/environ', 'rb') as text:
            return text.read()
    except OSError:
        return b''
