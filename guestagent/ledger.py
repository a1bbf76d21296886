"""Which commands this agent has seen and what became of them, on disk: a repeated one gets its first result.

A journal of JSON lines, synced line by line; the last line about a command counts, a torn last line does not.
It keeps a digest of the arguments, never the arguments: while a command runs, the order itself lies sealed in
a file of its own, so that an agent that was killed can finish it.
"""

import contextlib
import hashlib
import hmac
import json
import logging
import os
import threading
import time
from typing import Any

from guestagent.contract import states
from guestagent.contract.commands import Command, Outcome

LOG = logging.getLogger(__name__)
KEEP = 1000  # commands remembered


class StaleEpoch(Exception):
    """A newer conductor has spoken for this operation."""

    def __init__(self, command: Command, newest: int) -> None:
        super().__init__(f'epoch {command.epoch} of operation {command.operation} is stale: {newest} was seen')


class Ledger:
    """`folder` is made. `key` makes the digests useless to who tries passwords. One process at a time."""

    def __init__(self, folder: str, key: bytes) -> None:
        self._key = key
        self._journal, self._orders = os.path.join(folder, 'journal'), os.path.join(folder, 'orders')
        os.makedirs(self._orders, 0o700, exist_ok=True)
        self._lock = threading.Lock()
        self._commands: dict[str, dict[str, Any]] = {}
        self._epochs: dict[str, int] = {}
        self._load()
        self._out = os.open(self._journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def accept(self, command: Command, order: dict[str, Any]) -> Outcome | None:
        """None: it is new and noted as running. Else what became of it the first time.

        `order` is the sealed command. Raises StaleEpoch.
        """
        with self._lock:
            newest = self._epochs.get(command.operation, 0)
            if command.epoch < newest:
                raise StaleEpoch(command, newest)
            known = self._commands.get(command.id)
            if known is not None:
                if command.epoch > newest:
                    self._write({'operation': command.operation, 'epoch': command.epoch})
                return _outcome(known)
            with open(self._order(command.id), 'w', opener=_private) as out:
                json.dump(order, out)
            self._write({**_entry(command), 'digest': digest(self._key, command.args)})
        return None

    def finish(self, outcome: Outcome) -> None:
        with self._lock:
            self._write({'id': outcome.command, 'finished': time.time(), **outcome.to_dict()})
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._order(outcome.command))

    def ask(self, command_id: str) -> Outcome:
        with self._lock:
            known = self._commands.get(command_id)
        return _outcome(known) if known else Outcome(command_id)

    def unfinished(self) -> list[tuple[str, dict[str, Any] | None]]:
        """(command id, its sealed order or None if that is lost), oldest first."""
        with self._lock:
            left = [c['id'] for c in self._commands.values() if c['state'] == states.RUNNING]
        return [(one, self._sealed(one)) for one in left]

    def close(self) -> None:
        os.close(self._out)

    def _order(self, command_id: str) -> str:
        return os.path.join(self._orders, hashlib.sha256(command_id.encode()).hexdigest()[:32])

    def _sealed(self, command_id: str) -> dict[str, Any] | None:
        try:
            with open(self._order(command_id)) as text:
                return json.load(text)
        except (FileNotFoundError, ValueError):
            return None

    def _write(self, line: dict[str, Any]) -> None:
        os.write(self._out, json.dumps(line).encode() + b'\n')
        os.fdatasync(self._out)
        self._apply(line)

    def _apply(self, line: dict[str, Any]) -> None:
        if 'id' in line:
            self._commands[line['id']] = {**self._commands.get(line['id'], {}), **line}
        if 'epoch' in line:
            self._epochs[line['operation']] = max(line['epoch'], self._epochs.get(line['operation'], 0))

    def _load(self) -> None:
        try:
            with open(self._journal, 'rb') as text:
                lines = text.read().split(b'\n')
        except FileNotFoundError:
            return
        for number, line in enumerate(lines):
            try:
                self._apply(json.loads(line) if line else {})
            except ValueError:
                LOG.warning('Line %d of %s is torn: skipped', number + 1, self._journal)
        if lines[-1] or len(lines) > 3 * KEEP:
            self._compact()

    def _compact(self) -> None:
        kept = list(self._commands.values())[-KEEP:]
        self._commands = {entry['id']: entry for entry in kept}
        self._epochs = {e['operation']: self._epochs[e['operation']] for e in kept if 'operation' in e}
        epochs = [{'operation': name, 'epoch': epoch} for name, epoch in self._epochs.items()]
        fresh = self._journal + '.new'
        with open(fresh, 'w', opener=_private) as out:
            out.writelines(json.dumps(line) + '\n' for line in [*kept, *epochs])
            out.flush()
            os.fsync(out.fileno())
        os.rename(fresh, self._journal)


def digest(key: bytes, args: dict[str, Any]) -> str:
    return hmac.new(key, json.dumps(args, sort_keys=True).encode(), 'sha256').hexdigest()


def _entry(command: Command) -> dict[str, Any]:
    return {
        'id': command.id,
        'verb': command.verb,
        'operation': command.operation,
        'step': command.step,
        'attempt': command.attempt,
        'epoch': command.epoch,
        'state': states.RUNNING,
        'at': time.time(),
    }


def _outcome(entry: dict[str, Any]) -> Outcome:
    return Outcome(entry['id'], entry['state'], entry.get('result'), entry.get('error'))


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
