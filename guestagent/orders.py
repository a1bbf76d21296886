"""Commands, from the moment they are accepted: one after another, under the ledger, each outcome reported."""

import logging
import queue
import threading
from collections.abc import Callable, Iterator

from guestagent.contract import states, version
from guestagent.contract.commands import VERBS, Command, Outcome
from guestagent.contract.wire import sealing
from guestagent.failure import CommandError, scrub, secrets_in
from guestagent.ledger import Ledger, StaleEpoch

LOG = logging.getLogger(__name__)


class CommandRefused(Exception):
    """The command was not accepted and leaves no trace: stale, unknown, or of another contract."""


class Orders:
    """`execute(command) -> result` does the work; `done(outcome)` hears of each end."""

    def __init__(
        self,
        ledger: Ledger,
        seal: sealing.Seal,
        execute: Callable[[Command], dict],
        done: Callable[[Outcome], None],
    ) -> None:
        self._ledger, self._seal, self._execute, self._done = ledger, seal, execute, done
        self._interrupted = ledger.unfinished()  # now, before anybody can submit: what comes from here on is no rest
        self._queue: queue.SimpleQueue[Command | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name='orders', daemon=True)

    def start(self) -> None:
        """Begin with what an earlier agent left unfinished."""
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """Wait for the running command, not for the queue: what is left, the next agent does."""
        self._queue.put(None)
        self._thread.join(timeout)

    def submit(self, command: Command) -> Outcome:
        """Accept it and return at once; repeated: what is known of the first time. Raises CommandRefused."""
        if not version.compatible(command.version):
            raise CommandRefused(f'contract version {command.version} does not fit {version.VERSION} here')
        if command.verb not in VERBS:
            raise CommandRefused(f'unknown verb {command.verb!r}')
        try:
            known = self._ledger.accept(command, self._seal.close(sealing.KEPT, command.to_dict()))
        except StaleEpoch as error:
            raise CommandRefused(str(error)) from error
        if known is not None:
            return known
        self._queue.put(command)
        return Outcome(command.id, states.RUNNING)

    def ask(self, command_id: str) -> Outcome:
        return self._ledger.ask(command_id)

    def _run(self) -> None:
        for interrupted in self._left():
            self._end(self._outcome(interrupted))
        while (command := self._queue.get()) is not None:
            self._end(self._outcome(command))

    def _left(self) -> Iterator[Command]:
        for command_id, order in self._interrupted:
            if order is None:
                self._end(Outcome(command_id, states.FAILED, None, 'the agent ended before it began this command'))
                continue
            LOG.info('Command %s was interrupted: again', command_id)
            yield Command.from_dict(self._seal.open(sealing.KEPT, order))

    def _outcome(self, command: Command) -> Outcome:
        LOG.info('Command %s: %s', command.id, command.verb)
        try:
            return Outcome(command.id, states.SUCCEEDED, self._execute(command))
        except CommandError as error:
            reason = str(error)
        except Exception as error:  # noqa: BLE001 - whatever went wrong is this command's outcome
            reason = f'{command.verb}: {type(error).__name__}: {error}'
        return Outcome(command.id, states.FAILED, None, scrub(reason, secrets_in(command.args)))

    def _end(self, outcome: Outcome) -> None:
        if outcome.error:
            LOG.error('Command %s failed: %s', outcome.command, outcome.error)
        self._ledger.finish(outcome)
        self._done(outcome)
