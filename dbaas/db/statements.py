"""Statements that run for every step: compiled once per dialect, then handed to the driver as text and values.

SQLAlchemy's own execution of a statement costs more than a small database takes to answer it. Values are converted
by the same types, so that rows look alike whoever wrote them.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from dbaas.db.tables import JSON


class Prepared:
    """One statement without defaults: every column that it sets is a bind parameter."""

    def __init__(self, statement: Any):
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def run(self, c: sa.Connection, values: Mapping[str, Any]) -> sa.CursorResult:
        """Results come as the driver gives them: ask for numbers and words only."""
        compiled = self._for(c)
        return c.exec_driver_sql(compiled.text, compiled.values(values))

    def run_many(self, c: sa.Connection, rows: Iterable[Mapping[str, Any]]) -> None:
        compiled = self._for(c)
        if found := [compiled.values(row) for row in rows]:
            c.exec_driver_sql(compiled.text, found if len(found) > 1 else found[0])

    def _for(self, c: sa.Connection) -> '_Compiled':
        name = c.dialect.name
        if name not in self._compiled:
            self._compiled[name] = _Compiled(self._statement, c.dialect)
        return self._compiled[name]


class Family:
    """Statements that differ in which columns have a value: what is None is written into the statement, or left out.

    make(columns that have one) -> the statement.
    """

    def __init__(self, columns: Iterable[sa.Column], make: Callable[[list[sa.Column]], Any]):
        self._columns, self._make = [(column.name, column) for column in columns], make
        self._members: dict[tuple[str, ...], Prepared] = {}

    def run(self, c: sa.Connection, values: Mapping[str, Any]) -> None:
        key = tuple([name for name, _ in self._columns if values.get(name) is not None])
        if key not in self._members:
            self._members[key] = Prepared(self._make([column for name, column in self._columns if name in key]))
        self._members[key].run(c, values)


class _Compiled:
    def __init__(self, statement: Any, dialect: sa.Dialect):
        compiled = statement.compile(dialect=dialect)
        self.text = str(compiled)
        self._positional = compiled.positional
        names = compiled.positiontup if compiled.positional else list(compiled.binds)
        self._fields = [(name, _converter(compiled.binds[name], dialect)) for name in names]
        self._fixed = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}

    def values(self, given: Mapping[str, Any]) -> Any:
        """What the driver wants: a tuple, or a mapping where it has named parameters."""
        found = []
        for name, convert in self._fields:
            value = given[name] if name in given else self._fixed[name]
            found.append(value if convert is None else convert(value))
        if self._positional:
            return tuple(found)
        return {name: value for (name, _), value in zip(self._fields, found, strict=True)}


def _converter(bind: Any, dialect: sa.Dialect) -> Any:
    if isinstance(bind.type, JSON) and dialect.name != 'postgresql':
        return _dump  # as TaskFlow's type does, without a walk through each value first
    return bind.type.dialect_impl(dialect).bind_processor(dialect)


def _dump(value: Any) -> str | None:
    return None if value is None else json.dumps(value)


def bound(*columns: sa.Column, **others: Any) -> dict[str, Any]:
    """{column's name: bind parameter of that name}, for values(); others: as they are."""
    return {column.name: sa.bindparam(column.name, type_=column.type) for column in columns} | others
