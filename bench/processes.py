"""The processes of a benchmark: a module of ours, started with a file for its marks, ended with the benchmark."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

from bench import marks

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


@contextlib.contextmanager
def running(log: str, written: str, module: str, *arguments: str) -> Iterator[subprocess.Popen]:
    """`python -m module arguments`; log: file for what it says; written: the file for its marks."""
    with open(log, 'a') as out:
        process = subprocess.Popen(
            (sys.executable, '-m', module, *arguments), cwd=ROOT, env=marks.environment(written),
            stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        yield process
    except BaseException:
        with open(log, errors='replace') as text:
            print(f'{module} said: {"".join(text.readlines()[-20:])}', file=sys.stderr)
        raise
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def alive(process: subprocess.Popen) -> bool:
    return process.poll() is None


def memory(pid: int) -> float:
    """Resident, MiB."""
    with open(f'/proc/{pid}/statm') as text:
        return int(text.read().split()[1]) * os.sysconf('SC_PAGE_SIZE') / 2**20


def listening(port: int, process: subprocess.Popen, timeout: float = 30) -> None:
    """Return when somebody answers there."""
    give_up = time.monotonic() + timeout
    while True:
        with contextlib.suppress(OSError), socket.create_connection(('127.0.0.1', port), timeout=1):
            return
        if time.monotonic() > give_up or not alive(process):
            raise RuntimeError(f'nothing listens on port {port}')
        time.sleep(0.02)


def free_port() -> int:
    while True:
        port = random.randrange(20000, 32000)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(('127.0.0.1', port))
            return port
