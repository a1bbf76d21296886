"""What a check finds: one line each, with a remedy where one is needed. Pure."""

import dataclasses
from collections.abc import Sequence

from dbaas.cli.text import Table

OK, WARNING, FAILED = 'ok', 'warning', 'FAILED'


@dataclasses.dataclass(frozen=True)
class Finding:
    """result: ok, warning (it works, with less) or FAILED; remedy: what to do."""

    name: str
    result: str
    what: str
    remedy: str = ''


def ok(name: str, what: str) -> Finding:
    return Finding(name, OK, what)


def warning(name: str, what: str, remedy: str) -> Finding:
    return Finding(name, WARNING, what, remedy)


def failed(name: str, what: str, remedy: str) -> Finding:
    return Finding(name, FAILED, what, remedy)


def report(findings: Sequence[Finding]) -> Table:
    rows = [(f.result, f.name, f.what, f.remedy) for f in findings]
    return Table(('RESULT', 'CHECK', 'FOUND', 'REMEDY'), rows, wide=('FOUND', 'REMEDY'))
