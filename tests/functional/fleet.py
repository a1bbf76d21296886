"""A control plane of many real processes on a simulated cloud: ZooKeeper, MariaDB, a simulator, the API, conductors.

Each can be killed, frozen, thawed and started again by its name, as often as a test likes.
"""

import collections
import os
import pathlib
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests
import sqlalchemy as sa
import yaml

from dbaas.cli.cluster import files
from dbaas.cli.cluster.mariadb import MariaDB
from dbaas.cli.cluster.program import Program
from dbaas.cli.cluster.simulator import Simulator
from dbaas.cli.cluster.zookeeper import ZooKeeper
from dbaas.cli.embedded import schema
from dbaas.cloud.simulated.control import Control
from dbaas.db.session import Database
from dbaas.db.words import TERMINAL
from tests.scrape import Scrape
from tests.servers.ports import lasting_port
from tests.waiting import until

PROJECT = 'demo'
ADMIN: dict[str, Any] = {
    'token': 'admin-token', 'user_id': 'u-admin', 'user_name': 'admin', 'project_id': PROJECT,
    'project_name': PROJECT, 'roles': ['admin'],
}  # fmt: skip
SESSION = 2.0  # seconds without a sign of life after which a conductor's claims are others'
PATIENCE = 180  # seconds; whoever waits for that long has found a defect, on a busy machine too
AT_ONCE = 8  # requests
OPTIONS: dict[str, dict[str, Any]] = {
    'board': {'driver': 'zookeeper', 'session_timeout': SESSION, 'resync_interval': 2},
    'cloud': {'driver': 'simulated'},
    'conductor': {'reconcile_interval': 0.5, 'sweep_interval': 5, 'claim_timeout': 5, 'timer_interval': 0.1},
    'flows': {'poll_interval': 1},
    'quota': {'instances': -1, 'volumes': -1},
}
ROOMY = {'threads': 48, 'cloud_patience': 60}  # of the API: a machine that stands still for a second is no outage
STEADY = {*TERMINAL, 'HELD', 'ABORT_HELD', 'PAUSED'}
SERVERS = ('zookeeper', 'sql', 'simulator')
CONDUCTOR = 'dbaas-conductor'


