"""A verb for every operation that fits a filter, so many per second. Stopped anywhere, it is simply run again.

What is done no longer is in the state that was asked for, so a second run goes on where the first one ended.
"""

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from dbaas.cli import output
from dbaas.cli.flow import orders
from dbaas.cli.flow.errors import CONFLICT, NOT_FOUND, OK, PARTLY, REFUSED, CliError
from dbaas.cli.program import INTERRUPTED

if TYPE_CHECKING:
    from dbaas.cli.flow.session import Session

_RATE = re.compile(r'(\d+(?:\.\d+)?)(?:/(s|m))?')
_ITS_OWN = (REFUSED, NOT_FOUND, CONFLICT)  # refusals that say nothing about the next operation


class Rate(click.ParamType):
    """5, 5/s, 30/m -> per second."""

    name = 'N[/s|/m]'

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        found = _RATE.fullmatch(value)
        if not found or not float(found[1]):
            self.fail(f'{value!r} is no rate: 5, 5/s or 30/m', param, ctx)
        return float(found[1]) / (60 if found[2] == 'm' else 1)


def run(
    session: 'Session',
    verb: str,
    reason: str | None,
    yes: bool,
    *,
    state: str | None,
    type_: str | None,
    since: str | None,
    project: str | None,
    rate: float,
    dry_run: bool,
) -> int:
    """Order `verb` for all of them, the oldest first. -> exit code."""
    if state is None:
        raise click.UsageError("Missing option '--state': --all is for operations in one state.")
    if not (reason or dry_run):
        raise click.UsageError("Missing option '--reason': it is kept with each operation.")
    session.say_source()
    filters = {'state': state, 'type': type_, 'since': since, 'project_id': project}
    found = list(session.api.pages('operations', **filters))[::-1]
    if dry_run:
        _dry(session, found)
        return OK
    if not found:
        output.say(f'no operation is {state} and fits: nothing to do')
        return OK
    confirmed = orders.confirm_all(found, verb, yes)
    return _Tally(session, verb, len(found)).count(_each(session, confirmed, reason, _pace(rate)))


def _dry(session: 'Session', found: list[dict[str, Any]]) -> None:
    from dbaas.cli.flow.render.operations import listing

    output.emit(session.format, found, lambda: [listing(found)])
    output.say(f'{len(found)} would get the order; nothing was done')


def _pace(
    rate: float, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
) -> Callable[[], None]:
    """A function that returns `rate` times a second at most."""
    at = clock()

    def wait() -> None:
        nonlocal at
        sleep(max(at - clock(), 0.0))
        at = max(at, clock()) + 1 / rate

    return wait


def _each(
    session: 'Session', confirmed: list[orders.Confirmed], reason: str | None, wait: Callable[[], None]
) -> Iterator[tuple[str, dict[str, Any] | CliError]]:
    """(id, the operation as it is then, or why it was refused). Raises CliError for what stops all of them."""
    for one in confirmed:
        wait()
        try:
            yield one.operation_id, orders.order(session.api, one, {'reason': reason})
        except CliError as error:
            if error.exit_code not in _ITS_OWN:
                raise
            yield one.operation_id, error


class _Tally:
    """Says each outcome as it comes, and the sum at the end, however that comes."""

    def __init__(self, session: 'Session', verb: str, total: int):
        self._lines = session.format == 'table'
        self._verb, self._total = verb, total
        self.done = self.refused = 0

    def count(self, outcomes: Iterator[tuple[str, dict[str, Any] | CliError]]) -> int:
        """-> exit code."""
        try:
            for operation_id, outcome in outcomes:
                self._one(operation_id, outcome)
        except KeyboardInterrupt:
            self._sum('interrupted; run it again to go on')
            return INTERRUPTED
        except CliError:
            self._sum('stopped; run it again to go on')
            raise
        self._sum()
        return PARTLY if self.refused else OK

    def _one(self, operation_id: str, outcome: dict[str, Any] | CliError) -> None:
        if isinstance(outcome, CliError):
            self.refused += 1
            row = {'id': operation_id, 'outcome': 'refused', 'error': outcome.message}
            line = f'refused  {operation_id}: {outcome.message}'
        else:
            self.done += 1
            row = {'id': operation_id, 'outcome': 'accepted', 'type': outcome['type'], 'state': outcome['state']}
            line = f'accepted {operation_id} {outcome["type"]}: {outcome["state"]}'
        number = self.done + self.refused
        output.write(f'{number}/{self._total} {line}' if self._lines else json.dumps(row))

    def _sum(self, ending: str = '') -> None:
        left = self._total - self.done - self.refused
        said = f'{self._verb}: {self.done} accepted, {self.refused} refused, {left} not tried'
        output.say(said + (f'; {ending}' if ending else ''))
