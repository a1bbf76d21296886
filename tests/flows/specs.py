"""Random toy flows: blocks in blocks, orders awaited by one wait step after them, windows, points of no return."""

import random
from typing import Any

Spec = list[Any]


class _Maker:
    def __init__(self, rng: random.Random):
        self.rng, self.number = rng, 0

    def leaf(self, kinds: tuple[str, ...] = ('make', 'make', 'make', 'submit', 'submit', 'slow')) -> Spec:
        kind = self.rng.choice(kinds)
        self.number += 1
        return [kind, f'{kind}{self.number}']

    def group(self, depth: int = 0) -> Spec:
        nested = depth < 2
        count = self.rng.randint(1, 3)
        items = [self.group(depth + 1) if nested and self.rng.random() < 0.3 else self.leaf() for _ in range(count)]
        return [self.rng.choice(['linear', 'unordered']), items]

    def awaited(self, body: Spec) -> list[Spec]:
        """The block, and the wait step for what it has ordered."""
        names = submits(body)
        if not names:
            return [body]
        between = [self.leaf(('make',))] if self.rng.random() < 0.2 else []
        return [body, *between, [*self.leaf(('wait',)), names]]


def submits(spec: Spec) -> list[str]:
    if spec[0] in ('submit', 'slow'):
        return [spec[1]]
    return [name for item in spec[1] for name in submits(item)] if spec[0] in ('linear', 'unordered') else []


def random_spec(rng: random.Random) -> list[Spec]:
    """The items of a linear flow, 1 to about 20 steps."""
    make, items = _Maker(rng), []
    for _ in range(rng.randint(1, 3)):
        items += make.awaited(make.group())
    if rng.random() < 0.35:
        items += [make.leaf(('disrupt',)), *make.awaited(make.group(2)), make.leaf(('restore',))]
    if rng.random() < 0.3:
        items += [make.leaf(('final',)) for _ in range(rng.randint(1, 2))]
        if rng.random() < 0.5:
            items += make.awaited(make.group(2))
    return items
