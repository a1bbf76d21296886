"""What commands print, as plain data: lines and tables. Pure: no terminal, no colour, no clock."""

import dataclasses
import re
from collections.abc import Sequence
from typing import Any

# control characters, and what starts a terminal's escape sequences: names and errors come from others
_CONTROL = re.compile(r'[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+')
_ASCII = str.maketrans(
    {
        '✔': '+', '✘': 'x', '▶': '>', '◷': 'w', '·': '.', '↷': 's', '↶': '<', '↩': 'u', '├': '|', '─': '-',
        '└': '`', '│': '|', '→': '>', '…': '.', '≈': '~',
    }
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Table:
    """Rows under headings; `wide` are the columns that a terminal may break into lines."""

    headings: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    wide: tuple[str, ...] = ()

    def cells(self) -> list[list[str]]:
        return [[clean(cell) for cell in row] for row in self.rows]

    def plain(self) -> str:
        """One line a row, columns aligned by two spaces, nothing cut."""
        rows = [list(self.headings), *self.cells()]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return '\n'.join('  '.join(map(str.ljust, row, widths)).rstrip() for row in rows)


Block = str | Table


def plain(blocks: Sequence[Block]) -> str:
    """The text for a pipe or a file."""
    return '\n'.join(block if isinstance(block, str) else block.plain() for block in blocks)


def clean(value: Any) -> str:
    """One line of printable text; '-' for None."""
    return '-' if value is None else _CONTROL.sub(' ', str(value)).strip()


def fields(pairs: Sequence[tuple[str, Any]]) -> str:
    """'name  value' lines, names aligned; pairs without a value are left out."""
    given = [(name, clean(value)) for name, value in pairs if value not in (None, '', [])]
    width = max((len(name) for name, _ in given), default=0)
    return '\n'.join(f'{name.ljust(width)}  {value}' for name, value in given)


def seconds(value: float | None) -> str:
    """0.012 -> '0.01 s', 75 -> '1 min 15 s', 3700 -> '1 h 01 min', None -> '-'."""
    if value is None:
        return '-'
    if value < 10:
        return f'{value:.2f} s'
    if value < 60:
        return f'{value:.1f} s'
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return f'{minutes} min {rest:02d} s'
    return f'{minutes // 60} h {minutes % 60:02d} min'


def ascii_only(text: str) -> str:
    """For outputs whose encoding has no marks and lines."""
    return text.translate(_ASCII).encode('ascii', 'replace').decode()
