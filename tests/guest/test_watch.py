"""The watch outlives what goes wrong in a look: a disk that fails must not leave a server unguarded and HEALTHY."""

import dataclasses
import threading
from typing import Any

from guestagent.contract import states
from guestagent.place import Place
from guestagent.watch import Watch
from tests.waiting import until


class Broken:
    """A service whose every question fails with an input/output error."""

    def __getattr__(self, name: str) -> Any:
        def fail(*_: Any, **__: Any) -> None:
            raise OSError(5, 'Input/output error')

        return fail


def test_a_look_that_fails_is_told_and_repeated() -> None:
    told: list[str] = []
    place: Any = dataclasses.replace(_place(), heartbeat_interval=0.05)
    broken: Any = Broken()
    datastore: Any = type('Fake', (), {'service': broken})()
    watch = Watch(place, datastore, broken, threading.Lock(), lambda state, details: told.append(state))
    watch.start()
    try:
        until(lambda: len(told) >= 3, 20, 'looks that go on')
    finally:
        watch.stop()
    assert set(told) == {states.ERROR} and not watch._thread.is_alive()


def _place() -> Place:
    return Place(
        instance='i', datastore='mariadb', state='', record='', runtime='', data='/nowhere/data', templates='',
        transport_url='', key=b'',
    )  # fmt: skip
