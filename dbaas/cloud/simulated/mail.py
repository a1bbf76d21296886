"""What guests tell the control plane; on demand a report is lost, delayed or doubled."""

import dataclasses
from collections.abc import Callable
from typing import Any, Protocol

from guestagent.contract.commands import Outcome

OnReport = Callable[[str, Outcome], Any]
OnHeartbeat = Callable[[str, dict[str, Any]], Any]


@dataclasses.dataclass
class Treatment:
    """Of the next `times` reports: `copies` 0 = lost, 2 = doubled; `delay` in seconds."""

    copies: int = 1
    delay: float = 0.0
    times: int = 1


class Treatments:
    """In the order in which they were asked for, each used up before the next begins."""

    def __init__(self) -> None:
        self._planned: list[Treatment] = []

    def add(self, treatment: Treatment) -> None:
        self._planned.append(treatment)

    def next(self) -> Treatment:
        treatment = next((t for t in self._planned if t.times > 0), Treatment())
        treatment.times -= 1
        return treatment


class Post(Protocol):
    """What carries the letters of guests; `late`: whether some are on their way."""

    @property
    def late(self) -> bool: ...

    @property
    def on_heartbeat(self) -> OnHeartbeat: ...

    def treat(self, copies: int = 1, delay: float = 0.0, times: int = 1) -> None: ...

    def send(self, instance_id: str, outcome: Outcome, now: float) -> None: ...

    def deliver(self, now: float) -> int: ...


class Mail:
    """Reports on their way. Nothing here survives the process: a report may be lost."""

    def __init__(self, on_report: OnReport, on_heartbeat: OnHeartbeat):
        self.on_report, self.on_heartbeat = on_report, on_heartbeat
        self.treatments = Treatments()
        self._late: list[tuple[float, str, Outcome]] = []

    @property
    def late(self) -> bool:
        return bool(self._late)

    def treat(self, copies: int = 1, delay: float = 0.0, times: int = 1) -> None:
        self.treatments.add(Treatment(copies, delay, times))

    def send(self, instance_id: str, outcome: Outcome, now: float) -> None:
        treatment = self.treatments.next()
        self._late += [(now + treatment.delay, instance_id, outcome)] * treatment.copies

    def deliver(self, now: float) -> int:
        """Hand over what has arrived -> how many."""
        arrived = [letter for letter in self._late if letter[0] <= now]
        self._late = [letter for letter in self._late if letter[0] > now]
        for _, instance_id, outcome in arrived:
            self.on_report(instance_id, outcome)
        return len(arrived)
