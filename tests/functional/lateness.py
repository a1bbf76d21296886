"""How slow a busy machine is right now: a test that measures must not blame the product for it."""

import contextlib
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator
from typing import Any

WORK = 0.1  # seconds of computing, again and again: schedulers favour who asks for less
PAUSE = 0.1


class Machine:
    slowness = 1.0  # seconds that pass while a second's work is done


@contextlib.contextmanager
def measured() -> Iterator[Machine]:
    """While the block runs, in a process of its own, once at least; then `slowness` is the mean."""
    passed, over = multiprocessing.Value('d', 0), multiprocessing.Event()
    rounds = multiprocessing.Value('i', 0)
    probe = multiprocessing.Process(target=_probe, args=(passed, rounds, over), daemon=True)
    found = Machine()
    probe.start()
    try:
        yield found
    finally:
        over.set()
        probe.join()
        found.slowness = passed.value / (rounds.value * WORK)


def _probe(passed: Any, rounds: Any, over: Any) -> None:
    """Computes, writes to the disk as a commit does, and sleeps, which may take longer than it should, too."""
    with tempfile.TemporaryFile() as disk:
        ended = False
        while not ended:
            began, used = time.monotonic(), time.thread_time()
            while time.thread_time() - used < WORK:
                pass
            os.pwrite(disk.fileno(), b'x', 0)
            os.fsync(disk.fileno())
            asleep = time.monotonic()
            ended = over.wait(PAUSE)
            passed.value += asleep - began + (0 if ended else time.monotonic() - asleep - PAUSE)
            rounds.value += 1
