"""Text blocks as rich shows them on a terminal: coloured state words, tables that fit the width."""

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from dbaas.cli.text import Block, Table

_COLOURS = (
    (r'\b(SUCCEEDED|SUCCESS|ok)\b|✔', 'green'),
    (r'\b(HELD|ABORT_HELD|FAILURE|REVERT_FAILURE|failed|irreversible)\b|✘', 'bold red'),
    (r'\b(RUNNING|QUEUED|ACCEPTED)\b|▶', 'cyan'),
    (r'\b(WAITING|PAUSING|PAUSED|ABORTING|REVERTING|warning)\b|[◷↶]', 'yellow'),
    (r'\b(ABORTED|CANCELLED|SUPERSEDED|REVERTED|SKIPPED|PENDING)\b|[↩↷·]', 'magenta'),
)


def console() -> Console:
    return Console(highlight=False, emoji=False, markup=False)


def renderable(blocks: Sequence[Block]) -> RenderableType:
    return Group(*(_table(block) if isinstance(block, Table) else coloured(block) for block in blocks))


def coloured(line: str) -> Text:
    """Never parsed as markup: what others wrote stays what it is."""
    text = Text(line)
    for pattern, style in _COLOURS:
        text.highlight_regex(pattern, style)
    return text


def _table(table: Table) -> RichTable:
    made = RichTable(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style='bold')
    for heading in table.headings:
        wide = heading in table.wide
        made.add_column(heading, no_wrap=not wide, overflow='fold' if wide else 'ellipsis')
    for row in table.cells():
        made.add_row(*map(coloured, row))
    return made
