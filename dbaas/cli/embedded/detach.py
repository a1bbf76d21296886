"""--detach: the control plane goes on in a session of its own; the command returns when it is ready, or has failed."""

import os
import signal
import sys
from collections.abc import Callable


def detached(work: Callable[[Callable[[], None]], None]) -> int:
    """Run work(ready) in a child, which shares our output until it calls ready(). -> exit code.

    Called before there are threads: it forks.
    """
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(told)
        os.setsid()
        work(lambda: _let_go(tell))
        return 0
    os.close(tell)
    try:
        ready = os.read(told, 1) == b'+'
    except KeyboardInterrupt:
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)
        raise
    return 0 if ready else os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _let_go(tell: int) -> None:
    """Nobody reads our output any more; whoever waits for its end must not wait for ours."""
    sys.stdout.flush()
    sys.stderr.flush()
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.write(tell, b'+')
    os.close(tell)
