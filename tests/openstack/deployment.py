"""dbaas on the test cloud, as an operator deploys it: own servers, one API, two conductors, Keystone's users.

Its users are people with clouds.yaml and the `openstack` client, and programs that speak SQL to what they were given.
"""

import json
import os
import pathlib
import signal
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pymysql

from dbaas.cli.cluster import files
from dbaas.cli.cluster.mariadb import MariaDB
from dbaas.cli.cluster.program import Program
from dbaas.cli.cluster.rabbitmq import RabbitMQ
from dbaas.cli.cluster.zookeeper import ZooKeeper
from dbaas.cli.embedded import schema
from dbaas.db.session import Database
from dbaas.guest.management import Management
from tests.functional.deployment import PROGRAMS, environment
from tests.servers.openstack.cloud import Cloud
from tests.servers.openstack.rendering import PASSWORD
from tests.servers.ports import lasting_port
from tests.waiting import until

PATIENCE = 240  # seconds for an operation; a machine boots on two busy cores
SESSION = 2  # seconds without a sign of life after which a conductor's claims are others'
CONDUCTORS = ('conductor-1', 'conductor-2')
USER, SECRET, DATABASE = 'ann', 'not-secret-9', 'shop'
ENDS = {'SUCCEEDED', 'HELD', 'ABORT_HELD', 'ABORTED', 'CANCELLED', 'SUPERSEDED'}


