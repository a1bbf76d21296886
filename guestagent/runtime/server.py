"""The database server as this machine sees it: one process, whichever runtime started it."""

import os
import signal

from guestagent.contract import processes
from guestagent.place import Place
from guestagent.system import files


class Server:
    """At most one per instance, known by its pid file or, if an agent died before writing that, by its mark."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def open(self) -> int | None:
        return processes.pidfd_of(self._place.server_pid)

    def running(self) -> bool:
        return processes.running(self._place.server_pid)

    def adopt(self) -> bool:
        if self.running():
            return True
        pid = processes.find(self._place.mark)
        if pid is None:
            return False
        processes.write_pid(self._place.server_pid, pid)
        return self.running()

    def end(self, timeout: float) -> None:
        processes.stop_process(self._place.server_pid, signal.SIGTERM, timeout)
        files.remove(self._place.server_pid)

    def make_log(self) -> str:
        """Path of the error log, there and the server's own."""
        place = self._place
        files.folder(os.path.dirname(place.error_log), place.identity)
        with open(place.error_log, 'ab') as log:
            if place.identity:
                os.fchown(log.fileno(), *place.identity)
        return place.error_log
