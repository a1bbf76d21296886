"""What people see, to the letter."""

import io

import pytest
from rich.console import Console

from dbaas.cli import terminal, text
from dbaas.cli.flow.render import graphs, numbers, operations, plans, questions, reasons, tree
from tests.unit.cli import goldens, samples

HELD, WAITING, UNDONE = samples.held(), samples.waiting(), samples.undone()
SUCCEEDED = samples.operation('SUCCEEDED', id=samples.OTHER, duration=3700.0, finished='2026-11-21T11:01:40.000')


@pytest.mark.parametrize(
    ('name', 'blocks'),
    [
        ('list', [operations.listing([HELD, WAITING, SUCCEEDED])]),
        ('list_short', [operations.listing([HELD, SUCCEEDED], short=True)]),
        ('list_empty', [operations.listing([])]),
        ('show_held', operations.show(HELD)),
        ('show_waiting', operations.show(WAITING)),
        ('show_undone', operations.show(UNDONE)),
        ('events', [operations.history(samples.EVENTS)]),
        ('changes', [operations.change(event) for event in samples.EVENTS]),
        ('why', reasons.explain(samples.ID, samples.WHY)),
        ('plan', plans.outline(samples.PLAN)),
        ('dot', [graphs.dot(HELD)]),
        ('mermaid', [graphs.mermaid(HELD)]),
        ('question_abort', [questions.question(HELD, 'abort', None)]),
        ('stats', [numbers.table(samples.STATS)]),
        ('top', numbers.frame(samples.NOW)),
        ('question_of_many', [questions.question_of_many([HELD] * 7 + [WAITING], 'resume')]),
        ('question_skip', [questions.question(HELD, 'skip', 'start-database')]),
    ],
)
def test_golden(name: str, blocks: list[text.Block]) -> None:
    goldens.check(name, text.plain(blocks))


def test_nested_and_neighbouring_blocks_are_branches_of_their_own() -> None:
    steps = [
        {'name': 'a', 'depth': 1, 'group': 'one'},
        {'name': 'b', 'depth': 2, 'group': 'inner'},
        {'name': 'c', 'depth': 1, 'group': 'two'},
        {'name': 'd', 'depth': 0, 'group': 'flow'},
    ]
    lines = [prefix + (step['name'] if step else '') for prefix, step in tree.branches(steps)]
    assert lines == ['├─ one (in any order)', '│  ├─ a', '│  └─ inner', '│     └─ b', '├─ two', '│  └─ c', '└─ d']


def test_nothing_from_others_reaches_a_terminal_as_a_command() -> None:
    shown = text.plain(operations.show(UNDONE))
    assert '\x1b' not in shown
    assert 'cloud says  [31mno' in shown


def test_a_terminal_shows_markup_of_others_as_text() -> None:
    seen = io.StringIO()
    console = Console(file=seen, width=200, force_terminal=True, color_system=None, markup=False)
    console.print(terminal.renderable([text.Table(('NAME',), [('[red]x[/red]',)]), '[bold]y']))
    assert '[red]x[/red]' in seen.getvalue()
    assert '[bold]y' in seen.getvalue()


def test_a_terminal_never_gets_a_line_wider_than_itself() -> None:
    seen = io.StringIO()
    console = Console(file=seen, width=80, force_terminal=True, color_system=None)
    console.print(terminal.renderable([operations.listing([HELD, SUCCEEDED], short=True)]))
    assert max(map(len, seen.getvalue().splitlines())) <= 80


@pytest.mark.parametrize(
    ('value', 'shown'),
    [(None, '-'), (0.0, '0.00 s'), (9.994, '9.99 s'), (59.9, '59.9 s'), (75, '1 min 15 s'), (3700, '1 h 01 min')],
)
def test_seconds(value: float | None, shown: str) -> None:
    assert text.seconds(value) == shown


def test_marks_become_ascii_where_an_encoding_has_none() -> None:
    assert text.ascii_only('├─ ✔ created → ü') == '|- + created > ?'