class Deployment:
    """Everything of it lies in `folder`, and its machines in `cloud`; nothing runs until up()."""

    def __init__(self, folder: pathlib.Path, cloud: Cloud):
        self.folder, self.cloud, self.state = folder, cloud, str(folder / 'state')
        self.zookeeper = ZooKeeper(self.state, lasting_port(), durable=False)
        self.sql_server = MariaDB(self.state, lasting_port())
        self.broker = RabbitMQ(self.state, listen='0.0.0.0')  # guests reach it at their networks' gateways
        self.port = lasting_port()
        self.programs = {'api': Program(self.state, 'api', 'dbaas-api')}
        for name in CONDUCTORS:
            self.programs[name] = Program(self.state, name, 'dbaas-conductor', ['--name', name])

    # -- life ------------------------------------------------------------------------------------------------------
    def up(self) -> None:
        """Returns when all of it serves, and the catalogue leads to it."""
        starts: list[Callable[[], None]] = [self.zookeeper.start, self.sql_server.start, self.broker.start]
        with ThreadPoolExecutor(len(starts)) as pool:
            for started in [pool.submit(start) for start in starts]:
                started.result()
        db = Database(self.sql_server.url())
        schema.prepare(db)
        db.close()
        self.begin(*self.programs)
        self.manage('image', 'use', 'guest', '--datastore', 'mariadb')
        self.manage('keystone', 'register', '--os-cloud', 'admin', '--url', f'http://127.0.0.1:{self.port}')

    def begin(self, *names: str) -> None:
        for name in names:
            files.write(self.programs[name].config, {}, self._options())
            self.programs[name].launch()
        for name in names:
            self.programs[name].await_ready()

    def kill(self, name: str) -> None:
        """kill -9 of a program, until it is gone."""
        pid = self.programs[name].pid
        assert pid is not None, f'{name} does not run'
        os.kill(pid, signal.SIGKILL)
        until(lambda: self.programs[name].pid is None, PATIENCE, f'{name} is gone')

    def close(self) -> None:
        """Repeatable."""
        for program in self.programs.values():
            program.stop()
        for server in (self.broker, self.sql_server, self.zookeeper):
            server.stop()

    def _options(self) -> dict[str, dict[str, Any]]:
        cloud = self.cloud
        login = {'username': 'dbaas', 'password': PASSWORD, 'project_name': 'database-service',
                 'user_domain_name': 'Default', 'project_domain_name': 'Default'}  # fmt: skip
        gateway = cloud.network('management')['gateway']
        return {
            'DEFAULT': {'state_dir': self.state, 'debug': True},
            'api': {'bind_host': '127.0.0.1', 'bind_port': self.port},
            'board': {'driver': 'zookeeper', 'hosts': self.zookeeper.hosts, 'session_timeout': SESSION},
            'cloud': {'driver': 'openstack'},
            'conductor': {'reconcile_interval': 1},
            'database': {'connection': self.sql_server.url()},
            'guest': {'heartbeat_interval': 2},
            'identity': {'driver': 'keystone'},
            'keystone_authtoken': {
                'auth_type': 'password', 'auth_url': cloud.auth_url, 'www_authenticate_uri': cloud.auth_url, **login,
            },
            'messaging': {
                'transport_url': self.broker.url, 'management_url': self.broker.management_url,
                'guest_hosts': f'{gateway}:{self.broker.port}',
            },
            'openstack': {
                'cloud': 'dbaas', 'clouds_file': cloud.clouds_yaml, 'default_network': cloud.network('tenant')['id'],
                'management_network': 'management', 'floating_network': 'external',
            },
        }  # fmt: skip

    # -- its users -------------------------------------------------------------------------------------------------
    def client(self, *words: str, who: str = 'demo', code: int = 0) -> str:
        """What `openstack WORDS` prints for that entry of clouds.yaml."""
        return self._run('openstack', *words, code=code, OS_CLOUD=who)

    def seen(self, *words: str, who: str = 'demo') -> Any:
        """The same, as what its JSON says."""
        return json.loads(self.client(*words, '-f', 'json', who=who))

    def manage(self, *words: str, code: int = 0) -> str:
        return self._run('dbaas-manage', '--config-file', self.programs['api'].config, *words, code=code)

    def flow(self, *words: str, who: str = 'admin', code: int = 0) -> str:
        return self._run('dbaas-flow', *words, code=code, OS_CLOUD=who)

    def _run(self, program: str, *words: str, code: int = 0, **variables: str) -> str:
        """-> stdout, and stderr where it failed as expected."""
        known = {**environment(), 'OS_CLIENT_CONFIG_FILE': str(self.cloud.clouds_yaml), **variables}
        done = subprocess.run(
            [str(PROGRAMS / program), *words], cwd=self.folder, env=known, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert done.returncode == code, f'{program} {words}: {done.returncode} {done.stdout}{done.stderr}'
        return done.stdout + (done.stderr if code else '')

    def create(self, name: str, *more: str) -> str:
        """Ask for an instance with a database and a user -> its id. more: options of `instance create`."""
        words = ['database', 'instance', 'create', name, '--flavor', 'small', '--size', '1', '--datastore', 'mariadb']
        words += ['--databases', DATABASE, '--users', f'{USER}:{SECRET}', *more]
        instance: str = self.seen(*words)['id']
        return instance

    def operation(self, instance: str, type: str = 'instance.create') -> dict[str, Any]:
        """The newest of that type on the instance, with its steps."""
        rows = json.loads(self.flow('list', '--instance', instance, '--type', type, '-o', 'json'))
        shown: dict[str, Any] = json.loads(self.flow('show', rows[0]['id'], '-o', 'json'))
        return shown

    def reach(self, instance: str, type: str = 'instance.create', state: str = 'SUCCEEDED') -> dict[str, Any]:
        """Wait for a state of an operation; one that it cannot leave by itself ends the wait."""
        ended = until(lambda: (o := self.operation(instance, type))['state'] in {state, *ENDS} and o, PATIENCE, type)
        assert ended['state'] == state, json.dumps(ended, indent=1)
        return ended

    def address(self, instance: str, kind: str = 'private') -> str:
        shown = self.seen('database', 'instance', 'show', instance)
        return next(one['address'] for one in shown['addresses'] if one['type'] == kind)

    def sql(
        self, address: str, statement: str, user: str = USER, password: str = SECRET, source: str | None = None
    ) -> Any:
        """The rows of one statement, by the network. source: the address of this machine to come from."""
        where: dict[str, Any] = {'host': address, 'bind_address': source, 'connect_timeout': 5 if source else 10}
        with (
            pymysql.connect(user=user, password=password, database=DATABASE, autocommit=True, **where) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
            return cursor.fetchall()

    def users_of_broker(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = Management(self.broker.management_url).get('users')
        return found

    # -- what there is in the cloud --------------------------------------------------------------------------------
    def traces(self, instance: str = '') -> list[str]:
        """Names of everything that is named after an instance (or any), as the cloud's administrator sees it."""
        admin, mark = self.cloud.admin, f'dbaas-{instance}'
        every = [
            *admin.compute.servers(all_projects=True), *admin.block_storage.volumes(all_projects=True),
            *admin.block_storage.snapshots(all_projects=True), *admin.network.ports(),
            *admin.network.security_groups(), *admin.compute.server_groups(all_projects=True),
        ]  # fmt: skip
        named = [one.name for one in every if (one.name or '').startswith(mark)]
        return sorted(named + [one.description for one in admin.network.ips() if mark in (one.description or '')])