class Fleet:
    """Everything of it lies in `folder`; nothing runs until up(). options: more of the configuration, by group.

    own: the same for one process, by its name; read when it begins.
    """

    def __init__(self, folder: pathlib.Path, conductors: int = 2, **options: dict[str, Any]):
        self.state = str(folder / 'state')
        self.zookeeper = ZooKeeper(self.state, lasting_port(), durable=False)
        self.sql = MariaDB(self.state, lasting_port())  # it is killed, and what it has committed must be there
        self.simulator = Simulator(self.state, lasting_port(), duration=0.05, active=0.05, boot=0.05)
        self.url = f'http://127.0.0.1:{lasting_port()}'
        self._options = options
        self.own: dict[str, dict[str, dict[str, Any]]] = {}
        self._metrics: dict[str, int] = {}
        self._made = 0
        self.api = Program(self.state, 'api', 'dbaas-api')
        self.conductors: dict[str, Program] = {}
        self.frozen: set[str] = set()
        self.answers: collections.Counter[int] = collections.Counter()  # status code -> how often
        self._reader: sa.Engine
        for _ in range(conductors):
            self._another()

    # -- life
    def up(self) -> None:
        """Returns when all of it serves."""
        self.serve()
        self.begin('api', *self.conductors)

    def serve(self) -> None:
        """The servers only."""
        starts: list[Callable[[], None]] = [self.zookeeper.start, self.sql.start, self.simulator.start]
        with ThreadPoolExecutor(len(starts)) as pool:
            for started in [pool.submit(start) for start in starts]:
                started.result()
        self._reader = sa.create_engine(self.sql.url(), poolclass=sa.NullPool)  # the server may have been away
        db = Database(self.sql.url())
        schema.prepare(db)
        db.close()
        with open(os.open(os.path.join(self.state, 'identity.yaml'), os.O_WRONLY | os.O_CREAT, 0o600), 'w') as out:
            yaml.safe_dump([ADMIN], out)

    def close(self) -> None:
        """Nothing of it runs on, whatever a test has left. Repeatable."""
        for name in list(self.frozen):
            self.thaw(name)
        for program in (self.api, *self.conductors.values()):
            program.stop()
        for server in (self.simulator, self.sql, self.zookeeper):
            server.stop()

    def begin(self, *names: str) -> None:
        """Start API or conductors that do not run; returns when they serve."""
        programs = [self._program(name) for name in names]
        for program in programs:
            files.write(program.config, {}, self._configuration(program.name))
            program.launch()
        for program in programs:
            program.await_ready()

    def _configuration(self, name: str) -> dict[str, dict[str, Any]]:
        self._metrics.setdefault(name, lasting_port())
        groups: dict[str, dict[str, Any]] = {
            **OPTIONS,
            'metrics': {'port': self._metrics[name]},
            'DEFAULT': {'state_dir': self.state},
            'api': {'bind_host': '127.0.0.1', 'bind_port': int(self.url.rpartition(':')[2]), **ROOMY},
            'database': {'connection': self.sql.url()},
            'simulated': {'url': self.simulator.url},
            'board': {**OPTIONS['board'], 'hosts': self.zookeeper.hosts},
        }
        for more in (self._options, self.own.get(name, {})):
            for group, options in more.items():
                groups[group] = {**groups.get(group, {}), **options}
        return groups

    def _program(self, name: str) -> Program:
        return self.api if name == 'api' else self.conductors[name]

    def _another(self, program: str = CONDUCTOR) -> str:
        self._made += 1
        name = f'conductor-{self._made}'
        self.conductors[name] = Program(self.state, name, program, ['--name', name])
        return name

    # -- what happens to them
    def kill(self, name: str) -> None:
        """SIGKILL, until it is gone. name: of a conductor, api, zookeeper, sql or simulator."""
        self.signal(name, signal.SIGKILL)
        self.frozen.discard(name)
        until(lambda: self.pid(name) is None, PATIENCE, f'{name} is gone')

    def freeze(self, name: str) -> None:
        self.frozen.add(name)
        self.signal(name, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        self.frozen.discard(name)
        self.signal(name, signal.SIGCONT)

    def restart(self, name: str) -> None:
        """Stop it, if it runs, and start it again; servers keep their data."""
        self.end(name)
        if name in SERVERS:
            getattr(self, name).start()
        else:
            self.begin(name)

    def end(self, name: str) -> None:
        """SIGTERM, until it is gone."""
        (getattr(self, name) if name in SERVERS else self._program(name)).stop()

    def add_conductor(self, program: str = CONDUCTOR) -> str:
        """-> its name, once it claims. program: a path, of one that is not installed."""
        name = self._another(program)
        self.begin(name)
        return name

    def replace_api(self, program: str) -> None:
        """By one that is not installed, at this path; it begins when it is told to."""
        self.end('api')
        self.api = Program(self.state, 'api', program)

    def remove_conductor(self, name: str) -> None:
        """SIGTERM: it hands over."""
        self.conductors.pop(name).stop()

    def signal(self, name: str, number: int) -> None:
        pid = self.pid(name)
        assert pid is not None, f'{name} does not run'
        os.kill(pid, number)

    def pid(self, name: str) -> int | None:
        return getattr(self, name).pid if name in SERVERS else self._program(name).pid

    def log(self, name: str) -> str:
        return pathlib.Path(self.state, 'log', f'{name}.log').read_text()

    # -- requests
    def ask(self, method: str, path: str, body: Any = None) -> requests.Response:
        """Whatever the answer is."""
        headers = {'X-Auth-Token': ADMIN['token']}
        url = f'{self.url}/v1.0/{PROJECT}{path}'
        answer = requests.request(method, url, json=body, headers=headers, timeout=60)
        self.answers[answer.status_code] += 1
        return answer

    def call(self, method: str, path: str, body: Any = None) -> requests.Response:
        answer = self.ask(method, path, body)
        assert answer.status_code < 400, answer.text
        return answer

    def order(self, name: str) -> requests.Response:
        """Ask for an instance; whatever the answer is."""
        return self.ask('POST', '/instances', {'instance': {'name': name, 'flavorRef': '1', 'volume': {'size': 1}}})

    def create(self, number: int = 1, name: str = 'db') -> list[tuple[str, str]]:
        """Ask for so many instances, several at once -> (instance, operation) of each."""

        def one(index: int) -> tuple[str, str]:
            answer = self.order(f'{name}-{index}')
            assert answer.status_code < 400, answer.text
            return answer.json()['instance']['id'], answer.headers['X-Dbaas-Operation-Id']

        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(one, range(number)))

    def delete(self, instance: str) -> str:
        """-> the operation's id."""
        return self.call('DELETE', f'/instances/{instance}').headers['X-Dbaas-Operation-Id']

    def scrape(self, name: str) -> Scrape:
        """The metrics of one process."""
        return Scrape(requests.get(f'http://127.0.0.1:{self._metrics[name]}/metrics', timeout=60).text)

    # -- looks, past the API
    @property
    def control(self) -> Control:
        return self.simulator.control

    def rows(self, statement: str, **values: Any) -> list[Any]:
        with self._reader.connect() as c:
            return list(c.execute(sa.text(statement), values))

    def done(self, operation: str) -> list[tuple[str, int]]:
        """(step, attempt) of each step that was finished, in their order; one that ran twice is there twice."""
        query = "SELECT step, attempt FROM operation_event WHERE operation_id = :o AND kind = 'done' ORDER BY seq"
        return [(row.step, row.attempt) for row in self.rows(query, o=operation)]

    def states(self) -> dict[str, str]:
        """operation -> its state."""
        return {row.id: row.state for row in self.rows('SELECT id, state FROM operation')}

    def settled(self, timeout: float = PATIENCE) -> dict[str, str]:
        """Once every operation has ended or stands still: their states."""
        return until(lambda: (s := self.states()) and set(s.values()) <= STEADY and s, timeout, 'all have come to rest')
