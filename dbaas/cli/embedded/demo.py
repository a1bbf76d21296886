"""The demo instance: made once, found again by every later start, and its defaults file once its create SUCCEEDED.

demo.json (0600) remembers it: the password, written before anything is asked for and only until demo.cnf holds it,
and the instance's id. So a start that was killed anywhere is continued with the same demo.
"""

import json
import os
import secrets
from typing import Any

from dbaas.cli.flow.api import Api
from dbaas.cli.flow.errors import NOT_FOUND, CliError
from dbaas.exceptions import Unavailable
from guestagent.contract import processes

NAME = 'demo'
DATASTORE = 'mariadb'
PORT = 3306
VOLUME = 1  # GiB
_CNF = """\
# The demo database of dbaas: mariadb --defaults-file={path}
[client]
host = {host}
port = {port}
user = {name}
password = {password}

[mariadb-client]
database = {name}
"""


class Demo:
    def __init__(self, state: str, api: Api):
        self._api = api
        self._path = os.path.join(state, 'demo.json')
        self.defaults_file = os.path.join(state, 'demo.cnf')
        self._known = _read(self._path)

    def ensure(self) -> str:
        """Find the demo, or ask for it -> the id of its create operation. Raises CliError when it is refused."""
        if 'instance' in self._known and not self._exists():
            self._forget()
        if 'instance' not in self._known:
            found = self._find()
            if 'password' not in self._known:
                if found:
                    raise Unavailable(
                        f'an instance named {NAME} is there that was not made by --demo: rename or delete it'
                    )
                self._remember(password=secrets.token_urlsafe(18))
            self._remember(**self._known, instance=found or self._create())
        return self._operation()

    def instance(self) -> dict[str, Any]:
        found: dict[str, Any] = self._api.get('instances', self._known['instance'])['instance']
        return found

    def finish(self) -> None:
        """The create has SUCCEEDED: write demo.cnf. Raises Unavailable when its password is lost."""
        if 'password' not in self._known:
            if not os.path.exists(self.defaults_file):
                raise Unavailable(
                    f'{self.defaults_file} was removed, and with it the password: delete the demo for a new one'
                )
            return
        text = _CNF.format(
            path=self.defaults_file, host=self.address(), port=PORT, name=NAME, password=self._known['password']
        )
        processes.replace(self.defaults_file, text)
        self._remember(instance=self._known['instance'])

    def address(self) -> str:
        address: str = self.instance()['addresses'][0]['address']
        return address

    def _exists(self) -> bool:
        try:
            self.instance()
        except CliError as error:
            if error.exit_code != NOT_FOUND:
                raise
            return False
        return True

    def _find(self) -> str | None:
        """One that was asked for by a start that was killed before it could write down the answer."""
        return next((i['id'] for i in self._api.pages('instances') if i['name'] == NAME), None)

    def _create(self) -> str:
        smallest = self._api.get('flavors')['flavors'][0]
        user = {'name': NAME, 'password': self._known['password'], 'databases': [{'name': NAME}]}
        wish = {
            'name': NAME,
            'flavorRef': smallest['str_id'],
            'volume': {'size': VOLUME},
            'datastore': {'type': DATASTORE},
            'databases': [{'name': NAME}],
            'users': [user],
        }
        created: str = self._api.post('instances', body={'instance': wish})['instance']['id']
        return created

    def _operation(self) -> str:
        operations = self._api.get('operations', instance=self._known['instance'], type='instance.create')
        operation: str = operations['operations'][0]['id']
        return operation

    def _forget(self) -> None:
        for path in (self.defaults_file, self._path):
            if os.path.exists(path):
                os.unlink(path)
        self._known = {}

    def _remember(self, **known: str) -> None:
        processes.replace(self._path, json.dumps(known))
        self._known = known


def _read(path: str) -> dict[str, str]:
    try:
        with open(path) as text:
            known: dict[str, str] = json.load(text)
            return known
    except FileNotFoundError:
        return {}
