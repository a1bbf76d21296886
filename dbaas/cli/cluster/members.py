"""The processes of a cluster on one machine: three servers, one API, two conductors; agents come from flows.

Nobody supervises them: whoever wants a dead one back starts the cluster again, which leaves alone what runs.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from oslo_config import cfg

from dbaas.cli import starting
from dbaas.cli.cluster import files, moved, ports
from dbaas.cli.cluster.mariadb import MariaDB
from dbaas.cli.cluster.process import Process
from dbaas.cli.cluster.program import Program
from dbaas.cli.cluster.rabbitmq import RabbitMQ
from dbaas.cli.cluster.zookeeper import ZooKeeper
from dbaas.cli.embedded import schema
from dbaas.db.session import Database

API, CONDUCTORS = 'api', ('conductor-1', 'conductor-2')
Options = dict[str, dict[str, Any]]


class Members:
    """conf: the options of the cluster's user; above: the same as they are in the files. Nothing runs until start()."""

    def __init__(self, conf: cfg.ConfigOpts, above: files.Sections):
        self._conf, self._above, self._state = conf, above, conf.state_dir
        self._ports = ports.Ports(self._state)
        self._programs = [Program(self._state, API, 'dbaas-api')]
        self._programs += [Program(self._state, name, 'dbaas-conductor', ['--name', name]) for name in CONDUCTORS]
        self._common: Options = {'DEFAULT': {'state_dir': self._state}}

    def start(self) -> None:
        """What does not run. Returns when all of it serves. Raises Unavailable with the last line of a log."""
        starts: list[Callable[[], None]] = [self._start_board, self._start_sql]
        if self._conf.cloud.driver == 'local':  # simulated guests have a bus of their own
            starts.append(self._start_bus)
        with ThreadPoolExecutor(len(starts)) as pool:
            for started in [pool.submit(start) for start in starts]:
                started.result()
        db = Database(self._common['database']['connection'])
        schema.prepare(db)
        db.engine.dispose()
        for program in self._programs:
            self._launch(program)
        for program in self._programs:
            program.await_ready()

    def _start_board(self) -> None:
        server = ZooKeeper(self._state, self._port('zookeeper'))
        server.start()
        self._common['board'] = {'driver': 'zookeeper', 'hosts': server.hosts}

    def _start_sql(self) -> None:
        server = MariaDB(self._state, self._port('sql'))
        server.start()
        self._common['database'] = {'connection': server.url()}

    def _start_bus(self) -> None:
        before, port = self._ports.get('rabbitmq'), self._port('rabbitmq')
        server = RabbitMQ(self._state, port, self._port('management', of='rabbitmq'))
        server.start()
        if before not in (None, port):
            moved.tell(self._state, before, port)
        self._common['messaging'] = {'transport_url': server.url, 'management_url': server.management_url}

    def _port(self, name: str, of: str | None = None) -> int:
        return self._ports.choose(name, Process(self._state, of or name).pid is not None)

    def _launch(self, program: Program) -> None:
        """Unless it runs with the options of today."""
        changed = files.write(program.config, self._above, self._options(program))
        if changed:
            program.stop()
        if program.name == API and program.pid is None:
            starting.check_port(self._conf)
        program.launch()

    def _options(self, program: Program) -> Options:
        """Of one of our programs; the user's [metrics] port cannot be that of all."""
        metrics = {'port': self._ports.choose(f'metrics-{program.name}', program.pid is not None)}
        if program.name == API:
            own: Options = {'api': {'bind_host': self._conf.api.bind_host, 'bind_port': self._conf.api.bind_port}}
        else:
            own = {'conductor': {'name': program.name}}
        return {**self._common, 'metrics': metrics, **own}
