"""Steps as lines of a tree: blocks of a flow are branches, steps are leaves, in running order."""

import itertools
from collections.abc import Iterator
from typing import Any

Step = dict[str, Any]


def branches(steps: list[Step], level: int = 0, indent: str = '') -> Iterator[tuple[str, Step | None]]:
    """(prefix with lines, step); for the head of a block the prefix holds its name and the step is None."""
    parts = list(_parts(steps, level))
    for number, (block, inside) in enumerate(parts, 1):
        last = number == len(parts)
        elbow, below = ('└─ ', '   ') if last else ('├─ ', '│  ')
        if block is None:
            yield indent + elbow, inside[0]
        else:
            yield f'{indent}{elbow}{block}{_together(inside)}', None
            yield from branches(inside, level + 1, indent + below)


def _parts(steps: list[Step], level: int) -> Iterator[tuple[str | None, list[Step]]]:
    """Single steps of this level, and blocks: runs of deeper steps, cut where the block's name changes."""
    for deeper, run in itertools.groupby(steps, lambda step: (step.get('depth') or 0) > level):
        if not deeper:
            yield from ((None, [step]) for step in run)
            continue
        block: list[Step] = []
        name = None
        for step in run:
            own = step.get('group') if step.get('depth') == level + 1 else name
            if block and own != name:
                yield name or 'block', block
                block = []
            name = own
            block.append(step)
        yield name or 'block', block


def _together(steps: list[Step]) -> str:
    """Whether the steps of a block do not wait for each other."""
    names = {step['name'] for step in steps}
    free = len(steps) > 1 and not any(names & set(step.get('after') or ()) for step in steps)
    return ' (in any order)' if free else ''
