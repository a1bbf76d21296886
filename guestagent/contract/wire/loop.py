"""One thread that reads every socket of a transport: nothing polls, an idle process sleeps."""

import select
import socket
import threading
from collections.abc import Callable


class Loop:
    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._readers: dict[int, Callable[[], None]] = {}
        self._lock = threading.Lock()
        self._wake, self._woken = socket.socketpair()
        self._epoll.register(self._woken.fileno(), select.EPOLLIN)
        self._thread = threading.Thread(target=self._run, name='unix-rpc', daemon=True)
        self._thread.start()

    def watch(self, sock: socket.socket, reader: Callable[[], None]) -> None:
        """Call `reader` in the loop's thread whenever `sock` has something to read."""
        with self._lock:
            self._readers[sock.fileno()] = reader
            self._epoll.register(sock.fileno(), select.EPOLLIN)

    def forget(self, sock: socket.socket) -> None:
        with self._lock:
            if self._readers.pop(sock.fileno(), None):
                self._epoll.unregister(sock.fileno())

    def stop(self) -> None:
        self._wake.close()
        self._thread.join()
        self._woken.close()
        self._epoll.close()

    def _run(self) -> None:
        while True:
            for fd, _events in self._epoll.poll():
                if fd == self._woken.fileno():
                    return
                reader = self._readers.get(fd)
                if reader is not None:
                    reader()
