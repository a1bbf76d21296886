"""Secrets: sealed rows that flows, jobs, logs and the logbook name by id only."""

import uuid

import sqlalchemy as sa

from dbaas.db import secrets as rows
from dbaas.db.session import Database
from dbaas.exceptions import NotFound
from dbaas.services.keyring import Keyring


class Secrets:
    """Seals in the caller's transaction, opens by id."""

    def __init__(self, db: Database, keyring: Keyring):
        self._db, self._keyring = db, keyring

    @property
    def keyring(self) -> Keyring:
        """For what is sealed and is no row."""
        return self._keyring

    def seal(self, c: sa.Connection, *, project_id: str, owner: str, purpose: str, value: bytes) -> str:
        """-> the secret's id. owner: the operation (erased when it ends) or the instance it belongs to."""
        secret_id = str(uuid.uuid4())
        key_id, nonce, ciphertext = self._keyring.seal(value, _context(secret_id, project_id, purpose))
        rows.insert(
            c,
            id=secret_id,
            project_id=project_id,
            owner=owner,
            purpose=purpose,
            key_id=key_id,
            nonce=nonce,
            ciphertext=ciphertext,
            created=self._db.clock(),
        )
        return secret_id

    def open(self, secret_id: str) -> bytes:
        """Raises NotFound when it was erased."""
        with self._db.read() as c:
            row = rows.get(c, secret_id)
        if row is None:
            raise NotFound(f'Secret {secret_id} is not there: its operation has ended or its instance is deleted.')
        context = _context(row.id, row.project_id, row.purpose)
        return self._keyring.open(row.key_id, row.nonce, row.ciphertext, context)

    def reread_keys(self) -> None:
        """Another program has changed the key file. Raises KeyringError, and keeps what it has, when it is unusable."""
        self._keyring.reread()

    def erase(self, c: sa.Connection, owner: str) -> None:
        rows.erase(c, owner)

    def reseal(self, batch: int = 100) -> int:
        """Seal every row with the current key, `batch` rows a transaction; resumable. -> rows changed."""
        changed = 0
        while count := self._db.run(lambda c: self._reseal_some(c, batch)):
            changed += count
        return changed

    def _reseal_some(self, c: sa.Connection, batch: int) -> int:
        found = rows.not_sealed_with(c, self._keyring.current, batch)
        for row in found:
            context = _context(row.id, row.project_id, row.purpose)
            value = self._keyring.open(row.key_id, row.nonce, row.ciphertext, context)
            rows.reseal(c, row.id, *self._keyring.seal(value, context))
        return len(found)


def _context(secret_id: str, project_id: str, purpose: str) -> bytes:
    return f'{secret_id}|{project_id}|{purpose}'.encode()
