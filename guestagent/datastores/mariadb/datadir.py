"""The data directory: a copy of the template, whole or not there at all."""

import os

from guestagent.contract import processes
from guestagent.place import Place
from guestagent.system import files


def _fresh(place: Place) -> str:
    """A mark beside a copy that may not be on disk yet; it holds the boot in which the copy was made."""
    return os.path.join(place.home, 'fresh')


def fill(place: Place, template: str) -> None:
    """Repeatable: a copy cut short, by a kill or by a crash of the machine, is made anew."""
    if _torn(place):
        files.remove(place.data)
    if os.path.isdir(place.data):
        return
    half = place.data + '.new'
    files.remove(half)
    files.copy_tree(template, half, place.identity)
    files.write(_fresh(place), processes.boot_id())
    os.rename(half, place.data)


def settle(place: Place) -> None:
    """The copy is on disk; costs nothing from the second time on."""
    if os.path.exists(_fresh(place)):
        files.sync(place.home)
        files.remove(_fresh(place))


def empty(place: Place) -> None:
    for path in (place.data, place.data + '.new', _fresh(place)):
        files.remove(path)


def _torn(place: Place) -> bool:
    try:
        with open(_fresh(place)) as boot:
            return boot.read() != processes.boot_id()
    except FileNotFoundError:
        return False
