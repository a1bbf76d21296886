"""The database server in the guest: prepare, start, stop."""

from typing import Any

from dbaas.exceptions import ClaimLost, DbaasError
from flows.steps.commands import Submit, WaitForCommands, outcome_of
from flows.steps.datastores import DATASTORES
from guestagent.contract import states


def programs(settings: Any, datastore: str, runtime: dict[str, Any] | None) -> dict[str, Any]:
    """Read when the step runs and sent along: an agent started before a mend uses the mended option.

    runtime: the version's {kind, image?, archive?}; None: a process. An image has its own programs.
    """
    if runtime is not None and runtime['kind'] == 'container':
        daemon = {'socket': settings.container.socket, 'archives': settings.container.archives}
        return {'runtime': runtime | daemon, 'server_binary': None, 'install_binary': None}
    group = settings[DATASTORES[datastore].options]
    return {'runtime': runtime, 'server_binary': group.server_binary, 'install_binary': group.install_binary}


class PrepareDatabase(Submit):
    effect = 'make the data directory and the configuration of {datastore} {datastore_version}'
    undo_effect = 'nothing: it goes with the machine'
    deadline = 'database'

    def execute(
        self, run: Any, guest: Any, settings: Any, datastore: str, datastore_version: str,
        flavor: dict[str, Any], volume_size: int, port: dict[str, Any], runtime: dict[str, Any] | None = None,
    ) -> str:  # fmt: skip
        args = {
            'datastore': datastore, 'version': datastore_version,
            'flavor': flavor, 'volume_size': volume_size,
            'address': port['address'], 'port': DATASTORES[datastore].port,
            **programs(settings, datastore, runtime),
        }  # fmt: skip
        return self.submit_when_there(run, guest, 'prepare', args)

    def revert(self, run: Any, **_: Any) -> None:
        """Nothing: a silent guest must not hold the undo, and create-server's removes it all."""


class StartDatabase(Submit):
    effect = 'start {datastore} with the databases and users that were asked for'
    undo_effect = 'nothing: it goes with the machine'
    deadline = 'database'

    def execute(
        self, run: Any, guest: Any, secrets: Any, settings: Any, datastore: str,
        databases: list[dict[str, Any]], users: list[dict[str, Any]], runtime: dict[str, Any] | None = None,
    ) -> str:  # fmt: skip
        args = {
            **programs(settings, datastore, runtime),
            'databases': databases,
            'users': [with_verifier(user, secrets) for user in users],
        }
        return self.submit_when_there(run, guest, 'start', args)

    def revert(self, run: Any, **_: Any) -> None:
        """Nothing: a silent guest must not hold the undo, and create-server's removes it all."""


def with_verifier(user: dict[str, Any], secrets: Any) -> dict[str, Any]:
    """What the guest gets of a user: the engine's verifier instead of the secret's id."""
    kept = {key: value for key, value in user.items() if key != 'verifier_secret'}
    return kept | {'verifier': secrets.open(user['verifier_secret']).decode()}


class WaitForDatabase(WaitForCommands):
    effect = 'wait until {datastore} answers a query'
    deadline = 'database'
    awaits = ('prepare-database', 'start-database')

    def execute(self, run: Any, guest: Any, prepare_command: str, start_command: str) -> None:
        commands = {'prepare-database': prepare_command, 'start-database': start_command}
        self.settle(run, guest, commands, 'the database does not start')


class StopDatabase(Submit):
    """Best effort: an instance whose guest is dead is deleted all the same."""

    effect = 'stop the database cleanly, if the guest answers'
    irreversible = 'the instance is being deleted'
    deadline = 'database'

    def execute(self, run: Any, cloud: Any, guest: Any) -> str | None:
        if not cloud.resources(run.instance_id, ['server']):
            return None
        try:
            return self.submit(run, guest, 'stop', {})
        except ClaimLost:
            raise
        except DbaasError:
            return None


class WaitForStop(WaitForCommands):
    """Goes on whatever became of the stop, and at the deadline without it."""

    effect = 'wait until the database has stopped'
    irreversible = 'the instance is being deleted'
    awaits = ('stop-database',)

    def execute(self, run: Any, guest: Any, stop_command: str | None) -> None:
        if stop_command is None or self.overdue(run):
            return
        try:
            state = outcome_of(run, guest, stop_command).state
        except ClaimLost:
            raise
        except DbaasError:
            return
        if state == states.RUNNING:
            self.park(run, [stop_command], 'the database does not stop')
