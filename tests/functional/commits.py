"""Commits of a fleet's conductors, held from outside in their midst: a trigger waits for a lock that the test has."""

import sqlalchemy as sa

from tests.functional.fleet import Fleet

_TABLE = 'CREATE TABLE IF NOT EXISTS held_commit (operation VARCHAR(64), step VARCHAR(64)) COLLATE utf8mb4_nopad_bin'
_TRIGGER = """
CREATE TRIGGER hold_commits BEFORE INSERT ON operation_event FOR EACH ROW
IF NEW.kind = 'done' AND EXISTS (
    SELECT 1 FROM held_commit h WHERE h.operation = NEW.operation_id AND h.step = NEW.step
) THEN DO GET_LOCK(NEW.operation_id, 3600); DO RELEASE_LOCK(NEW.operation_id); END IF
"""
_WAITING = "SELECT id FROM information_schema.processlist WHERE state = 'User lock'"


class HeldCommits:
    """The work of a step is done, its outcome not committed: the hardest moment."""

    def __init__(self, fleet: Fleet):
        self._engine = sa.create_engine(fleet.sql.url(), isolation_level='AUTOCOMMIT', poolclass=sa.NullPool)
        self._owner = self._engine.connect()  # of the locks
        self._do(_TABLE)
        self._do(_TRIGGER)

    def hold(self, operation: str, step: str) -> None:
        """The commit of that step's outcome, whoever makes it, until it is released."""
        self._do('INSERT INTO held_commit VALUES (:operation, :step)', operation=operation, step=step)
        self._do('DO GET_LOCK(:operation, 0)', operation=operation)

    def waiting(self) -> int:
        """How many commits are held now."""
        with self._engine.connect() as c:
            return len(c.exec_driver_sql(_WAITING).all())

    def release(self, operation: str) -> None:
        """It goes on, unless its client is dead."""
        self._do('DELETE FROM held_commit WHERE operation = :operation', operation=operation)
        self._do('DO RELEASE_LOCK(:operation)', operation=operation)

    def close(self) -> None:
        self._do('DROP TRIGGER IF EXISTS hold_commits')
        self._owner.close()

    def _do(self, statement: str, **values: str) -> None:
        self._owner.execute(sa.text(statement), values)
