"""A signal is never slept on, whenever it comes."""

import os
import signal
import subprocess
import sys

PROGRAM = """
import signal, sys
from guestagent.contract.signals import Signals
told = Signals(signal.SIGTERM, signal.SIGHUP, wanted=lambda number: number == signal.SIGTERM)
assert told.next(0.01) is None
for _ in range(2000):
    print('ready', flush=True)
    assert told.next() == signal.SIGTERM
told.put(0)
assert told.next() == 0
"""


def test_each_of_many_is_heard() -> None:
    child = subprocess.Popen([sys.executable, '-c', PROGRAM], stdout=subprocess.PIPE)
    assert child.stdout is not None
    while child.stdout.readline():
        os.kill(child.pid, signal.SIGHUP)
        os.kill(child.pid, signal.SIGTERM)
    assert child.wait(60) == 0
