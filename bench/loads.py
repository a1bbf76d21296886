"""What is run: the same ten steps for both sides, and a flow that parks. Importable by name, by several processes."""

from typing import Any

from taskflow import task
from taskflow.patterns import linear_flow

from bench.marks import mark
from dbaas.services.operations import OperationType
from flows import registry
from flows.base import Step, Wait

STEPS = 10
FIRST, LAST, NEXT, LOOKED = 'first', 'last', 'next', 'looked'  # marks
# The API starts demo.wait by hand: in the processes of a benchmark its newest version is ten steps that do nothing
TEN = OperationType('demo.wait', 2, 'none', 'hold', 7)
PARKS = OperationType('bench.park', 1, 'none', 'hold', 7)
PLACE = 'a-place'  # whose reports the parked ones await


class Nothing(Step):
    effect = 'nothing'
    undo_effect = 'nothing'

    def execute(self) -> None:
        """Does nothing."""

    def revert(self, **_: Any) -> None:
        """Nothing was made."""


class Marked(Nothing):
    """Says when it ran."""

    def __init__(self, name: str, kind: str):
        super().__init__(name)
        self._kind = kind

    def execute(self, run: Any) -> None:
        mark(self._kind, run.operation_id)


class Await(Wait):
    """Parks until the report of its command has come."""

    effect = 'wait for a report'
    deadline = 'demo'

    def execute(self, run: Any) -> None:
        command = f'{run.operation_id}:{self.name}:1'
        mark(LOOKED, run.operation_id)
        if run.report(command) is None:
            self.park(run, [command], 'the report does not come')


def ten(**_: Any) -> linear_flow.Flow:
    steps = [Nothing(f'step-{n}') for n in range(1, STEPS - 1)]
    return linear_flow.Flow('demo.wait').add(Marked('step-0', FIRST), *steps, Marked(f'step-{STEPS - 1}', LAST))


def parks(**_: Any) -> linear_flow.Flow:
    return linear_flow.Flow('bench.park').add(Nothing('before'), Await('await'), Marked('after', NEXT))


def register() -> None:
    """In this process, which serves a benchmark and nothing else."""
    registry.OPERATIONS['demo.wait', TEN.version] = ten
    registry.OPERATIONS['bench.park', PARKS.version] = parks


# -- the same for stock TaskFlow -------------------------------------------------------------------------------------
class StockNothing(task.Task):
    def execute(self) -> None:
        """Does nothing."""


class StockMarked(task.Task):
    def __init__(self, name: str, kind: str):
        super().__init__(name)
        self._kind = kind

    def execute(self, op_id: str) -> None:
        mark(self._kind, op_id)


def stock_ten() -> linear_flow.Flow:
    steps = [StockNothing(f'step-{n}') for n in range(1, STEPS - 1)]
    ends = StockMarked('step-0', FIRST), StockMarked(f'step-{STEPS - 1}', LAST)
    return linear_flow.Flow('ten').add(ends[0], *steps, ends[1])
