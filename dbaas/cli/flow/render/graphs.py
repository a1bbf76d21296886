"""An operation's flow as a graph for graphviz (dot) or mermaid: arrows to the steps that follow."""

from collections.abc import Callable
from typing import Any

from dbaas.cli.flow.render import marks
from dbaas.cli.text import clean, seconds

_COLOURS = {
    'RUNNING': '#bfdbfe',
    'WAITING': '#fde68a',
    'SUCCESS': '#bbf7d0',
    'FAILURE': '#fecaca',
    'SKIPPED': '#e9d5ff',
    'REVERTING': '#fde68a',
    'REVERTED': '#e5e7eb',
    'REVERT_FAILURE': '#fecaca',
}


def _label(step: dict[str, Any]) -> str:
    took = f' {seconds(step["duration"])}' if step.get('duration') is not None else ''
    brink = ' (irreversible)' if step.get('irreversible') else ''
    return clean(f'{marks.mark(step)} {step["name"]}{took}{brink}')


def _colour(step: dict[str, Any]) -> str:
    return _COLOURS.get(step.get('state') or 'PENDING', '#ffffff')


def _arrows(steps: list[dict[str, Any]]) -> list[tuple[int, int]]:
    """(from, to) as places in the list."""
    place = {step['name']: number for number, step in enumerate(steps)}
    return [(place[b], n) for n, step in enumerate(steps) for b in step.get('after') or () if b in place]


def dot(operation: dict[str, Any]) -> str:
    steps = operation['steps']
    lines = [f'digraph {_quoted(operation["type"])} {{', '  node [shape=box, style="rounded,filled"];']
    lines += [f'  s{n} [label={_quoted(_label(s))}, fillcolor="{_colour(s)}"];' for n, s in enumerate(steps)]
    lines += [f'  s{a} -> s{b};' for a, b in _arrows(steps)]
    return '\n'.join([*lines, '}'])


def mermaid(operation: dict[str, Any]) -> str:
    steps = operation['steps']
    lines = ['flowchart TD']
    lines += [f'  s{n}["{_escaped(_label(s))}"]' for n, s in enumerate(steps)]
    lines += [f'  s{a} --> s{b}' for a, b in _arrows(steps)]
    lines += [f'  style s{n} fill:{_colour(s)}' for n, s in enumerate(steps)]
    return '\n'.join(lines)


def _quoted(text: str) -> str:
    return '"' + text.replace('\\', '\\\\').replace('"', '\\"') + '"'


def _escaped(text: str) -> str:
    """Mermaid's entities."""
    for character, entity in (('#', '#35;'), ('"', '#quot;'), ('<', '#lt;'), ('>', '#gt;')):
        text = text.replace(character, entity)
    return text


FORMATS: dict[str, Callable[[dict[str, Any]], str]] = {'dot': dot, 'mermaid': mermaid}
