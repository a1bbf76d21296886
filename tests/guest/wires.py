"""The two transports of guests as tests see them: connect, and be away for a while."""

import os
import pathlib
import uuid
from typing import Any

from conf import messaging
from dbaas.cli.cluster.rabbitmq import RabbitMQ
from dbaas.guest.accounts import RabbitAccounts
from dbaas.guest.management import Management
from dbaas.guest.rpc import connect
from tests.servers.line import Line


class UnixWire:
    """Away: its folder has another name."""

    kind = 'unix'

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.url = f'unix://{folder}?wait=5'

    def connect(self) -> Any:
        return connect(messaging.bare_conf(), self.url)

    def guest_url(self, instance: str) -> str:
        return self.url

    def cut(self) -> None:
        os.rename(self._folder, self._folder + '.away')

    def mend(self) -> None:
        os.rename(self._folder + '.away', self._folder)

    def close(self) -> None:
        """The folder is the fixture's."""


class RabbitWire:
    """A virtual host of its own of the tests' broker, through a line that can be cut."""

    kind = 'rabbit'

    def __init__(self, broker: RabbitMQ) -> None:
        self.vhost = f'v-{uuid.uuid4().hex[:8]}'
        self.api = Management(broker.management_url)
        self.api.put('vhosts', self.vhost, body={})
        rights = {'configure': '.*', 'write': '.*', 'read': '.*'}
        self.api.put('permissions', self.vhost, 'dbaas', body=rights)
        self._line = Line(broker.port)
        login = broker.url.removeprefix('rabbit://').partition('@')[0]
        self.url = f'rabbit://{login}@127.0.0.1:{self._line.port}/{self.vhost}'
        options = {'amqp_durable_queues': 'True'}
        self.accounts = RabbitAccounts(self.api, self.vhost, [f'127.0.0.1:{self._line.port}'], options)
        self._made: list[str] = []

    def connect(self, url: str | None = None) -> Any:
        return connect(messaging.bare_conf(), url or self.url)

    def guest_url(self, instance: str) -> str:
        """Its own user's."""
        password = uuid.uuid4().hex
        self.accounts.create(instance, password)
        self._made.append(instance)
        return self.accounts.url(instance, password) or ''

    def cut(self) -> None:
        self._line.cut()

    def mend(self) -> None:
        self._line.mend()

    def close(self) -> None:
        for instance in self._made:
            self.accounts.delete(instance)
        self.api.delete('vhosts', self.vhost)
        self._line.cut()


def tree(pid: int) -> list[pathlib.Path]:
    """/proc folders of a process and all below it."""
    found, parents = [], {pid}
    for folder in sorted(pathlib.Path('/proc').glob('[0-9]*'), key=lambda path: int(path.name)):
        try:
            parent = int((folder / 'stat').read_text().rpartition(')')[2].split()[1])
        except OSError:
            continue
        if int(folder.name) in parents or parent in parents:
            parents.add(int(folder.name))
            found.append(folder)
    return found
