#!/usr/bin/env python3
"""Writes docs/flows.md: the do/undo table of every registered flow. Run it by the Python of the virtual environment.

With --check nothing is written: exit code 1 and a line when the file is not current.
"""

import pathlib
import sys
from typing import Any

from conf import messaging

messaging.prepare()  # before TaskFlow is imported by the next lines

from dbaas.cli.manage.flow import table  # noqa: E402
from flows import registry  # noqa: E402
from flows.graph import Graph  # noqa: E402

FILE = pathlib.Path(__file__).resolve().parent.parent / 'docs' / 'flows.md'
HEAD = """\
# Flows

Written by `tools/flow-tables.py` from the code; a test compares it. `dbaas-manage flow show TYPE` prints the same.

Steps are in running order. Names in braces are inputs of the operation. Before a step, everything named under *after*
is done. *Deadline* is an option of `[flows]`. Undo runs newest first, the failed step's own undo included.
"""
COLUMNS = ('step', 'after', 'does', 'undone by', 'deadline', 'needs', 'gives')


def document() -> str:
    return '\n'.join([HEAD, *(section(name, version) for name, version in sorted(registry.OPERATIONS))])


def section(name: str, version: int) -> str:
    found = table(name, version)
    steps = Graph(registry.build(name, version)).steps
    lines = [row(COLUMNS), row(['---'] * len(COLUMNS))]
    lines += [row(cells(step, steps[step['name']].deadline)) for step in found['steps']]
    return '\n'.join([f'## {name}, version {version}', '', brink(found), '', *lines, ''])


def brink(found: dict[str, Any]) -> str:
    name = found['point_of_no_return']
    return (
        f'Point of no return: `{name}`. From there on it cannot be aborted.'
        if name
        else 'It can be aborted until it has ended.'
    )


def cells(step: dict[str, Any], deadline: str) -> list[str]:
    marks = [word for word in ('disrupts', 'restores') if step[word]]
    return [
        ' '.join([f'`{step["name"]}`', *(f'({mark} service)' for mark in marks)]),
        names(step['after']),
        step['effect'],
        f'cannot be undone: {step["irreversible"]}' if step['irreversible'] else step['undo'] or '',
        f'`{deadline}_deadline`',
        names(step['needs']),
        names(step['gives']),
    ]


def names(found: list[str]) -> str:
    return ', '.join(f'`{name}`' for name in found)


def row(values: Any) -> str:
    return f'| {" | ".join(values)} |'


def main(argv: list[str]) -> int:
    text = document()
    if '--check' not in argv:
        FILE.write_text(text)
    elif not FILE.exists() or FILE.read_text() != text:
        print(f'{FILE} is not current: run tools/flow-tables.py', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
