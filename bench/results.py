"""What a benchmark prints and leaves behind: bench/out/results.json, a list of {name, value, unit, against, ratio}.

ratio > 1 = ours is better: ours/other for rates, other/ours for times, CPU and memory; null: nothing to compare with.
"""

import dataclasses
import json
import os

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'out')
RATES = ('1/s',)


@dataclasses.dataclass(frozen=True)
class Result:
    """value and other are in `unit`; against says what `other` was measured on."""

    name: str
    value: float
    unit: str
    against: str | None = None
    other: float | None = None

    @property
    def ratio(self) -> float | None:
        if self.other is None:
            return None
        ours, other = (self.value, self.other) if self.unit in RATES else (self.other, self.value)
        return round(ours / other, 3)

    def to_dict(self) -> dict[str, object]:
        against = self.against if self.other is None else f'{self.against}: {self.other:.4g} {self.unit}'
        return {'name': self.name, 'value': self.value, 'unit': self.unit, 'against': against, 'ratio': self.ratio}

    def line(self) -> str:
        beside = '' if self.other is None else f'   {self.against}: {self.other:.4g} {self.unit}   ratio {self.ratio}'
        return f'{self.name}: {self.value:.4g} {self.unit}{beside}'


def write(results: list[Result]) -> str:
    """-> the file's path."""
    os.makedirs(OUT, exist_ok=True)
    path = os.path.join(OUT, 'results.json')
    with open(path, 'w') as out:
        json.dump([result.to_dict() for result in results], out, indent=1)
    return path
