"""Ten-step flows, ours and stock TaskFlow's, alternating: how many per second, their CPU, the time to the first step.

Both have the same servers and as many workers. Work is posted before a conductor starts, and counted from its first
step to its last. A request to ours goes through the API's process; a post to stock is its documented calls.
"""

import dataclasses
import os
import random
import statistics
import time
from collections.abc import Callable

from bench import loads, marks, processes
from bench.ours import Ours
from bench.results import Result
from bench.stock import Stock

ROUNDS = 2
FLOWS, STOCK_FLOWS = 120, 12  # per round; stock takes so much longer
REQUESTS, STOCK_REQUESTS = 60, 15
GAPS, STOCK_GAPS = (0.05, 0.15), (0.0, 0.5)  # seconds between the end of one and the next


@dataclasses.dataclass
class Seen:
    """Of one side: flows per second and CPU per flow (ms) of each round, delays (ms) of each request."""

    rates: list[float] = dataclasses.field(default_factory=list)
    cpu: list[float] = dataclasses.field(default_factory=list)
    delays: list[float] = dataclasses.field(default_factory=list)

    def drained(self, found: marks.Marks, keys: list[str]) -> None:
        began = min((found[loads.FIRST, key] for key in keys), key=lambda moment: moment.at)
        ended = max((found[loads.LAST, key] for key in keys), key=lambda moment: moment.at)
        self.rates.append(len(keys) / (ended.at - began.at))
        self.cpu.append((ended.cpu - began.cpu) / len(keys) * 1000)

    def percentile(self, share: float) -> float:
        ordered = sorted(self.delays)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class Bench:
    """embedded: ours is one process (`dbaas up`); else API and conductor are two. folder: for logs and marks."""

    def __init__(self, folder: str, ours: Ours, stock: Stock, stock_arguments: tuple[str, ...], embedded: bool):
        self._folder, self._ours, self._stock = folder, ours, stock
        self._stock_arguments, self._embedded = stock_arguments, embedded
        self._marks = os.path.join(folder, 'marks')
        self.ours, self.stock = Seen(), Seen()

    def run(self) -> None:
        for _ in range(ROUNDS):
            self._drain_ours()
            self._drain_stock()
            self._ask_ours()
            self._ask_stock()

    # -- flows per second ----------------------------------------------------------------------------------------------
    def _drain_ours(self) -> None:
        keys = [self._ours.accept() for _ in range(FLOWS)]
        if not self._embedded:  # that one fills its board when it starts
            self._ours.post(*keys)
        with self._conductor() as process:
            self.ours.drained(self._wait(loads.LAST, keys, process), keys)

    def _drain_stock(self) -> None:
        books = [self._stock.accept() for _ in range(STOCK_FLOWS)]
        for book in books:
            self._stock.post(book)
        keys = [book.uuid for book in books]
        with self._started('bench.stock', *self._stock_arguments) as process:
            self.stock.drained(self._wait(loads.LAST, keys, process), keys)

    # -- request to first step -----------------------------------------------------------------------------------------
    def _ask_ours(self) -> None:
        with self._conductor() as conductor:
            if self._embedded:
                processes.listening(self._ours.port, conductor)
                self._requests(conductor, self._ours.client().start)
                return
            with self._started('bench.program', 'api', self._ours.config) as api:
                processes.listening(self._ours.port, api)
                self._requests(conductor, self._ours.client().start)

    def _requests(self, process: object, start: Callable[[], str]) -> None:
        start()  # the first one warms both up
        self._delays(self.ours, process, start, REQUESTS, GAPS)

    def _ask_stock(self) -> None:
        def start() -> str:
            book = self._stock.accept()
            self._stock.post(book)
            return book.uuid

        with self._started('bench.stock', *self._stock_arguments) as process:
            self._wait(loads.LAST, [start()], process)
            self._delays(self.stock, process, start, STOCK_REQUESTS, STOCK_GAPS)

    def _delays(self, side: Seen, process, start: Callable[[], str], count: int, gaps: tuple[float, float]) -> None:
        """Each comes when the one before has ended, and at any phase of a poll."""
        for _ in range(count):
            time.sleep(random.uniform(*gaps))
            sent = time.monotonic()
            key = start()
            found = self._wait(loads.LAST, [key], process)
            side.delays.append((found[loads.FIRST, key].at - sent) * 1000)

    # -- processes -----------------------------------------------------------------------------------------------------
    def _conductor(self):
        role = 'embedded' if self._embedded else 'conductor'
        return self._started('bench.program', role, self._ours.config)

    def _started(self, *command: str):
        return processes.running(os.path.join(self._folder, 'bench.log'), self._marks, *command)

    def _wait(self, kind: str, keys: list[str], process) -> marks.Marks:
        return marks.wait_for(self._marks, kind, keys, lambda: processes.alive(process))

    # -- results -------------------------------------------------------------------------------------------------------
    def results(self, where: str, against: str, cpu: bool, p99: bool) -> list[Result]:
        ours, stock = self.ours, self.stock
        rate = [statistics.median(side.rates) for side in (ours, stock)]
        used = [statistics.median(side.cpu) for side in (ours, stock)]
        found = [Result(f'flows per second, {where}', rate[0], '1/s', against, rate[1])]
        if cpu:
            found.append(Result(f'conductor CPU per flow, {where}', used[0], 'ms', against, used[1]))
        for share in (0.5, 0.99) if p99 else (0.5,):
            name = f'request to first step p{share * 100:.0f}, {where}'
            found.append(Result(name, ours.percentile(share), 'ms', against, stock.percentile(share)))
        return found
