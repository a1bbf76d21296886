"""Where output goes: stdout, in the wanted format; coloured and fitted on a terminal, else plain, whole."""

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

from dbaas.cli import text

FORMATS = ('table', 'json', 'yaml')


def on_terminal() -> bool:
    return sys.stdout.isatty()


def emit(format_: str, data: Any, blocks: Callable[[], Sequence[text.Block]]) -> None:
    """`data` as JSON or YAML, or for people what `blocks` makes of it."""
    if format_ == 'json':
        write(json.dumps(data, indent=2))
    elif format_ == 'yaml':
        import yaml

        write(yaml.safe_dump(data, sort_keys=False, allow_unicode=True).rstrip('\n'))
    else:
        show(blocks())


def show(blocks: Sequence[text.Block]) -> None:
    if on_terminal():
        from dbaas.cli import terminal

        terminal.console().print(terminal.renderable(blocks))
    else:
        write(text.plain(blocks))


def write(line: str) -> None:
    """One text to stdout, in an encoding that it has."""
    encoding = sys.stdout.encoding or 'ascii'
    try:
        line.encode(encoding)
    except UnicodeEncodeError:
        line = text.ascii_only(line)
    print(line, flush=True)


def say(line: str) -> None:
    """A remark to stderr: it never disturbs what a script reads."""
    print(text.ascii_only(line) if 'utf' not in (sys.stderr.encoding or '').lower() else line, file=sys.stderr)
