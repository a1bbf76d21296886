"""demo.wait: parks until some seconds have passed, to try recovery by hand. It touches nothing."""

from typing import Any

from taskflow.patterns import linear_flow

from flows.base import Park, Step, Wait


class SetAlarm(Step):
    effect = 'note the time {seconds} s from now'
    undo_effect = 'nothing: it only noted a time'

    def execute(self, run: Any, seconds: float) -> float:
        return run.clock() + seconds

    def revert(self, run: Any, **_: Any) -> None:
        """Nothing was made."""


class WaitForAlarm(Wait):
    """Its end is the alarm's time; the deadline only says how far away that may be."""

    effect = 'wait until that time'
    deadline = 'demo'

    def execute(self, run: Any, alarm: float) -> None:
        if run.clock() < alarm:
            raise Park([f'alarm:{run.operation_id}'], alarm)


class Finish(Step):
    effect = 'say that the time has passed'
    undo_effect = 'nothing: it only looked'

    def execute(self, run: Any, alarm: float) -> dict[str, float]:
        return {'late': round(run.clock() - alarm, 3)}

    def revert(self, run: Any, **_: Any) -> None:
        """Nothing was made."""


def build(**_: Any) -> linear_flow.Flow:
    return linear_flow.Flow('demo.wait').add(
        SetAlarm(provides='alarm'),
        WaitForAlarm(),
        Finish(),
    )
