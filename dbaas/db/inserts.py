"""INSERT unless the row is there already: the one place that knows how each database says it.

A look before an INSERT proves nothing where there are several writers, and in PostgreSQL a refused INSERT ends the
whole transaction.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite


def missing(c: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows whose primary key is not there yet; waits for a writer who is just inserting the same."""
    if not rows:
        return
    # one order for everybody: two writers of the same rows must not wait for each other
    ordered = sorted(rows, key=lambda row: [str(row[column.name]) for column in table.primary_key])
    if c.dialect.name == 'postgresql':
        c.execute(postgresql.insert(table).on_conflict_do_nothing(), ordered)
    elif c.dialect.name == 'sqlite':
        c.execute(sqlite.insert(table).on_conflict_do_nothing(), ordered)
    else:  # INSERT IGNORE would swallow every other error too
        key = next(iter(table.primary_key))
        c.execute(mysql.insert(table).on_duplicate_key_update({key.name: key}), ordered)
