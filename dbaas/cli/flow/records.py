"""The database instead of the API, for when that is down: the same questions and orders, the same answers.

Made from the functions that the API's views call. Jobs are not posted from here: the reconciler of a running conductor
finds what an order made runnable.
"""

import getpass
import itertools
import os
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dbaas.cli.flow.errors import CONFLICT, NOT_FOUND, USAGE, CliError, Unreachable
from dbaas.cli.manage.deployment import Deployment, ManageError

if TYPE_CHECKING:
    from oslo_config import cfg

    from dbaas.db.session import Database

PAGE = 200
ANSWERS = ('operation', 'operations', 'events', 'why', 'stats', 'summary', 'instances')


def connect(where: str, state: str | None, config_files: tuple[str, ...]) -> 'Records':
    """where: a URL, a configuration file, a state directory, or '' (as --state and --config-file say)."""
    from conf import messaging

    messaging.prepare()  # TaskFlow's imports would try eventlet
    from dbaas.db import failures

    url = where if '://' in where else None
    if where and url is None:
        if os.path.isdir(where):
            state = where
        elif os.path.isfile(where):
            config_files = (*config_files, where)
        else:
            raise CliError(f'--db {where}: neither a URL nor a configuration file nor a state directory', USAGE)
    try:
        deployment = Deployment(state, config_files)
        if url:
            deployment.conf.set_override('connection', url, group='database')
        return Records(deployment.db, deployment.conf)
    except (ManageError, *failures.ERRORS, ImportError) as error:
        raise CliError(f'--db: {getattr(error, "message", None) or error}', USAGE) from error


def _actor() -> str:
    """Who gives orders here: nobody has asked for a token."""
    try:
        return f'{getpass.getuser()} (db)'
    except (KeyError, OSError):  # a user that has no name here
        return f'uid {os.getuid()} (db)'


class Records:
    """Offers what Api does. Raises CliError with the API's exit codes; Unreachable when the database is silent."""

    def __init__(self, db: 'Database', conf: 'cfg.ConfigOpts'):
        self._db, self._conf = db, conf

    @property
    def source(self) -> str:
        return f'read from the database, not through the API: {self._db.engine.url!r}'

    def path(self, *_: str) -> str:
        raise CliError('a plan runs the real request up to its commit: that needs the API, not --db', USAGE)

    # -- questions -----------------------------------------------------------------------------------------------------
    def get(self, *names: str, **query: Any) -> dict[str, Any]:
        if names == ('operations',):
            return {'operations': list(itertools.islice(self.pages('operations', **query), query.get('limit')))}
        if len(names) > 1 and names[0] == 'operations':
            kind = names[2] if len(names) == 3 else names[1] if names[1] in ANSWERS else 'operation'
            return {kind: self._read(lambda c: _VIEWS[kind](self, c, names[1], query))}
        raise CliError(f'{"/".join(names)} is not read from the database: it needs the API', USAGE)

    def pages(self, collection: str, **query: Any) -> Iterator[dict[str, Any]]:
        if collection == 'instances':
            yield from self._read(_instances)
            return
        from dbaas.db import operations
        from flows import progress

        wanted = _filters(query)
        while True:
            rows = self._read(lambda c: operations.page(c, limit=PAGE, **wanted))
            yield from ({**progress.summary(row, row.pausing), 'links': []} for row in rows[:PAGE])
            if len(rows) <= PAGE:
                return
            wanted['marker'] = rows[PAGE - 1].id

    def _read(self, work: Callable[[Any], Any]) -> Any:
        def reading() -> Any:
            with self._db.read() as c:
                return work(c)

        return _explained(reading)

    # -- orders --------------------------------------------------------------------------------------------------------
    def post(self, *names: str, body: dict[str, Any]) -> dict[str, Any]:
        """('operations', id, verb): applied, or left for the conductor that runs it."""
        from flows import progress, verbs

        if len(names) != 3:
            raise CliError(f'{"/".join(names)} needs the API, not --db', USAGE)
        _, operation_id, verb = names

        def order(c: Any) -> dict[str, Any]:
            verbs.order(c, operation_id, verb, self._db.clock(), actor=_actor(), **body)
            return progress.show(c, operation_id)

        return {'operation': {**_explained(lambda: self._db.run(order)), 'links': []}}

    # -- the views of the API ------------------------------------------------------------------------------------------
    def operation(self, c: Any, operation_id: str, _: Mapping[str, Any]) -> dict[str, Any]:
        from flows import progress

        return {**progress.show(c, operation_id), 'links': []}

    def events(self, c: Any, operation_id: str, _: Mapping[str, Any]) -> list[dict[str, Any]]:
        from flows import progress

        progress.show(c, operation_id)  # NotFound, as the API says
        return progress.history(c, operation_id)

    def why(self, c: Any, operation_id: str, _: Mapping[str, Any]) -> dict[str, Any]:
        from flows import why

        return why.why(c, operation_id, self._conf, self._db.clock())

    def stats(self, c: Any, _: str, query: Mapping[str, Any]) -> list[dict[str, Any]]:
        from flows import stats

        types = [query['type']] if query.get('type') else stats.known_types()
        return stats.stats(c, types, self._db.clock() - query['days'] * 86_400, query['samples'])

    def summary(self, c: Any, _: str, query: Mapping[str, Any]) -> dict[str, Any]:
        from flows import stats

        found = stats.now(c, self._db.clock(), query['window'], query['limit'])
        return {**found, 'operations': [{**row, 'links': []} for row in found['operations']]}


_VIEWS: dict[str, Callable[..., Any]] = {
    'operation': Records.operation,
    'events': Records.events,
    'why': Records.why,
    'stats': Records.stats,
    'summary': Records.summary,
}


def _filters(query: Mapping[str, Any]) -> dict[str, Any]:
    """From the names of the API's query to those of dbaas.db.operations.page."""
    import datetime

    found = {name: query.get(name) for name in ('state', 'type', 'project_id')}
    found['instance_id'] = query.get('instance')
    if query.get('since'):
        moment = datetime.datetime.fromisoformat(query['since'])
        found['since'] = moment.replace(tzinfo=datetime.UTC).timestamp()
    return found


def _instances(c: Any) -> list[dict[str, Any]]:
    from dbaas.db import instances

    return [{'id': row.id, 'name': row.name} for row in instances.names(c)]


def _explained(work: Callable[[], Any]) -> Any:
    """Errors as the API's exit codes."""
    from dbaas import exceptions
    from dbaas.db import failures

    try:
        return work()
    except failures.ERRORS as error:
        raise Unreachable(f'the database does not answer: {failures.reason(error)}') from error
    except exceptions.NotFound as error:
        raise CliError(str(error), NOT_FOUND) from error
    except exceptions.Conflict as error:
        raise CliError(str(error), CONFLICT) from error
    except exceptions.DbaasError as error:
        raise CliError(str(error)) from error
