"""Statements that run for every step: compiled once per dialect, then handed to the driver as text and values.

SQLAlchemy's own execution of a statement costs more than a small database takes to answer it. Values are converted
by the same types, so that rows look alike whoever wrote them; errors are SQLAlchemy's.
"""

import collections
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from dbaas.db.tables import JSON

AT_ONCE = ('mysql', 'mariadb')  # dialects whose server takes several statements at once
_NAMED = re.compile(r'%\((\w+)\)s')


class Prepared:
    """One statement without defaults: every column that it sets is a bind parameter. It belongs into a transaction."""

    def __init__(self, statement: Any):
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def run(self, c: sa.Connection, values: Mapping[str, Any]) -> int:
        """-> number of rows that it found."""
        compiled = self._for(c)
        return _ask(c, compiled.text, compiled.values(values), lambda cursor: cursor.rowcount)

    def rows(self, c: sa.Connection, values: Mapping[str, Any]) -> list[Any]:
        """Named tuples."""
        compiled = self._for(c)
        return compiled.rows(*_ask(c, compiled.text, compiled.values(values), _fetched))

    def run_many(self, c: sa.Connection, rows: Iterable[Mapping[str, Any]]) -> None:
        compiled = self._for(c)
        if found := [compiled.values(row) for row in rows]:
            _ask(c, compiled.text, found, lambda cursor: None)

    def answer(self, c: sa.Connection, values: Mapping[str, Any]) -> Any:
        """rows() of a SELECT, run() of anything else."""
        return (self.rows if self.reads else self.run)(c, values)

    @property
    def reads(self) -> bool:
        return self._statement.is_select

    def _for(self, c: sa.Connection) -> '_Compiled':
        name = c.dialect.name
        if name not in self._compiled:
            self._compiled[name] = _Compiled(self._statement, c.dialect)
        return self._compiled[name]


Call = tuple['Prepared | Family', Mapping[str, Any]]


def together(c: sa.Connection, calls: Sequence[Call]) -> list[Any]:
    """Run them, one after another. -> of each the number of rows that it found; of a SELECT the rows.

    Where that saves the way to a server they go there at once: whoever asks what the first has found rolls back.
    """
    members = [(one.member(values) if isinstance(one, Family) else one, values) for one, values in calls]
    if c.dialect.name not in AT_ONCE or not members:
        return [one.answer(c, values) for one, values in members]
    told = [(one._for(c), values) for one, values in members]
    text = '; '.join(one.text for one, _ in told)
    found = _ask(c, text, tuple(value for one, values in told for value in one.values(values)), _each)
    return [one.rows(*answer) if one.reads else answer for (one, _), answer in zip(told, found, strict=True)]


def _each(cursor: Any) -> list[Any]:
    """Of each statement the rows that it gave, else the number of those that it found."""
    found = []
    more: Any = True
    while more:
        found.append(_fetched(cursor) if cursor.description else cursor.rowcount)
        more = cursor.nextset()
    return found


def _fetched(cursor: Any) -> tuple[list[Any], Any]:
    """The driver's type of each column, and the rows."""
    return [column[1] for column in cursor.description], cursor.fetchall()


def _ask(c: sa.Connection, text: str, values: Any, answer: Callable[[Any], Any]) -> Any:
    """values: of one execution, or a list of many."""
    if not c.in_transaction():
        c.begin()
    cursor = c.connection.cursor()
    try:
        if isinstance(values, list):
            c.dialect.do_executemany(cursor, text, values)
        else:
            c.dialect.do_execute(cursor, text, values)
        return answer(cursor)
    except c.dialect.loaded_dbapi.Error as error:
        raise _told(c, cursor, text, error) from error
    finally:
        cursor.close()


def _told(c: sa.Connection, cursor: Any, text: str, error: Any) -> BaseException:
    """What SQLAlchemy would have raised; a connection that is no more is invalid from here on."""
    connection = c.connection.dbapi_connection
    gone = c.dialect.is_disconnect(error, connection, cursor)
    if gone:
        c.invalidate(error)
    return sa.exc.DBAPIError.instance(
        text, None, error, c.dialect.loaded_dbapi.Error,
        hide_parameters=True, connection_invalidated=gone, dialect=c.dialect,
    )  # fmt: skip


class Family:
    """Statements that differ in which columns have a value: what is None is written into the statement, or left out.

    make(columns that have one) -> the statement.
    """

    def __init__(self, columns: Iterable[sa.Column], make: Callable[[list[sa.Column]], Any]):
        self._columns, self._make = [(column.name, column) for column in columns], make
        self._members: dict[tuple[str, ...], Prepared] = {}

    def run(self, c: sa.Connection, values: Mapping[str, Any]) -> None:
        self.member(values).run(c, values)

    def member(self, values: Mapping[str, Any]) -> Prepared:
        key = tuple([name for name, _ in self._columns if values.get(name) is not None])
        if key not in self._members:
            self._members[key] = Prepared(self._make([column for name, column in self._columns if name in key]))
        return self._members[key]


class _Compiled:
    def __init__(self, statement: Any, dialect: sa.Dialect):
        compiled = statement.compile(dialect=dialect)
        self.text, self._positional = str(compiled), compiled.positional
        names = compiled.positiontup if compiled.positional else list(compiled.binds)
        if dialect.name in AT_ONCE and not compiled.positional:  # values of several statements stand in one row
            names, self.text = _NAMED.findall(self.text), _NAMED.sub('%s', self.text)
            self._positional = True
        self._fields = [(name, _converter(compiled.binds[name], dialect)) for name in names]
        self._fixed = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        self.reads = statement.is_select
        columns = list(statement.selected_columns) if self.reads else []
        names = [column.key for column in columns]
        row: Any = collections.namedtuple('Row', names, rename=True)  # type: ignore[misc]
        self._row = row
        self._loaders: list[tuple[int, Callable[[Any], Any]]] | None = None  # known from the first answer on
        self._loader = lambda at, kind: columns[at].type.dialect_impl(dialect).result_processor(dialect, kind)

    def values(self, given: Mapping[str, Any]) -> Any:
        """What the driver wants: a tuple, or a mapping where it has named parameters."""
        found = []
        for name, convert in self._fields:
            value = given[name] if name in given else self._fixed[name]
            found.append(value if convert is None else convert(value))
        if self._positional:
            return tuple(found)
        return {name: value for (name, _), value in zip(self._fields, found, strict=True)}

    def rows(self, kinds: Sequence[Any], found: Iterable[Sequence[Any]]) -> list[Any]:
        """kinds: the driver's types."""
        if self._loaders is None:
            loaders = [(at, self._loader(at, kind)) for at, kind in enumerate(kinds)]
            self._loaders = [(at, load) for at, load in loaders if load is not None]
        return [self._row(*_loaded(row, self._loaders)) for row in found]


def _loaded(row: Sequence[Any], loaders: Iterable[tuple[int, Callable[[Any], Any]]]) -> Sequence[Any]:
    values = list(row)
    for at, load in loaders:
        values[at] = load(values[at])
    return values


def _converter(bind: Any, dialect: sa.Dialect) -> Any:
    if isinstance(bind.type, JSON) and dialect.name != 'postgresql':
        return _dump  # as TaskFlow's type does, without a walk through each value first
    return bind.type.dialect_impl(dialect).bind_processor(dialect)


def _dump(value: Any) -> str | None:
    return None if value is None else json.dumps(value)


def bound(*columns: sa.Column, **others: Any) -> dict[str, Any]:
    """{column's name: bind parameter of that name}, for values(); others: as they are."""
    return {column.name: sa.bindparam(column.name, type_=column.type) for column in columns} | others
