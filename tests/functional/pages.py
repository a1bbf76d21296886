"""Pages of the documentation as what they are: commands for a shell, and what these print."""

import dataclasses
import os
import pathlib
import re
import subprocess
from collections.abc import Iterator, Mapping

from tests.waiting import until

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Of these sections a reader repeats the commands until they show what the page says; others are done once.
LOOKS = ('What you see', 'How you know that it is over')
_PART = re.compile(r'^#+ (?P<heading>[^\n]+)$|^```(?P<language>\w*)\n(?P<body>.*?)^```', re.M | re.S)
_CODE = re.compile(r'# exit code (\d+)$')
_ASSIGNMENT = re.compile(r'[A-Z]+=')


@dataclasses.dataclass
class Block:
    """One ```sh block with the ```text block that follows it. commands: (line, exit code)."""

    section: str
    commands: list[tuple[str, int]]
    shown: list[str]


def blocks(page: str) -> list[Block]:
    """page: a path in the repository."""
    found: list[Block] = []
    section, fresh = '', False
    for part in _PART.finditer((ROOT / page).read_text()):
        body = part['body'] or ''
        if part['heading']:
            section, fresh = part['heading'], False
        elif part['language'] == 'sh':
            found.append(Block(section, list(_commands(body)), []))
            fresh = True
        elif part['language'] == 'text' and fresh:
            found[-1].shown = [line for line in body.splitlines() if line.strip()]
            fresh = False
    return found


def _commands(body: str) -> Iterator[tuple[str, int]]:
    for line in body.replace('\\\n', ' ').splitlines():
        if line.strip():
            code = _CODE.search(line)
            yield line, int(code[1]) if code else 0


class Reader:
    """Somebody with a shell, who has sourced openrc. Assignments of a page last until its end."""

    def __init__(self, folder: pathlib.Path, variables: Mapping[str, str], patience: float):
        self._folder, self._variables, self._patience = folder, dict(variables), patience
        self._before = ['. "$DBAAS_STATE/openrc"']

    def follow(self, page: str, *sections: str) -> None:
        """Every command of the page, or of these sections. Raises AssertionError when one does something else."""
        found = [block for block in blocks(page) if not sections or block.section in sections]
        assert found, f'{page} has no commands in {sections}'
        for block in found:
            self._do(block, f'{page}, {block.section}')

    def _do(self, block: Block, where: str) -> None:
        if block.section not in LOOKS:
            wrong = self._wrong(block)
            assert not wrong, f'{where}: {wrong}'
            return
        seen: list[str] = []

        def right() -> bool:
            seen[:] = [self._wrong(block)]
            return not seen[0]

        try:
            until(right, self._patience, where)
        except AssertionError as error:
            raise AssertionError(f'{error}: {seen[0]}') from None

    def _wrong(self, block: Block) -> str:
        """'' when exit codes and output are what the page says."""
        said = ''
        for line, code in block.commands:
            done = subprocess.run(
                ['bash', '-c', '\n'.join([*self._before, line])], cwd=self._folder, env=self._variables, text=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                timeout=5 * self._patience,
            )  # fmt: skip
            said += done.stdout
            if done.returncode != code:
                return f'{line}: exit code {done.returncode} instead of {code}: {done.stdout}'
            if _ASSIGNMENT.match(line):
                self._before.append(line)
        lines = [' '.join(line.split()) for line in said.splitlines()]
        missing = [line for line in block.shown if not any(self._pattern(line).search(one) for one in lines)]
        return f'{missing} is not in what {block.commands} say: {said}' if missing else ''

    def _pattern(self, shown: str) -> re.Pattern[str]:
        words = re.sub(r'\$([A-Z]+)', lambda found: self._variables[found[1]], shown)
        return re.compile('.*'.join(re.escape(' '.join(part.split())) for part in words.split('…')))


def variables(programs: pathlib.Path, environment: Mapping[str, str], **named: str) -> dict[str, str]:
    """The environment of a reader: `programs` first on the PATH."""
    return {**environment, 'PATH': f'{programs}:{environment.get("PATH", os.defpath)}', **named}
