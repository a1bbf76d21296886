"""What guests tell the control plane; on demand a report is lost, delayed or doubled."""

import dataclasses
from collections.abc import Callable
from typing import Any

from guestagent.contract.commands import Outcome

OnReport = Callable[[str, Outcome], Any]
OnHeartbeat = Callable[[str, dict[str, Any]], Any]


@dataclasses.dataclass
class Treatment:
    """Of the next `times` reports: `copies` 0 = lost, 2 = doubled; `delay` in seconds."""

    copies: int = 1
    delay: float = 0.0
    times: int = 1


class Mail:
    """Reports on their way. Nothing here survives the process: a report may be lost."""

    def __init__(self, on_report: OnReport, on_heartbeat: OnHeartbeat):
        self.on_report, self.on_heartbeat = on_report, on_heartbeat
        self.treatments: list[Treatment] = []
        self._late: list[tuple[float, str, Outcome]] = []

    def treat(self, copies: int = 1, delay: float = 0.0, times: int = 1) -> None:
        self.treatments.append(Treatment(copies, delay, times))

    def send(self, instance_id: str, outcome: Outcome, now: float) -> None:
        treatment = next((t for t in self.treatments if t.times > 0), Treatment())
        treatment.times -= 1
        self._late += [(now + treatment.delay, instance_id, outcome)] * treatment.copies

    def deliver(self, now: float) -> int:
        """Hand over what has arrived -> how many."""
        arrived = [letter for letter in self._late if letter[0] <= now]
        self._late = [letter for letter in self._late if letter[0] > now]
        for _, instance_id, outcome in arrived:
            self.on_report(instance_id, outcome)
        return len(arrived)
