"""Rows of sealed secrets; sealing and opening is dbaas/services/secrets.py."""

from typing import Any

import sqlalchemy as sa

from dbaas.db.statements import Prepared
from dbaas.db.tables import SECRETS

_erase = Prepared(sa.delete(SECRETS).where(SECRETS.c.owner == sa.bindparam('of')))


def insert(c: sa.Connection, **values: Any) -> None:
    c.execute(sa.insert(SECRETS), values)


def get(c: sa.Connection, secret_id: str) -> sa.Row | None:
    return c.execute(sa.select(SECRETS).where(SECRETS.c.id == secret_id)).first()


def find(c: sa.Connection, owner: str, purpose: str) -> str | None:
    """The id of the newest one."""
    s = SECRETS.c
    query = sa.select(s.id).where(s.owner == owner, s.purpose == purpose).order_by(s.created.desc(), s.id)
    found: str | None = c.execute(query.limit(1)).scalar()
    return found


def erase(c: sa.Connection, owner: str) -> None:
    """All secrets of an operation that has ended, or of an instance that is deleted."""
    _erase.run(c, {'of': owner})


def not_sealed_with(c: sa.Connection, key_id: str, limit: int) -> list[sa.Row]:
    return list(c.execute(sa.select(SECRETS).where(SECRETS.c.key_id != key_id).order_by(SECRETS.c.id).limit(limit)))


def reseal(c: sa.Connection, secret_id: str, key_id: str, nonce: bytes, ciphertext: bytes) -> None:
    c.execute(
        sa.update(SECRETS).where(SECRETS.c.id == secret_id).values(key_id=key_id, nonce=nonce, ciphertext=ciphertext)
    )
